"""Features of light: how a section changed brightness and colour, and where in the picture, against its first frame.

They are made from the log gain of each cell of 16 pixels that is neither black nor clipped. The classes are learned from films
whose light is known (`learn_classes.py`). The camera must stand still.
Letters: T frames, h and w cells.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

CELL = 16
FEATURES = ("red", "green", "blue", "pool", "flicker")
"""Log gain of each colour in the section's last frames; log gain of the middle less that of the edges; fast changes."""
FLOOR = torch.tensor([0.05, 0.05, 0.05, 0.05, 0.03])
LAST = 3
"""Frames at the section's end that are averaged."""
PERIOD = 12
"""Frames: what changes faster than this is a flicker."""


@torch.no_grad()
def features(frames: Tensor) -> Tensor:
    """Returns FEATURES [5] of frames [T, 3, H, W] in [0, 1]; the first one is the picture before the section."""
    cells = F.avg_pool2d(frames.float(), CELL)                                   # [T, 3, h, w]
    first = cells[0]
    usable = ((first > 0.04) & (first < 0.6)).float() + 1e-3                        # bright ones would clip
    gain = ((cells + 0.004) / (first + 0.004)).log()
    course = (gain * usable).sum((2, 3)) / usable.sum((1, 2))                           # [T, 3]
    last = gain[-LAST:].mean(0)
    return torch.cat([course[-LAST:].mean(0), torch.stack([_pool(last, usable), _flicker(course.mean(1))])])


def _pool(gain: Tensor, usable: Tensor) -> Tensor:
    """Returns the log gain of the middle less that of the border: [3, h, w] to []."""
    _, h, w = gain.shape
    y, x = torch.meshgrid(torch.linspace(-1, 1, h), torch.linspace(-1, 1, w), indexing="ij")
    radius = (x.square() + y.square()).sqrt()
    inner, outer = ((usable * mask) for mask in (radius < 0.5, radius > 1.0))
    return (gain * inner).sum() / inner.sum().clamp(min=1e-6) - (gain * outer).sum() / outer.sum().clamp(min=1e-6)


def _flicker(course: Tensor) -> Tensor:
    """Returns the amplitude of what changes within PERIOD frames in a course [T]."""
    if len(course) <= PERIOD + 1:
        return torch.zeros(())
    slow = F.avg_pool1d(course[None], PERIOD, 1)[0]                                # [T - PERIOD + 1]
    start = PERIOD // 2
    return (course[start : start + len(slow)] - slow).std() * 2**0.5
