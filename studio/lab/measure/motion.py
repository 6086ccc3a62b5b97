"""How much moves in a film, how evenly, and whether anything does, against the true film. A frozen film must not win.

Letters: T frames, H and W height and width.
"""

from __future__ import annotations

import torch
from torch import Tensor

from studio.lab.measure import camera

FLOOR = 1e-4
"""Mean change of a pixel between frames under which nothing moves at all."""
STRETCH = 37
"""Frames in which a camera may move: of a long film each stretch is looked at."""


def energy(frames: Tensor) -> float:
    """Mean change of a pixel from frame to frame [T, 3, H, W] in [0, 1]."""
    return float(frames.diff(dim=0).abs().mean()) if len(frames) > 1 else 0.0


def jerk(frames: Tensor) -> float:
    """Mean second difference over the mean change, of frames [T, 3, H, W]: 0 for nothing moving; flicker and jumps raise it."""
    if len(frames) < 3:
        return 0.0
    first = frames.diff(dim=0)
    return float(first.diff(dim=0).abs().mean() / first.abs().mean().clamp(min=FLOOR))


def dynamic(frames: Tensor) -> bool:
    """Whether the camera does not hold, or enough of the picture changes: VBench's dynamic degree is the share of these."""
    if energy(frames) < FLOOR:
        return False
    if any(camera.name(camera.follow(part)) != "hold" for part in frames.split(STRETCH) if len(part) > camera.GAP):
        return True
    return float((frames[-1] - frames[0]).abs().amax(dim=0).gt(0.1).float().mean()) > 0.005


@torch.no_grad()
def compare(made: Tensor, true: Tensor) -> dict[str, float]:
    """A film against the true one, both [T, 3, H, W]: change over true change where anything should move, unevenness beside it."""
    due = energy(true)
    found = {"motion energy": energy(made), "motion energy of truth": due, "dynamic": float(dynamic(made)),
             "dynamic of truth": float(dynamic(true)), "jerk": jerk(made), "jerk of truth": jerk(true)}
    if due > FLOOR:
        found["motion energy over truth"] = energy(made) / due
    return found
