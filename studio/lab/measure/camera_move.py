"""Recognises the camera's move from the frames of a film alone, by registration of frames a few apart.

A move counts from half of the slowest one that the world makes (2 pixels a frame, x 1.12 a section, 1 pixel of shake). A dolly
counts as a zoom: on a flat picture they are the same, and in scenes only the parallax between layers distinguishes them.
Letters: T frames, H and W height and width.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from studio.lab.measure.frame_motion import estimate_motion, grey

MOVES = ("hold", "left", "right", "up", "down", "in", "out", "dolly in", "dolly out", "shake")
SAME_AS = {"dolly in": "in", "dolly out": "out"}
"""Moves that are recognised under another name."""
GAP = 4
"""Frames between the two that are registered."""
MIN_CORRELATION = 0.25
"""A pair of frames that correlates less is ignored, as where hardly any texture is left."""
SLOWEST_PAN, SLOWEST_ZOOM, SHAKE = 2.0, math.log(1.12), 1.0
"""Pixels a frame, log magnification over a section, and pixels of deviation."""
ENOUGH = 0.5
"""Share of SLOWEST_PAN and of SLOWEST_ZOOM from which on it counts as a move."""


@dataclass(frozen=True)
class Move:
    """What the camera did in a section."""

    x: float               # pixels per frame, to the right
    y: float               # pixels per frame, downwards
    log_zoom: float        # log magnification over the section
    shake: float           # standard deviation of the camera's position, pixels
    correlation: float     # of the registered frames, in the median

    @property
    def speed(self) -> float:
        """Pixels per frame of a pan."""
        return math.hypot(self.x, self.y)

    def record(self) -> dict[str, float]:
        """Returns the move under the keys that the JSON file of figures has."""
        return {"x": self.x, "y": self.y, "swell": self.log_zoom, "unrest": self.shake, "likeness": self.correlation}


@torch.no_grad()
def estimate(frames: Tensor) -> Move:
    """Returns the camera's move through frames [T, 3, H, W] in [0, 1], T at least 5.

    Raises:
        ValueError: there are too few frames.
    """
    if len(frames) <= GAP:
        raise ValueError(f"A move needs more than {GAP} frames, not {len(frames)}.")
    luma = grey(frames[list(range(0, len(frames), GAP))].float())
    motion = estimate_motion(luma[:-1], luma[1:])
    sure = motion.correlation > MIN_CORRELATION
    if not bool(sure.any()):
        return Move(0.0, 0.0, 0.0, 0.0, float(motion.correlation.median()))
    steps, log_zooms = -motion.shift[sure], motion.log_zoom[sure]
    mean = steps.mean(0) / GAP
    path = torch.cat([torch.zeros(1, 2), steps]).cumsum(0)
    return Move(
        float(mean[0]), float(mean[1]), float(log_zooms.mean()) / GAP * (len(frames) - 1),
        float(path.var(0, correction=0).sum().sqrt()), float(motion.correlation.median()),
    )


def classify(move: Move) -> str:
    """Returns the name of a move, one of MOVES; a dolly is called a zoom."""
    pan, zoom = max(abs(move.x), abs(move.y)) / SLOWEST_PAN, abs(move.log_zoom) / SLOWEST_ZOOM
    if max(pan, zoom) < ENOUGH:
        return "shake" if move.shake > SHAKE else "hold"
    if zoom >= pan:
        return "in" if move.log_zoom > 0 else "out"
    if abs(move.x) >= abs(move.y):
        return "right" if move.x > 0 else "left"
    return "down" if move.y > 0 else "up"


def pace_error(move: Move, true: Move) -> dict[str, float]:
    """Returns how far the pace of a move is from the true film's, next to the true pace itself.

    Pans are in pixels per frame, zooms in log magnification over the section.
    """
    return {
        "pan": math.hypot(move.x - true.x, move.y - true.y), "true pan": true.speed,
        "zoom": abs(move.log_zoom - true.log_zoom), "true zoom": abs(true.log_zoom),
    }
