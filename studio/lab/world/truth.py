"""Where each point of a film's frames was before its section began, computed from the parts of the scene.

Letters: T frames, N points, h and w height and width in cells of 16 pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from studio.lab.world.section import CELL, FRAMES


class ScenePart(Protocol):
    """Something of a scene that covers other parts: a layer, or a figure."""

    def to_part(self, points: Tensor, frames: Tensor) -> Tensor:
        """Maps points [T, N, 2] of frames [T], in pixels, to points of the part in its own units, [T, N, 2]."""

    def to_frame(self, points: Tensor, frames: Tensor, like: Tensor) -> Tensor:
        """Maps points of the part [T, N, 2] to pixels of frames [T], as if it faced as it does in frames `like` [T]."""

    def coverage(self, points: Tensor, frames: Tensor) -> Tensor:
        """Returns how opaque the part is at its points [T, N, 2], 0..1, [T, N]."""

    def same_side(self, frames: Tensor, base: Tensor) -> Tensor:
        """Returns whether frames [T] show the same side of the part as frames `base` [T] do, [T] bool."""


def trace(parts: Sequence[ScenePart], frames: int, width: int, height: int) -> tuple[Tensor, Tensor]:
    """Returns the flow of every cell's middle, against the last frame before the frame's section.

    Args:
        parts: of the scene, farthest first.
        frames: T.
        width, height: of a frame in pixels.

    Returns:
        flow [T, 2, h, w] in pixels, and whether that earlier frame showed the same point, [T, h, w] bool.
    """
    h, w = height // CELL, width // CELL
    y, x = torch.meshgrid(torch.arange(h) * CELL + CELL / 2, torch.arange(w) * CELL + CELL / 2, indexing="ij")
    now = torch.arange(frames)
    base = ((now - 1).clamp(min=0) // FRAMES) * FRAMES
    middles = torch.stack([x, y], dim=-1).view(1, -1, 2).double().expand(frames, -1, -1)
    was, known = middles.clone(), torch.zeros(frames, h * w, dtype=torch.bool)
    free = torch.ones(frames, h * w, dtype=torch.bool)  # not yet covered by a nearer part
    for number in reversed(range(len(parts))):
        part = parts[number]
        inside = part.to_part(middles, now)
        mine = free & (part.coverage(inside, now).cpu() >= 0.5)
        free &= ~mine
        before = part.to_frame(inside, base, now)
        shown = (part.coverage(inside, base).cpu() >= 0.5) & part.same_side(now, base)[:, None]
        for other in parts[number + 1 :]:
            shown &= other.coverage(other.to_part(before, base), base).cpu() < 0.5
        shown &= (before >= 0).all(-1) & (before[..., 0] < width) & (before[..., 1] < height)
        was = torch.where(mine[..., None], before, was)
        known = torch.where(mine, shown, known)
    flow = (was - middles).transpose(1, 2).reshape(frames, 2, h, w).float()
    return flow, known.view(frames, h, w)
