"""Teaching SemanticPack to keep, and Recall to find, what lay where in a film: by asking for places seen before. No film network.

The pretraining of 2512.23851 (frames queried at random from a compressed history) for the recurrent memory of 2510.01784:
psi is written section by section, and after each one places of all sections so far are asked for. The gradient goes back
through every update. Arms are the ways of keeping that the paper compares, and two that bound them: nothing, and everything.
Letters: B batch, n sections, D drawn channels, Q places asked for, h and w cells, M memory tokens.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from studio.diffusion.backbone import Conditioning
from studio.diffusion.heads import DRAWN
from studio.diffusion.places import MEMORABLE, cells, memorable
from studio.memory.recall import Recall, RecallConfig, Recalled
from studio.memory.semantic_pack import SemanticPack, SemanticPackConfig
from studio.training.encoded import WINDOW

ARMS: dict[str, dict[str, Any]] = {
    "A": {}, "B": {"structure": "B"}, "C": {"structure": "C"}, "zero": {"zero_start": True}, "literal": {"literal": True},
    "nothing": {}, "everything": {},
}
"""Squeeze in the paper's structures; psi_0 = 0; Squeeze as printed; psi_0 alone; all of Memorize's tokens of all sections."""
AFAR = 20.0
"""Cells by which a film's origin is moved: nothing shall depend on where it is."""


@dataclass(frozen=True)
class Shape:
    """Sizes of the memory."""

    width: int = 128
    heads: int = 4
    layers: int = 1                                # of Memorize
    recall_layers: int = 2
    window: tuple[int, int, int] = (1, 4, 4)       # cells that attend to each other, in t (memorized frames), y, x
    keep: tuple[int, int, int] = (1, 4, 4)         # all of them: pooled cells could not be told apart again
    text_tokens: int = 8
    image_side: int = 4


@dataclass(frozen=True)
class Films:
    """Walks, and what the encoders say of their beginnings."""

    scene: Tensor                 # [N, D, T, h, w]
    pose: Tensor                  # [N, T, 3]
    conditioning: Conditioning    # of N

    @property
    def sections(self) -> int:
        return (self.scene.shape[2] - 1) // WINDOW

    def some(self, which: Tensor) -> Films:
        c = self.conditioning
        begun = Conditioning(c.text[which], c.mask[which], c.pooled[which], c.image[which])
        return Films(self.scene[which].float(), self.pose[which], begun)

    def section(self, n: int) -> tuple[Tensor, Tensor]:
        """Latents [B, D, 9, h, w] and poses [B, 9, 3] of section n."""
        at = slice(1 + WINDOW * n, 1 + WINDOW * (n + 1))
        return self.scene[:, :, at], self.pose[:, at]


class Keeper(nn.Module):
    """A memory and how it is asked."""

    def __init__(self, arm: str, shape: Shape, text: int, image: int, scale: Tensor) -> None:
        super().__init__()
        self.arm = arm
        self.pack = SemanticPack(SemanticPackConfig(
            width=shape.width, channels=MEMORABLE, text=text, image=image, heads=shape.heads, patch=(1, 1, 1), window=shape.window,
            keep=shape.keep, layers=shape.layers, feed_forward=2, text_tokens=shape.text_tokens, image_side=shape.image_side,
            **ARMS[arm],
        ))
        self.recall = Recall(RecallConfig(shape.width, DRAWN, shape.heads, shape.recall_layers))
        self.recall.scale.copy_(scale)

    def update(self, psi: Tensor, scene: Tensor, pose: Tensor) -> Tensor:
        """psi after a section of latents [B, D, 9, h, w] seen at [B, 9, 3]."""
        if self.arm == "nothing":
            return psi
        if self.arm == "everything":
            return torch.cat([psi, self.pack.squeeze.norm(self.pack.memorize(memorable(scene, pose)))], dim=1)
        return self.pack.update(psi, memorable(scene, pose))


def moved(some: Films, rng: torch.Generator) -> Films:
    """The same films with their origins elsewhere."""
    shift = AFAR * (2 * torch.rand(len(some.pose), 1, 2, generator=rng) - 1)
    return replace(some, pose=torch.cat([some.pose[..., :2] + shift, some.pose[..., 2:]], dim=-1))


