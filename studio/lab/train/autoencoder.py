"""Fitting the autoencoder's basis on films of the procedural world: principal components of overlapping patches.

Letters: N patches or groups, P values of a patch, C channels, H and W height and width in pixels, h and w in patches.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from studio.backbones.animatic.autoencoder import GROUP, VALUES, LappedAutoencoder
from studio.backbones.animatic.film_size import PATCH
from studio.backbones.animatic.lapped import border_rotation, filter_borders
from studio.lab.train.checkpoints import load_checkpoint, save_checkpoint
from studio.lab.world import film
from studio.tables import table

log = logging.getLogger(__name__)


@table
class AutoencoderRecipe:
    """How an autoencoder is fitted. Sizes in pixels."""

    run: str
    channels: int = 320
    seed: int = 1
    films: int = 800
    width: int = 144
    height: int = 144
    groups: int = 5            # of four frames, taken from each film
    workers: int = 2
    save_every: int = 50       # films


class PatchDataset(Dataset[Tensor]):
    """Item n is the patches [N, P] of film n: of groups of frames spread over the film, and of its first frame standing still."""

    def __init__(self, recipe: AutoencoderRecipe) -> None:
        self.recipe = recipe
        self.rotation = border_rotation(PATCH)

    def __getitem__(self, index: int) -> Tensor:
        torch.set_num_threads(1)
        recipe = self.recipe
        frames = film(recipe.seed * 10_000_000 + index, recipe.width, recipe.height, sections=1).scene.float() / 127.5 - 1
        starts = torch.linspace(1, len(frames) - GROUP, recipe.groups).long().tolist()
        groups = [frames[at : at + GROUP] for at in starts] + [frames[:1].expand(GROUP, -1, -1, -1)]
        return lapped_patches(torch.stack(groups).transpose(1, 2), self.rotation)


def lapped_patches(groups: Tensor, rotation_matrix: Tensor) -> Tensor:
    """Overlapping patches [N h w, P] of groups of four frames [N, 3, 4, H, W]; `rotation_matrix` is `lapped.rotation(PATCH)`."""
    return F.pixel_unshuffle(filter_borders(groups, rotation_matrix).flatten(1, 2), PATCH).movedim(1, -1).reshape(-1, VALUES)


def train(recipe: AutoencoderRecipe) -> LappedAutoencoder:
    """Sum the patches' first and second moments film by film, then take the principal components.

    A run that was stopped goes on from its checkpoint. The autoencoder is written to the folder `vae` of the run.
    """
    path = Path(recipe.run) / "last.pt"
    state = load_checkpoint(path) or {"total": torch.zeros(VALUES), "square": torch.zeros(VALUES, VALUES), "count": 0, "films": 0}
    films = DataLoader(
        PatchDataset(recipe), batch_size=None, sampler=range(state["films"], recipe.films), num_workers=recipe.workers,
        prefetch_factor=4 if recipe.workers else None,
    )
    begun = time.monotonic()
    for patches in films:
        state["total"] += patches.sum(0)
        state["square"] += patches.T @ patches
        state["count"] += len(patches)
        state["films"] += 1
        if state["films"] % recipe.save_every == 0:
            save_checkpoint(path, state)
            log.info("%d of %d films, %.0f s", state["films"], recipe.films, time.monotonic() - begun)
    model = LappedAutoencoder(recipe.channels)
    components, deviation, mean, share = basis(state["total"], state["square"], state["count"], recipe.channels)
    model.set_basis(components, deviation, mean)
    log.info("%d channels keep %.2f %% of the patches' variance", recipe.channels, 100 * share)
    model.save_pretrained(Path(recipe.run) / "vae")
    return model


def basis(total: Tensor, square: Tensor, count: int, channels: int) -> tuple[Tensor, Tensor, Tensor, float]:
    """Principal components of patches, from the patches' sum and the sum of their outer products.

    The part of a patch that is the same in all four frames and the part that changes have components of their own. So a still
    picture is in the still components alone, and decoding it and encoding it again changes nothing.

    Args:
        total: [P] sum of the patches.
        square: [P, P] sum of their outer products.
        count: of the patches.
        channels: how many components, C.

    Returns:
        Components [C, P], the standard deviation of their coefficients [C], the mean patch [P], and the share of the variance
        that the components keep.
    """
    mean = still_part(total.double() / count)
    second = square.double() / count - mean[:, None] * mean[None]
    still = still_part(still_part(second).T)
    changing = second - still_part(second) - still_part(second.T).T + still
    values, vectors = torch.linalg.eigh(still + changing)
    top = values[-channels:].flip(0).clamp(min=1e-8)
    components = vectors[:, -channels:].flip(1).T
    return components.float(), top.sqrt().float(), mean.float(), float(top.sum() / values.sum())


def still_part(patches: Tensor) -> Tensor:
    """The part of patches [P, ...] that is the same in all four frames: their mean over the frames, at each frame."""
    frames = patches.unflatten(0, (3, GROUP, -1))
    return frames.mean(dim=1, keepdim=True).expand_as(frames).flatten(0, 2)
