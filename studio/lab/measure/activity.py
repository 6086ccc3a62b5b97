"""How much moves in a film, how evenly, and whether anything moves at all, compared with the true film.

Measured beside the picture's quality, so that a frozen film does not score best.
Letters: T frames, H and W height and width.
"""

from __future__ import annotations

import torch
from torch import Tensor

from studio.lab.measure import camera_move

FLOOR = 1e-4
"""Mean change of a pixel between frames below which nothing moves at all."""
STRETCH = 37
"""Frames over which a camera move is looked for; a longer film is split into stretches of this length."""


def energy(frames: Tensor) -> float:
    """Returns the mean absolute change of a pixel from frame to frame, of frames [T, 3, H, W] in [0, 1]."""
    return float(frames.diff(dim=0).abs().mean()) if len(frames) > 1 else 0.0


def jerk(frames: Tensor) -> float:
    """Returns the mean second difference over the mean change of frames [T, 3, H, W]: flicker and jumps raise it.

    It is 0 for fewer than three frames and where nothing moves.
    """
    if len(frames) < 3:
        return 0.0
    first = frames.diff(dim=0)
    return float(first.diff(dim=0).abs().mean() / first.abs().mean().clamp(min=FLOOR))


def is_dynamic(frames: Tensor) -> bool:
    """Returns whether the camera moves or enough of the picture changes, in frames [T, 3, H, W].

    The share of dynamic films is VBench's dynamic degree.
    """
    if energy(frames) < FLOOR:
        return False
    stretches = (part for part in frames.split(STRETCH) if len(part) > camera_move.GAP)
    if any(camera_move.classify(camera_move.estimate(part)) != "hold" for part in stretches):
        return True
    return float((frames[-1] - frames[0]).abs().amax(dim=0).gt(0.1).float().mean()) > 0.005


@torch.no_grad()
def compare(film: Tensor, true: Tensor) -> dict[str, float]:
    """Returns motion energy, dynamics and jerk of a film and of the true film, both [T, 3, H, W].

    The ratio "motion energy over truth" is left out where nothing moves in the true film.
    """
    true_energy = energy(true)
    figures = {"motion energy": energy(film), "motion energy of truth": true_energy, "dynamic": float(is_dynamic(film)),
               "dynamic of truth": float(is_dynamic(true)), "jerk": jerk(film), "jerk of truth": jerk(true)}
    if true_energy > FLOOR:
        figures["motion energy over truth"] = energy(film) / true_energy
    return figures