def asked(some: Films, last: int, count: int, rng: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Places [B, Q, 3] seen in the sections up to `last`, what was there [B, Q, D], and in which latent frame [B, Q]."""
    b, _, _, h, w = some.scene.shape
    latent = 1 + torch.randint(WINDOW * (last + 1), (b, count), generator=rng)
    cell = torch.randint(h * w, (b, count), generator=rng)
    film = torch.arange(b)[:, None]
    where = cells(some.pose, h, w).flatten(2, 3)                                        # [B, T, h w, 3]
    what = some.scene.flatten(3).permute(0, 2, 3, 1)                                    # [B, T, h w, D]
    return where[film, latent, cell], what[film, latent, cell], latent


def error(recalled: Recalled, truth: Tensor, scale: Tensor) -> Tensor:
    """Mean square error over the channels, in units of the scale, [B, Q]."""
    return ((recalled.values - truth) / scale).square().mean(dim=-1)


def loss_of(keeper: Keeper, some: Films, queries: int, rng: torch.Generator) -> Tensor:
    """Gaussian log-likelihood of what lay at places of all sections so far, asked for after every section."""
    psi, total = keeper.pack.begin(some.conditioning), some.scene.new_zeros(())
    for n in range(some.sections):
        psi = keeper.update(psi, *some.section(n))
        places, truth, _ = asked(some, n, queries, rng)
        recalled = keeper.recall(psi, places)
        doubt = recalled.doubt.clamp(-6, 4)
        total = total + (error(recalled, truth, keeper.recall.scale) * (-doubt).exp() + doubt).mean()
    return total / some.sections


@torch.no_grad()
def curve(keeper: Keeper, held: Films, distractors: int = 8) -> list[dict[str, float]]:
    """After the last section: how well places are recalled by how many sections ago they were last seen.

    Of each age: `error` in units of the scale (1: no better than the guess without memory), `paired` the same with another film's
    psi, `share` how much of it is taken, `identity` how often what is recalled of a film is nearer to what was there than to what
    lay at as many places of `distractors` - 1 other films.
    """
    last = held.sections - 1
    psi = keeper.pack.begin(held.conditioning)
    for n in range(held.sections):
        psi = keeper.update(psi, *held.section(n))
    places, truth, _ = asked(held, last, 4096, torch.Generator().manual_seed(0))
    age, scale = ages(held, places), keeper.recall.scale
    own, other = keeper.recall(psi, places), keeper.recall(psi.roll(1, 0), places)
    found, paired, share = error(own, truth, scale), error(other, truth, scale), keeper.recall.share(own)
    rows = []
    for sections in range(held.sections):
        mask = age == sections                                                          # [B, Q]
        if not bool(mask.any()):
            continue
        rows.append({
            "age": sections, "places": int(mask.sum()), "error": float(found[mask].mean()), "paired": float(paired[mask].mean()),
            "share": float(share[mask].mean()),
            "identity": _identity(own.values / scale, truth / scale, mask, distractors),
        })
    return rows


def ages(held: Films, places: Tensor) -> Tensor:
    """How many sections ago each place [B, Q, 3] was last in view, [B, Q]; 0: in the last section."""
    h, w = held.scene.shape[-2:]
    half = torch.tensor([w / 2, h / 2])
    pose = held.pose[:, 1:, None]                                                       # [B, 9 n, 1, 3]
    away = ((places[:, None, :, :2] - pose[..., :2]).abs() * pose[..., 2:].exp() < half).all(-1)     # [B, 9 n, Q]
    seen = torch.where(away, torch.arange(1, away.shape[1] + 1)[None, :, None], 0).amax(1)
    return held.sections - 1 - (seen - 1).clamp(min=0) // WINDOW


def _identity(values: Tensor, truth: Tensor, mask: Tensor, distractors: int) -> float:
    """Films' recalled places [B, Q, D] against what lay at as many places of other films; those asked are in `mask` [B, Q]."""
    right, count = 0, 0
    for b in range(len(values)):
        if int(mask[b].sum()) < 4:
            continue
        others = [(b + k) % len(values) for k in range(min(distractors, len(values)))]
        away = [float((values[b][mask[b]] - truth[o][mask[b]]).square().mean()) for o in others]
        right, count = right + (away[0] == min(away)), count + 1
    return right / count if count else math.nan
