"""Estimates the shift and the zoom that carry one frame into another, whatever the light.

Gauss-Newton over a pyramid, on frames whose local mean and contrast are removed, with robust weights that ignore what does not
move along (snow, figures, newly uncovered parts). It starts both from the peak of the phase correlation and from no motion, and
keeps the better result. Its steps are in `lab/registration.py`.
Letters: N pairs, T frames, H and W pixel height and width.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from studio.lab.registration import cross_spectrum, gradients, masked_median, normal_equations, peak_shift, robust_weight

LEVELS = (4, 2, 1)
"""Reductions of the pyramid; a level is used if the smaller side has at least SMALLEST pixels there."""
SMALLEST = 24
ROUNDS = (10, 6, 4)
"""Gauss-Newton steps on each level."""


@dataclass(frozen=True)
class FrameMotion:
    """How the picture moves from one frame to another: a point at x from the frame's middle goes to e^log_zoom x + shift."""

    shift: Tensor          # [N, 2] pixels, x to the right and y downwards
    log_zoom: Tensor       # [N] logarithm of the magnification
    correlation: Tensor    # [N] of the two frames after the motion, 1 for the same picture


def grey(frames: Tensor) -> Tensor:
    """Returns the luma [T, H, W] of frames [T, 3, H, W]."""
    return torch.einsum("tchw,c->thw", frames, torch.tensor([0.299, 0.587, 0.114]))


def remove_light(luma: Tensor, radius: int = 10) -> Tensor:
    """Returns frames [N, H, W] without local mean and contrast: light and exposure vanish, edges and texture stay."""
    picture = luma[:, None]
    rest = picture - box_mean(picture, radius)
    deviation = box_mean(rest.square(), radius).sqrt()
    floor = 0.25 * rest.square().mean(dim=(1, 2, 3), keepdim=True).sqrt() + 1e-4
    return (rest / (deviation + floor))[:, 0]


def box_mean(picture: Tensor, radius: int) -> Tensor:
    """Returns the mean over (2 radius + 1)^2 pixels of [N, C, H, W]; at the borders over the pixels that exist."""
    rows = F.avg_pool2d(picture, (1, 2 * radius + 1), 1, (0, radius), count_include_pad=False)
    return F.avg_pool2d(rows, (2 * radius + 1, 1), 1, (radius, 0), count_include_pad=False)


def estimate_motion(before: Tensor, after: Tensor) -> FrameMotion:
    """Returns the motion from luma `before` to luma `after`, both [N, H, W] in [0, 1]."""
    count = len(before)
    peak = correlate(remove_light(before), remove_light(after))
    shift = torch.cat([peak, torch.zeros_like(peak)])
    log_zoom = torch.zeros(2 * count)
    before, after = before.repeat(2, 1, 1), after.repeat(2, 1, 1)
    levels = [level for level in LEVELS if min(before.shape[1:]) // level >= SMALLEST or level == 1]
    for level, rounds in zip(levels, ROUNDS[-len(levels) :], strict=True):
        a, b = (
            remove_light(F.avg_pool2d(luma[:, None], level)[:, 0] if level > 1 else luma, max(3, 10 // level))
            for luma in (before, after)
        )
        for _ in range(rounds):
            shift, log_zoom, correlation = _improve(a, b, shift, log_zoom, level)
    first = correlation[:count] >= correlation[count:]
    return FrameMotion(
        torch.where(first[:, None], shift[:count], shift[count:]), torch.where(first, log_zoom[:count], log_zoom[count:]),
        torch.where(first, correlation[:count], correlation[count:]),
    )


def correlate(before: Tensor, after: Tensor) -> Tensor:
    """Returns the whole-pixel shift [N, 2] between two pictures [N, H, W]: the peak of their phase correlation."""
    cross = cross_spectrum(before, after)
    surface = torch.fft.irfft2(cross / (cross.abs() + 1e-2 * cross.abs().mean()), s=before.shape[1:])
    return peak_shift(F.avg_pool2d(surface[:, None], 3, 1, 1)[:, 0]).float()


def warp(picture: Tensor, shift: Tensor, log_zoom: Tensor) -> tuple[Tensor, Tensor]:
    """Moves pictures [N, H, W] by a motion, the shift in their own pixels.

    Returns:
        The moved pictures [N, H, W], and [N, H, W] bool: which pixels come from inside the frame.
    """
    _, height, width = picture.shape
    theta = torch.zeros(len(picture), 2, 3)
    scale = (-log_zoom).exp()
    theta[:, 0, 0] = theta[:, 1, 1] = scale
    theta[:, :, 2] = -shift * scale[:, None] * 2 / torch.tensor([width, height])
    grid = F.affine_grid(theta, [len(picture), 1, height, width], align_corners=False)
    inside = (grid.abs() < 1 - 2 / torch.tensor([width, height])).all(-1)
    return F.grid_sample(picture[:, None], grid, padding_mode="border", align_corners=False)[:, 0], inside


def _improve(a: Tensor, b: Tensor, shift: Tensor, log_zoom: Tensor, level: int) -> tuple[Tensor, Tensor, Tensor]:
    """Makes one Gauss-Newton step. The correlation it returns is the one before the step."""
    _, height, width = a.shape
    moved, inside = warp(a, shift / level, log_zoom)
    rest = b - moved
    spread = masked_median(rest.abs().flatten(1), inside.flatten(1), stride=7).nan_to_num(0.0) * 2 + 1e-3
    weight = robust_weight(rest, spread[..., None], inside)
    gx, gy = gradients(moved)
    x = (torch.arange(width) - (width - 1) / 2).expand(height, -1) - shift[:, 0, None, None] / level
    y = (torch.arange(height) - (height - 1) / 2)[:, None].expand(-1, width) - shift[:, 1, None, None] / level
    scale = width / 4
    slopes = torch.stack([-gx, -gy, -(gx * x + gy * y) / scale], dim=1).flatten(2)               # [N, 3, H W]
    matrix, right_side = normal_equations(slopes, weight.flatten(1), rest.flatten(1))
    step = torch.linalg.solve(matrix + 1e-3 * torch.eye(3), right_side)[:, :, 0].clamp(-3, 3)
    correlation = (moved * b * inside).sum((1, 2)) / (
        (moved.square() * inside).sum((1, 2)) * (b.square() * inside).sum((1, 2))).sqrt().clamp(min=1e-6)
    enough = inside.float().mean((1, 2)) > 0.15
    correlation = torch.where(enough, correlation, torch.full_like(correlation, -1))
    return shift + level * step[:, :2], (log_zoom + step[:, 2] / scale).clamp(-0.6, 0.6), correlation
