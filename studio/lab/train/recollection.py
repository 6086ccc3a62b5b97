"""The training task of the long-term memory: SemanticPack memorizes films, and Recall is queried for what lay at places in them.

The pre-training of 2512.23851 (frames queried at random from a compressed history) for the recurrent memory of 2510.01784:
psi is updated section by section, and after each section places of the film are queried, most of them shown by then. The gradient
goes back through every update. The arms are the structures that the paper compares, our map, and two bounds: a memory that keeps
nothing, and one that keeps every token.
Letters: N films, B batch, n sections, K channels memorized, Q queries, h and w cells, M memory tokens, D their width.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, cast

import torch
from torch import Tensor, nn

from studio.backbones.animatic.place_memory import EXTRA_CHANNELS, RIM_LEVEL, cell_grid
from studio.diffusion.backbone import Conditioning
from studio.lab.train.parts import parameter_count
from studio.lab.train.start_by_place import SHARPNESS, start_by_place
from studio.memory.attention import Block
from studio.memory.recall import Recall, RecallAnswer, RecallConfig
from studio.memory.scene_positions import encode_positions
from studio.memory.semantic_pack import SemanticPack
from studio.memory.semantic_pack_config import SemanticPackConfig
from studio.tables import table

ARMS: dict[str, dict[str, Any]] = {
    "A": {}, "B": {"structure": "B"}, "C": {"structure": "C"}, "zero": {"zero_start": True}, "literal": {"literal": True},
    "unplaced": {}, "map": {"structure": "map"}, "nothing": {}, "everything": {},
}
"""Settings of each arm's SemanticPack. "A", "B" and "C" are Squeeze in the paper's structures, "zero" begins with psi_0 = 0,
"literal" is Squeeze as printed in the paper, "unplaced" is A with all weights random (the others start with attention by place),
"map" is our map, "nothing" keeps psi_0 for ever, and "everything" keeps all of Memorize's tokens."""
ORIGIN_SHIFT = 20
"""A film's origin is moved by up to so many cells, so that nothing depends on where it is."""
UNSEEN_SHARE = 0.25
"""Share of the queries for places of the whole film, seen already or not: Recall must learn to be unsure of unseen ones."""


@table
class MemoryShape:
    """Sizes of the memory."""

    width: int = 192
    heads: int = 6
    layers: int = 1                                # of Memorize
    recall_layers: int = 2
    feed_forward: int = 2                          # in multiples of the width
    matched: bool = True                           # Recall's feed-forwards are widened until an arm has as many parameters as "A"
    window: tuple[int, int, int] = (1, 4, 4)       # cells that attend to each other, in t (memorized frames), y, x
    keep: tuple[int, int, int] = (1, 4, 4)         # tokens kept of a window; all, for pooled cells could not be told apart again
    slots: tuple[int, int] = (32, 32)              # rows and columns of the map
    text_tokens: int = 8
    image_side: int = 4
    sharpness: float = SHARPNESS                   # of the attention by place at the start


@dataclass(frozen=True)
class MemoryFilms:
    """Walks as they are memorized, with the embeddings of their first captions and pictures."""

    cells: Tensor                 # [N, n, K + 1, h, w] the scene's still channels, and how well each cell was seen, from 0 to 1
    corner: Tensor                # [N, n, 2] column and row of the first cell
    conditioning: Conditioning    # a batch of N

    @property
    def sections(self) -> int:
        """Sections of each film."""
        return self.cells.shape[1]

    def select(self, which: Tensor) -> MemoryFilms:
        """The films with these indices [B], in float32."""
        c = self.conditioning
        conditioning = Conditioning(c.text[which], c.mask[which], c.pooled[which], c.image[which])
        return MemoryFilms(self.cells[which].float(), self.corner[which], conditioning)

    def memorable(self, n: int) -> Tensor:
        """What Memorize is given of section n, [B, K + EXTRA_CHANNELS, 1, h, w]: the cells, and waves of their places."""
        cells = self.cells[:, n]
        where = encode_positions(cell_grid(self.corner[:, n], *cells.shape[2:])).movedim(-1, 1)
        return torch.cat([cells, where], dim=1).unsqueeze(2)

    def places(self) -> Tensor:
        """The places of all cells of all sections, [B, n h w, 3]."""
        return cell_grid(self.corner.flatten(0, 1), *self.cells.shape[3:]).unflatten(0, self.corner.shape[:2]).flatten(1, 3)

    def visibility(self) -> Tensor:
        """How well all cells of all sections were seen, [B, n h w], from 0 to 1."""
        return self.cells[:, :, -1].flatten(1)


