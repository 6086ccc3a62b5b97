"""The pose of a film's camera at its end, from the frames alone: registration of one frame to the next.

The film's own frames are tracked and not compared with the true film, because a wrong memory must not count as a wrong pose.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from studio.lab.measure.frame_motion import estimate_motion, grey

GAP = 4
"""Frames between the two that are registered."""


@torch.no_grad()
def track_pose(frames: Tensor, begin: Tensor) -> Tensor:
    """The pose [3] of the camera in the last of `frames`; see `views` for poses.

    Args:
        frames: [T, 3, H, W] in [0, 1], at least two.
        begin: [3] the pose in the first frame.

    Raises:
        ValueError: there is only one frame.
    """
    if len(frames) < 2:
        raise ValueError("Tracking a camera needs at least two frames.")
    at = [*range(0, len(frames) - 1, GAP), len(frames) - 1]
    luma = grey(frames[at].float())
    motion = estimate_motion(luma[:-1], luma[1:])
    x, y, log_scale = begin.double().tolist()
    for (right, down), growth in zip(motion.shift.tolist(), motion.log_zoom.tolist(), strict=True):
        # What was in the centre moved by the shift, which is so many pixels at the new magnification.
        log_scale += growth
        x -= right / math.exp(log_scale)
        y -= down / math.exp(log_scale)
    return torch.tensor([x, y, log_scale], dtype=torch.float32)
