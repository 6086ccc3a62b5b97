"""Where a film's camera is at its end, from the film alone: registration step by step. It knows no prompts and no models.

The section's own frames are followed, not compared with the true one: what is remembered wrongly must not count as a wrong place.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from studio.lab.measure.frame_motion import estimate_motion, grey

GAP = 4
"""Frames between the two that are registered."""


@torch.no_grad()
def whereabouts(frames: Tensor, begin: Tensor) -> Tensor:
    """The pose [3] of the last of frames [T, 3, H, W] in [0, 1], if the first one is seen at `begin` [3]; see `views`.

    Raises:
        ValueError: there is only one frame.
    """
    if len(frames) < 2:
        raise ValueError("A way needs at least two frames.")
    at = [*range(0, len(frames) - 1, GAP), len(frames) - 1]
    luma = grey(frames[at].float())
    motion = estimate_motion(luma[:-1], luma[1:])
    x, y, swell = begin.double().tolist()
    for (right, down), grown in zip(motion.shift.tolist(), motion.log_zoom.tolist(), strict=True):
        # what was in the middle went aside by the shift, and is that far away at the new magnification
        swell += grown
        x -= right / math.exp(swell)
        y -= down / math.exp(swell)
    return torch.tensor([x, y, swell], dtype=torch.float32)