class MemoryArm(nn.Module):
    """An arm of the study: a SemanticPack, and the Recall that queries it."""

    def __init__(self, arm: str, shape: MemoryShape, text: int, image: int, scale: Tensor) -> None:
        """
        Args:
            arm: a key of ARMS.
            shape: sizes of the networks.
            text: width of the prompt's tokens.
            image: width of the picture's tokens.
            scale: [K] standard deviation of the memorized channels.
        """
        super().__init__()
        self.arm = arm
        channels = len(scale)
        self.pack = _new_pack(arm, shape, channels, text, image)
        feed_forward: float = shape.feed_forward
        if shape.matched:
            with torch.device("meta"):
                most = parameter_count(_new_pack("A", shape, channels, text, image))
            units = (most - parameter_count(self.pack)) / (shape.recall_layers * (2 * shape.width + 1))
            feed_forward += round(units) / shape.width
        self.recall = Recall(RecallConfig(shape.width, channels, shape.heads, shape.recall_layers, feed_forward))
        self.recall.scale.copy_(scale)
        if arm != "unplaced":
            start_by_place(self.pack, self.recall, arm in ("map", "everything"), shape.sharpness)
        if arm == "map":      # its attention is exact from the start, and training it made it worse
            for attention in (self.pack.squeeze.attention, cast(Block, self.recall.blocks[0]).attention):
                attention.requires_grad_(False)

    def update(self, psi: Tensor, memorable: Tensor) -> Tensor:
        """The psi [B, M, D] after a section, from the psi before and the section's [B, K + EXTRA_CHANNELS, 1, h, w]."""
        if self.arm == "nothing":
            return psi
        if self.arm == "everything":
            return torch.cat([psi, self.pack.memorize(memorable)], dim=1)
        return self.pack.update(psi, memorable)


def _new_pack(arm: str, shape: MemoryShape, channels: int, text: int, image: int) -> SemanticPack:
    """An arm's SemanticPack with new weights, for so many memorized channels and tokens of these widths."""
    return SemanticPack(SemanticPackConfig(
        width=shape.width, channels=channels + EXTRA_CHANNELS, text=text, image=image, heads=shape.heads, patch=(1, 1, 1),
        window=shape.window, keep=shape.keep, layers=shape.layers, feed_forward=shape.feed_forward,
        text_tokens=shape.text_tokens, image_side=shape.image_side, slots=shape.slots if arm == "map" else (0, 0), **ARMS[arm],
    ))


def shift_origins(films: MemoryFilms, rng: torch.Generator) -> MemoryFilms:
    """The same films with their origins moved by random numbers of cells."""
    shift = torch.randint(-ORIGIN_SHIFT, ORIGIN_SHIFT + 1, (len(films.corner), 1, 2), generator=rng)
    return replace(films, corner=films.corner + shift)


def draw_queries(
    films: MemoryFilms, last: int, count: int, rng: torch.Generator, unseen: float = UNSEEN_SHARE
) -> tuple[Tensor, Tensor]:
    """Random places to query after section `last`, and what lies there.

    Args:
        films: B films.
        last: the newest section that is memorized.
        count: of the queries, Q.
        rng: draws them.
        unseen: share of places of the whole film; the others were shown in the sections up to `last`.

    Returns:
        Places [B, Q, 3] and the true values there [B, Q, K].
    """
    visible = (films.visibility() == 1) + 1e-6                                   # [B, n h w]
    past = visible.clone()
    past[:, (last + 1) * math.prod(films.cells.shape[3:]) :] = 0
    odds = (1 - unseen) * past / past.sum(dim=1, keepdim=True) + unseen * visible / visible.sum(dim=1, keepdim=True)
    which = torch.multinomial(odds, count, replacement=True, generator=rng)
    film = torch.arange(len(which))[:, None]
    values = films.cells[:, :, :-1].movedim(2, -1).flatten(1, 3)                 # [B, n h w, K]
    return films.places()[film, which], values[film, which]


