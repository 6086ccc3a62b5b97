"""The peak signal-to-noise ratio, which all measurements and training figures use."""

from __future__ import annotations

import math

from torch import Tensor


def psnr(frames: Tensor, truth: Tensor, highest: float = 100.0) -> float:
    """PSNR in decibels of `frames` against `truth`, tensors of one shape with values in [0, 1].

    `frames` are clamped to [0, 1] first. Equal frames, whose PSNR is infinite, and all above `highest` get `highest`.
    """
    # scikit-image's function would need both as arrays, knows no clamping, and warns of equal pictures.
    error = float((frames.clamp(0, 1) - truth).square().mean())
    return min(highest, -10 * math.log10(error)) if error else highest
