"""Where each place of a film's frames was before its section began, from the parts of the scene themselves. It draws nothing.

Letters: T frames, N points, h and w height and width in cells of 16 pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from studio.lab.world.section import CELL, FRAMES


class Part(Protocol):
    """Something of a scene that covers other parts: a layer, or a figure."""

    def inward(self, points: Tensor, frames: Tensor) -> Tensor:
        """Where points [T, N, 2] of frames [T], in pixels, lie on the part; [T, N, 2] in its own measure."""

    def outward(self, points: Tensor, frames: Tensor, like: Tensor) -> Tensor:
        """Where points of the part are seen in frames [T], were it turned as in frames `like` [T]."""

    def cover(self, points: Tensor, frames: Tensor) -> Tensor:
        """How much the part covers there, 0..1, [T, N], given points of the part."""

    def same(self, frames: Tensor, base: Tensor) -> Tensor:
        """Whether frames [T] show the part's points as frames `base` [T] do, [T]."""


def trace(parts: Sequence[Part], frames: int, width: int, height: int) -> tuple[Tensor, Tensor]:
    """Flow [T, 2, h, w] and known [T, h, w] of the cells' middles, against the last frame before each frame's section."""
    h, w = height // CELL, width // CELL
    y, x = torch.meshgrid(torch.arange(h) * CELL + CELL / 2, torch.arange(w) * CELL + CELL / 2, indexing="ij")
    now = torch.arange(frames)
    base = ((now - 1).clamp(min=0) // FRAMES) * FRAMES
    middles = torch.stack([x, y], dim=-1).view(1, -1, 2).double().expand(frames, -1, -1)
    was, known = middles.clone(), torch.zeros(frames, h * w, dtype=torch.bool)
    free = torch.ones(frames, h * w, dtype=torch.bool)  # not yet covered by a nearer part
    for number in reversed(range(len(parts))):
        part = parts[number]
        inside = part.inward(middles, now)
        mine = free & (part.cover(inside, now).cpu() >= 0.5)
        free &= ~mine
        before = part.outward(inside, base, now)
        shown = (part.cover(inside, base).cpu() >= 0.5) & part.same(now, base)[:, None]
        for other in parts[number + 1 :]:
            shown &= other.cover(other.inward(before, base), base).cpu() < 0.5
        shown &= (before >= 0).all(-1) & (before[..., 0] < width) & (before[..., 1] < height)
        was = torch.where(mine[..., None], before, was)
        known = torch.where(mine, shown, known)
    flow = (was - middles).transpose(1, 2).reshape(frames, 2, h, w).float()
    return flow, known.view(frames, h, w)
