"""Light, measured on the picture: how a section changed brightness, colour and their place, against its first frame.

The measure is the log gain of each cell of 16 pixels, from cells that are neither black nor clipped. Its classes are learned
from films whose light is known. It knows no prompts and no models; the picture must stand still.
Letters: T frames, h and w cells.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

CELL = 16
FEATURES = ("red", "green", "blue", "pool", "flicker")
"""Log gain of the colours in the section's last frames; middle less edges of the log gain; swing within a second."""
FLOOR = torch.tensor([0.05, 0.05, 0.05, 0.05, 0.03])
LAST = 3
BEAT = 12
"""Frames that a flicker is measured against: what swings faster than that is a flicker."""


@torch.no_grad()
def features(frames: Tensor) -> Tensor:
    """FEATURES of frames [T, 3, H, W] in [0, 1]; the first one is the picture before. [5]"""
    cells = F.avg_pool2d(frames.float(), CELL)                                   # [T, 3, h, w]
    first = cells[0]
    fit = ((first > 0.04) & (first < 0.6)).float() + 1e-3                        # bright ones would clip
    gain = ((cells + 0.004) / (first + 0.004)).log()
    whole = (gain * fit).sum((2, 3)) / fit.sum((1, 2))                           # [T, 3]
    last = gain[-LAST:].mean(0)
    return torch.cat([whole[-LAST:].mean(0), torch.stack([_pool(last, fit), _swing(whole.mean(1))])])


def _pool(gain: Tensor, fit: Tensor) -> Tensor:
    """Log gain of the middle less that of the border, [3, h, w] to []."""
    _, h, w = gain.shape
    y, x = torch.meshgrid(torch.linspace(-1, 1, h), torch.linspace(-1, 1, w), indexing="ij")
    radius = (x.square() + y.square()).sqrt()
    inner, outer = ((fit * mask) for mask in (radius < 0.5, radius > 1.0))
    return (gain * inner).sum() / inner.sum().clamp(min=1e-6) - (gain * outer).sum() / outer.sum().clamp(min=1e-6)


def _swing(course: Tensor) -> Tensor:
    """Amplitude of what swings within BEAT frames in a course [T]."""
    if len(course) <= BEAT + 1:
        return torch.zeros(())
    slow = F.avg_pool1d(course[None], BEAT, 1)[0]                                # [T - BEAT + 1]
    start = BEAT // 2
    return (course[start : start + len(slow)] - slow).std() * 2**0.5