def square_error(recalled: RecallAnswer, truth: Tensor, scale: Tensor) -> Tensor:
    """Mean square error over the channels, in units of the scale [K], of each query, [B, Q]."""
    return ((recalled.values - truth) / scale).square().mean(dim=-1)


def recall_loss(arm: MemoryArm, films: MemoryFilms, queries: int, rng: torch.Generator) -> Tensor:
    """Negative Gaussian log-likelihood of the true values at `queries` places, queried after every section; a mean over all."""
    psi, total = arm.pack.begin(films.conditioning), films.cells.new_zeros(())
    for n in range(films.sections):
        psi = arm.update(psi, films.memorable(n))
        places, truth = draw_queries(films, n, queries, rng)
        recalled = arm.recall(psi, places)
        doubt = recalled.log_variance
        doubt = doubt + (doubt.clamp(-6, 4) - doubt).detach()      # clamped, but its gradient is not
        total = total + (square_error(recalled, truth, arm.recall.scale) * (-doubt).exp() + doubt).mean()
    return total / films.sections


@torch.no_grad()
def error_by_age(arm: MemoryArm, films: MemoryFilms, distractors: int = 8) -> list[dict[str, float]]:
    """How well places are recalled after the last section but one, by how many sections ago they were last shown.

    Returns:
        For each "age" in sections (-1: not shown yet): "places", how many; "error" in units of the scale (1 is a guess without
        memory); "paired", the error with another film's psi; "share", the weight that the recalled values would get; "identity",
        how often the recalled values are nearer to the film's own than to those at as many places of `distractors` - 1 other films.
    """
    last = films.sections - 2
    psi = arm.pack.begin(films.conditioning)
    for n in range(last + 1):
        psi = arm.update(psi, films.memorable(n))
    places, truth = draw_queries(films, last, 2048, torch.Generator().manual_seed(0))
    age, scale = ages(films, places, last), arm.recall.scale
    own, other = arm.recall(psi, places), arm.recall(psi.roll(1, 0), places)
    error, paired, share = square_error(own, truth, scale), square_error(other, truth, scale), arm.recall.trust(own)
    rows = []
    for sections in range(-1, last + 1):
        mask = age == sections                                                          # [B, Q]
        if not bool(mask.any()):
            continue
        rows.append({
            "age": sections, "places": int(mask.sum()), "error": float(error[mask].mean()), "paired": float(paired[mask].mean()),
            "share": float(share[mask].mean()),
            "identity": _identity(own.values / scale, truth / scale, mask, distractors),
        })
    return rows


def ages(films: MemoryFilms, places: Tensor, last: int) -> Tensor:
    """How many sections before section `last` each place [B, Q, 3] was last memorized, [B, Q]; -1: it was not yet."""
    age = torch.full(places.shape[:2], -1)
    sides = torch.tensor([films.cells.shape[4], films.cells.shape[3]])
    for n in range(last + 1):
        at = (places[..., :2] - films.corner[:, n, None]).long()                            # [B, Q, 2]
        inside = ((at >= 0) & (at < sides)).all(-1)
        at = at.clamp(min=0).minimum(sides - 1)
        visible = films.cells[torch.arange(len(at))[:, None], n, -1, at[..., 1], at[..., 0]] >= RIM_LEVEL
        age = torch.where(inside & visible, last - n, age)
    return age


def _identity(values: Tensor, truth: Tensor, mask: Tensor, distractors: int) -> float:
    """How often a film's recalled values [B, Q, K] are nearer to its own true values than to other films', in `mask` [B, Q]."""
    right, count = 0, 0
    for b in range(len(values)):
        if int(mask[b].sum()) < 4:
            continue
        others = [(b + k) % len(values) for k in range(min(distractors, len(values)))]
        distances = [float((values[b][mask[b]] - truth[o][mask[b]]).square().mean()) for o in others]
        right, count = right + (distances[0] == min(distances)), count + 1
    return right / count if count else math.nan
