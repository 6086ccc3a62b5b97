"""The steps that both of the lab's image registrations are built from: phase correlation and weighted Gauss-Newton.

`lab/measure/frame_motion.py` compares any two frames, whatever the light, and returns how well they fit even if they show different
things. `lab/train/register.py` follows the camera through real footage, estimates roll and brightness as well, and must refuse what
is not certain. So they differ in the unknowns, in how light is removed and in what they accept; what they share is here.
References: Lucas and Kanade 1981; Baker and Matthews 2004.
Letters: B pairs of frames, K unknowns, N pixels, h and w height and width.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def cross_spectrum(before: Tensor, after: Tensor) -> Tensor:
    """Returns the cross-power spectrum [B, h, w // 2 + 1] of two pictures [B, h, w] under a Hann window."""
    height, width = before.shape[-2:]
    window = torch.outer(torch.hann_window(height, device=before.device), torch.hann_window(width, device=before.device))
    return torch.fft.rfft2(after * window) * torch.fft.rfft2(before * window).conj()


def peak_shift(surface: Tensor) -> Tensor:
    """Returns where a phase correlation surface [B, h, w] is highest, as a signed shift (right, down) [B, 2] in whole pixels."""
    height, width = surface.shape[-2:]
    peak = surface.flatten(1).argmax(1)
    y, x = peak // width, peak % width
    return torch.stack([(x + width // 2) % width - width // 2, (y + height // 2) % height - height // 2], dim=1)


def gradients(pictures: Tensor) -> tuple[Tensor, Tensor]:
    """Returns the central differences (to the right, downwards) of pictures [..., h, w], in their shape; 0 at the borders."""
    right = F.pad((pictures[..., 2:] - pictures[..., :-2]) / 2, (1, 1))
    down = F.pad((pictures[..., 2:, :] - pictures[..., :-2, :]) / 2, (0, 0, 1, 1))
    return right, down


def robust_weight(error: Tensor, width: Tensor, inside: Tensor) -> Tensor:
    """Returns Geman-McClure weights in the shape of `error`: near 1 for errors well below `width`, 0 outside the overlap."""
    return inside / (1 + (error / width).square()).square()


def masked_median(values: Tensor, inside: Tensor, stride: int) -> Tensor:
    """Returns the median [B, 1] of values [B, N] where `inside` [B, N] is true; NaN if it is true nowhere.

    Only every `stride`-th pixel is used: sorting all of them would be most of the work.
    """
    return torch.where(inside, values, torch.nan)[:, ::stride].nanmedian(1, keepdim=True).values


def normal_equations(slopes: Tensor, weight: Tensor, error: Tensor) -> tuple[Tensor, Tensor]:
    """Returns matrix [B, K, K] and right side [B, K, 1] of the weighted least squares problem of one Gauss-Newton step.

    Args:
        slopes: derivatives of each pixel by each unknown [B, K, N].
        weight: of each pixel [B, N].
        error: of each pixel [B, N].
    """
    weighted = slopes * weight[:, None]
    return weighted @ slopes.transpose(1, 2), weighted @ error[..., None]
