"""The camera's move, seen from a film alone: by registration of frames a few apart. It knows no prompts and no models.

Thresholds: half of the slowest move that the world makes (2 pixels a frame, x 1.12 a section, 1 pixel of unrest). A dolly counts
as a zoom: on a flat picture they are the same, and in scenes only the parallax between layers tells them apart.
Letters: T frames, H and W height and width.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from studio.lab.measure.registration import grey, register

MOVES = ("hold", "left", "right", "up", "down", "in", "out", "dolly in", "dolly out", "shake")
ALIKE = {"dolly in": "in", "dolly out": "out"}
GAP = 4
"""Frames between the two that are registered."""
SURE = 0.25
"""Likeness under which a pair says nothing, as when there is hardly any texture left."""
PAN, SWELL, UNREST = 2.0, math.log(1.12), 1.0
ENOUGH = 0.5
"""Of PAN, of SWELL: what counts as a move."""


@dataclass(frozen=True)
class Move:
    """What the camera did in a section."""

    x: float               # pixels per frame, to the right
    y: float               # pixels per frame, downwards
    swell: float           # log magnification over the section
    unrest: float          # deviation of the camera's place from its mean, pixels
    likeness: float        # of the registered frames, in the median

    @property
    def pace(self) -> float:
        """Pixels per frame of a pan."""
        return math.hypot(self.x, self.y)


@torch.no_grad()
def follow(frames: Tensor) -> Move:
    """The camera's move through frames [T, 3, H, W] in [0, 1], T at least 5.

    Raises:
        ValueError: there are too few frames.
    """
    if len(frames) <= GAP:
        raise ValueError(f"A move needs more than {GAP} frames, not {len(frames)}.")
    at = list(range(0, len(frames), GAP))
    luma = grey(frames[at].float())
    motion = register(luma[:-1], luma[1:])
    sure = motion.likeness > SURE
    if not bool(sure.any()):
        return Move(0.0, 0.0, 0.0, 0.0, float(motion.likeness.median()))
    steps, swells = -motion.shift[sure], motion.swell[sure]
    mean = steps.mean(0) / GAP
    path = torch.cat([torch.zeros(1, 2), steps]).cumsum(0)
    return Move(
        float(mean[0]), float(mean[1]), float(swells.mean()) / GAP * (len(frames) - 1),
        float(path.var(0, correction=0).sum().sqrt()), float(motion.likeness.median()),
    )


def name(move: Move) -> str:
    """One of MOVES; a dolly is called a zoom."""
    along, magnified = max(abs(move.x), abs(move.y)) / PAN, abs(move.swell) / SWELL
    if max(along, magnified) < ENOUGH:
        return "shake" if move.unrest > UNREST else "hold"
    if magnified >= along:
        return "in" if move.swell > 0 else "out"
    if abs(move.x) >= abs(move.y):
        return "right" if move.x > 0 else "left"
    return "down" if move.y > 0 else "up"


def pace_error(move: Move, asked: Move) -> dict[str, float]:
    """How far the pace is from that of the true film: pixels per frame of the way, and log magnification over the section."""
    return {
        "pan": math.hypot(move.x - asked.x, move.y - asked.y), "asked": asked.pace,
        "swell": abs(move.swell - asked.swell), "swell asked": abs(asked.swell),
    }
