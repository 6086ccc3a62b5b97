"""Teaching SemanticPack to keep, and Recall to find, what lay where in a film: by asking for places seen before. No film network.

The pretraining of 2512.23851 (frames queried at random from a compressed history) for the recurrent memory of 2510.01784:
psi is written section by section, and after each one places of the film are asked for, most of them seen by then. The gradient goes
back through every update. Arms are the ways of keeping that the paper compares, the map that is ours, and two that bound them:
nothing, and everything.
Letters: B batch, n sections, K channels kept, Q places asked for, h and w cells, M memory tokens.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, cast

import torch
from torch import Tensor, nn

from studio.backbones.animatic.place_memory import EXTRA_CHANNELS, RIM_LEVEL, cell_grid
from studio.diffusion.backbone import Conditioning
from studio.lab.train.parts import count
from studio.lab.train.start_by_place import SHARPNESS, place
from studio.memory.attention import Block
from studio.memory.recall import Recall, RecallAnswer, RecallConfig
from studio.memory.scene_positions import encode_positions
from studio.memory.semantic_pack import SemanticPack, SemanticPackConfig

ARMS: dict[str, dict[str, Any]] = {
    "A": {}, "B": {"structure": "B"}, "C": {"structure": "C"}, "zero": {"zero_start": True}, "literal": {"literal": True},
    "unplaced": {}, "map": {"structure": "map"}, "nothing": {}, "everything": {},
}
"""Squeeze in the paper's structures; psi_0 = 0; Squeeze as printed; A with all weights random (the others begin with attention by
place); a map; psi_0 alone; all of Memorize's tokens of all sections."""
AFAR = 20
"""Cells by which a film's origin is moved: nothing shall depend on where it is."""
NEW = 0.25
"""Share of what is asked for that may not have been seen yet: a memory must know what it does not know."""


@dataclass(frozen=True)
class Shape:
    """Sizes of the memory."""

    width: int = 192
    heads: int = 6
    layers: int = 1                                # of Memorize
    recall_layers: int = 2
    feed_forward: int = 2                          # in multiples of the width
    matched: bool = True                           # Recall's feed-forwards take up the parameters that an arm lacks beside "A"
    window: tuple[int, int, int] = (1, 4, 4)       # cells that attend to each other, in t (memorized frames), y, x
    keep: tuple[int, int, int] = (1, 4, 4)         # all of them: pooled cells could not be told apart again
    slots: tuple[int, int] = (32, 32)              # rows and columns of the map
    text_tokens: int = 8
    image_side: int = 4
    sharpness: float = SHARPNESS                   # of the attention by place at the start


@dataclass(frozen=True)
class Films:
    """Walks as they are memorized, and what the encoders say of their beginnings."""

    kept: Tensor                  # [N, n, K + 1, h, w] still channels of the scene's whole cells, and how well they were seen
    low: Tensor                   # [N, n, 2] the first cell: column, row
    conditioning: Conditioning    # of N

    @property
    def sections(self) -> int:
        return self.kept.shape[1]

    def some(self, which: Tensor) -> Films:
        c = self.conditioning
        begun = Conditioning(c.text[which], c.mask[which], c.pooled[which], c.image[which])
        return Films(self.kept[which].float(), self.low[which], begun)

    def section(self, n: int) -> Tensor:
        """What is memorized of section n, [B, K + BESIDE, 1, h, w]."""
        kept = self.kept[:, n]
        where = encode_positions(cell_grid(self.low[:, n], *kept.shape[2:])).movedim(-1, 1)
        return torch.cat([kept, where], dim=1).unsqueeze(2)

    def cells(self) -> Tensor:
        """Where all cells of all sections lie, [B, n h w, 3]."""
        return cell_grid(self.low.flatten(0, 1), *self.kept.shape[3:]).unflatten(0, self.low.shape[:2]).flatten(1, 3)

    def seen(self) -> Tensor:
        """How well all cells of all sections were seen, [B, n h w]."""
        return self.kept[:, :, -1].flatten(1)


class Keeper(nn.Module):
    """A memory and how it is asked."""

    def __init__(self, arm: str, shape: Shape, text: int, image: int, scale: Tensor) -> None:
        super().__init__()
        self.arm = arm
        kept = len(scale)
        self.pack = _pack(arm, shape, kept, text, image)
        wide: float = shape.feed_forward
        if shape.matched:
            with torch.device("meta"):
                most = count(_pack("A", shape, kept, text, image))
            units = (most - count(self.pack)) / (shape.recall_layers * (2 * shape.width + 1))
            wide += round(units) / shape.width
        self.recall = Recall(RecallConfig(shape.width, kept, shape.heads, shape.recall_layers, wide))
        self.recall.scale.copy_(scale)
        if arm != "unplaced":
            place(self.pack, self.recall, arm in ("map", "everything"), shape.sharpness)
        if arm == "map":      # exact from its start, it has only its addresses to lose: trained along, they made it worse
            for attention in (self.pack.squeeze.attention, cast(Block, self.recall.blocks[0]).attention):
                attention.requires_grad_(False)

    def update(self, psi: Tensor, memorable: Tensor) -> Tensor:
        """psi after a section of which [B, K + BESIDE, 1, h, w] is memorized."""
        if self.arm == "nothing":
            return psi
        if self.arm == "everything":
            return torch.cat([psi, self.pack.memorize(memorable)], dim=1)
        return self.pack.update(psi, memorable)


