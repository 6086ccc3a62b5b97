"""Fitting the autoencoder's basis on the procedural world: principal components of lapped patches. It knows no film model."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from studio.backbones.animatic.autoencoder import GROUP, PATCH, VALUES, LappedAutoencoder
from studio.backbones.animatic.lapped import border_rotation, filter_borders
from studio.lab.train.keeping import restore, save
from studio.lab.world import film

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recipe:
    """How an autoencoder is fitted. Sizes in pixels."""

    run: str
    channels: int = 320
    seed: int = 1
    films: int = 800
    width: int = 144
    height: int = 144
    groups: int = 5            # of four frames, from each film
    workers: int = 2
    save_every: int = 50       # films


class Groups(Dataset[Tensor]):
    """Film number n as patches of lapped groups, [N, P]: so many groups spread over it, and its first frame standing still."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.turn = border_rotation(PATCH)

    def __getitem__(self, index: int) -> Tensor:
        torch.set_num_threads(1)
        recipe = self.recipe
        frames = film(recipe.seed * 10_000_000 + index, recipe.width, recipe.height, sections=1).scene.float() / 127.5 - 1
        starts = torch.linspace(1, len(frames) - GROUP, recipe.groups).long().tolist()
        groups = [frames[at : at + GROUP] for at in starts] + [frames[:1].expand(GROUP, -1, -1, -1)]
        return patches(torch.stack(groups).transpose(1, 2), self.turn)


def patches(groups: Tensor, turn: Tensor) -> Tensor:
    """Lapped patches [N h w, P] of groups [N, 3, 4, H, W]."""
    return F.pixel_unshuffle(filter_borders(groups, turn).flatten(1, 2), PATCH).movedim(1, -1).reshape(-1, VALUES)


def train(recipe: Recipe) -> LappedAutoencoder:
    """Gather the patches' second moments film by film (a stopped run goes on), then take the principal components."""
    path = Path(recipe.run) / "last.pt"
    state = restore(path) or {"total": torch.zeros(VALUES), "square": torch.zeros(VALUES, VALUES), "count": 0, "films": 0}
    films = DataLoader(
        Groups(recipe), batch_size=None, sampler=range(state["films"], recipe.films), num_workers=recipe.workers,
        prefetch_factor=4 if recipe.workers else None,
    )
    begun = time.monotonic()
    for found in films:
        state["total"] += found.sum(0)
        state["square"] += found.T @ found
        state["count"] += len(found)
        state["films"] += 1
        if state["films"] % recipe.save_every == 0:
            save(path, state)
            log.info("%d of %d films, %.0f s", state["films"], recipe.films, time.monotonic() - begun)
    model = LappedAutoencoder(recipe.channels)
    kept = basis(state["total"], state["square"], state["count"], recipe.channels)
    model.set_basis(*kept[:3])
    log.info("%d channels keep %.2f %% of the patches' variance", recipe.channels, 100 * kept[3])
    model.save_pretrained(Path(recipe.run) / "vae")
    return model


def basis(total: Tensor, square: Tensor, count: int, channels: int) -> tuple[Tensor, Tensor, Tensor, float]:
    """Components [C, P], deviation of their coefficients [C], mean [P], and the share of variance they keep.

    Principal components of what stands still in a patch, and of what changes in it, apart: a component is one or the other. So a
    still picture stays in the still components, and decoding it and encoding it again changes nothing.
    """
    mean = still(total.double() / count)
    second = square.double() / count - mean[:, None] * mean[None]
    standing = still(still(second).T)
    rest = second - still(second) - still(second.T).T + standing
    values, vectors = torch.linalg.eigh(standing + rest)
    top = values[-channels:].flip(0).clamp(min=1e-8)
    components = vectors[:, -channels:].flip(1).T
    return components.float(), top.sqrt().float(), mean.float(), float(top.sum() / values.sum())


def still(patches: Tensor) -> Tensor:
    """The part of patches [P, ...] that is the same in all four frames."""
    frames = patches.unflatten(0, (3, GROUP, -1))
    return frames.mean(dim=1, keepdim=True).expand_as(frames).flatten(0, 2)