def _pack(arm: str, shape: Shape, kept: int, text: int, image: int) -> SemanticPack:
    """An arm's SemanticPack, new, for so many channels kept of a cell and features so wide."""
    return SemanticPack(SemanticPackConfig(
        width=shape.width, channels=kept + EXTRA_CHANNELS, text=text, image=image, heads=shape.heads, patch=(1, 1, 1),
        window=shape.window, keep=shape.keep, layers=shape.layers, feed_forward=shape.feed_forward,
        text_tokens=shape.text_tokens, image_side=shape.image_side, slots=shape.slots if arm == "map" else (0, 0), **ARMS[arm],
    ))


def moved(some: Films, rng: torch.Generator) -> Films:
    """The same films with their origins elsewhere."""
    shift = torch.randint(-AFAR, AFAR + 1, (len(some.low), 1, 2), generator=rng)
    return replace(some, low=some.low + shift)


def asked(some: Films, last: int, count: int, rng: torch.Generator, new: float = NEW) -> tuple[Tensor, Tensor]:
    """Places [B, Q, 3] of the film and what is there [B, Q, K]; but for a share of `new` they are of the sections up to `last`."""
    well = (some.seen() == 1) + 1e-6                                             # [B, n h w]
    past = well.clone()
    past[:, (last + 1) * math.prod(some.kept.shape[3:]) :] = 0
    odds = (1 - new) * past / past.sum(dim=1, keepdim=True) + new * well / well.sum(dim=1, keepdim=True)
    which = torch.multinomial(odds, count, replacement=True, generator=rng)
    film = torch.arange(len(which))[:, None]
    what = some.kept[:, :, :-1].movedim(2, -1).flatten(1, 3)                     # [B, n h w, K]
    return some.cells()[film, which], what[film, which]


def error(recalled: RecallAnswer, truth: Tensor, scale: Tensor) -> Tensor:
    """Mean square error over the channels, in units of the scale, [B, Q]."""
    return ((recalled.values - truth) / scale).square().mean(dim=-1)


def loss_of(keeper: Keeper, some: Films, queries: int, rng: torch.Generator) -> Tensor:
    """Gaussian log-likelihood of what lies at places of the film, asked for after every section."""
    psi, total = keeper.pack.begin(some.conditioning), some.kept.new_zeros(())
    for n in range(some.sections):
        psi = keeper.update(psi, some.section(n))
        places, truth = asked(some, n, queries, rng)
        recalled = keeper.recall(psi, places)
        doubt = recalled.log_variance
        doubt = doubt + (doubt.clamp(-6, 4) - doubt).detach()                                              # its gradient goes on
        total = total + (error(recalled, truth, keeper.recall.scale) * (-doubt).exp() + doubt).mean()
    return total / some.sections


@torch.no_grad()
def curve(keeper: Keeper, held: Films, distractors: int = 8) -> list[dict[str, float]]:
    """In the middle of the films: how well places are recalled by how many sections ago they were last seen; -1: not seen yet.

    Of each age: `error` in units of the scale (1: no better than the guess without memory), `paired` the same with another film's
    psi, `share` how much of it is taken, `identity` how often what is recalled of a film is nearer to what was there than to what
    lay at as many places of `distractors` - 1 other films.
    """
    last = held.sections - 2
    psi = keeper.pack.begin(held.conditioning)
    for n in range(last + 1):
        psi = keeper.update(psi, held.section(n))
    places, truth = asked(held, last, 2048, torch.Generator().manual_seed(0))
    age, scale = ages(held, places, last), keeper.recall.scale
    own, other = keeper.recall(psi, places), keeper.recall(psi.roll(1, 0), places)
    found, paired, share = error(own, truth, scale), error(other, truth, scale), keeper.recall.trust(own)
    rows = []
    for sections in range(-1, last + 1):
        mask = age == sections                                                          # [B, Q]
        if not bool(mask.any()):
            continue
        rows.append({
            "age": sections, "places": int(mask.sum()), "error": float(found[mask].mean()), "paired": float(paired[mask].mean()),
            "share": float(share[mask].mean()),
            "identity": _identity(own.values / scale, truth / scale, mask, distractors),
        })
    return rows


def ages(held: Films, places: Tensor, last: int) -> Tensor:
    """How many sections before `last` each place [B, Q, 3] was last memorized, [B, Q]; -1: never."""
    age = torch.full(places.shape[:2], -1)
    sides = torch.tensor([held.kept.shape[4], held.kept.shape[3]])
    for n in range(last + 1):
        at = (places[..., :2] - held.low[:, n, None]).long()                            # [B, Q, 2]
        inside = ((at >= 0) & (at < sides)).all(-1)
        at = at.clamp(min=0).minimum(sides - 1)
        well = held.kept[torch.arange(len(at))[:, None], n, -1, at[..., 1], at[..., 0]] >= RIM_LEVEL
        age = torch.where(inside & well, last - n, age)
    return age


def _identity(values: Tensor, truth: Tensor, mask: Tensor, distractors: int) -> float:
    """Films' recalled places [B, Q, K] against what lay at as many places of other films; those asked are in `mask` [B, Q]."""
    right, count = 0, 0
    for b in range(len(values)):
        if int(mask[b].sum()) < 4:
            continue
        others = [(b + k) % len(values) for k in range(min(distractors, len(values)))]
        away = [float((values[b][mask[b]] - truth[o][mask[b]]).square().mean()) for o in others]
        right, count = right + (away[0] == min(away)), count + 1
    return right / count if count else math.nan
