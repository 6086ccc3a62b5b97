"""Registration: which shift and which magnification carry one frame into another. It knows nothing of prompts or models.

Gauss-Newton on a similarity over a pyramid (Lucas and Kanade 1981; Baker and Matthews 2004), on frames whose local mean and
contrast are taken out, so that light does not matter, with weights that leave out what does not go along (specks, figures, what
has just come into view). It starts at the peak of the phase correlation and at rest, and keeps the better one.
Letters: N pairs, T frames, H and W pixel height and width.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

LEVELS = (4, 2, 1)
"""Reductions of the pyramid; those that leave SMALLEST pixels are used."""
SMALLEST = 24
ROUNDS = (10, 6, 4)


@dataclass(frozen=True)
class Motion:
    """How the picture moves from one frame to another: a point at x from the frame's middle goes to e^swell x + shift."""

    shift: Tensor          # [N, 2] pixels, x to the right and y downwards
    swell: Tensor          # [N] logarithm of the magnification
    likeness: Tensor       # [N] correlation of the frames after the motion, 1 for the same picture


def grey(frames: Tensor) -> Tensor:
    """Luma [T, H, W] of frames [T, 3, H, W]."""
    return torch.einsum("tchw,c->thw", frames, torch.tensor([0.299, 0.587, 0.114]))


def flat(luma: Tensor, reach: int = 10) -> Tensor:
    """Frames [N, H, W] without local mean and contrast: light and exposure go, edges and texture stay."""
    picture = luma[:, None]
    rest = picture - box(picture, reach)
    deviation = box(rest.square(), reach).sqrt()
    floor = 0.25 * rest.square().mean(dim=(1, 2, 3), keepdim=True).sqrt() + 1e-4
    return (rest / (deviation + floor))[:, 0]


def box(picture: Tensor, reach: int) -> Tensor:
    """Mean over (2 reach + 1)^2 pixels of [N, C, H, W]; at the borders over what is there."""
    rows = F.avg_pool2d(picture, (1, 2 * reach + 1), 1, (0, reach), count_include_pad=False)
    return F.avg_pool2d(rows, (2 * reach + 1, 1), 1, (reach, 0), count_include_pad=False)


def register(before: Tensor, after: Tensor) -> Motion:
    """The motion from luma `before` to luma `after`, [N, H, W] both in [0, 1]."""
    count = len(before)
    peak = correlate(flat(before), flat(after))
    shift = torch.cat([peak, torch.zeros_like(peak)])
    swell = torch.zeros(2 * count)
    before, after = before.repeat(2, 1, 1), after.repeat(2, 1, 1)
    levels = [level for level in LEVELS if min(before.shape[1:]) // level >= SMALLEST or level == 1]
    for level, rounds in zip(levels, ROUNDS[-len(levels) :], strict=True):
        a, b = (flat(F.avg_pool2d(f[:, None], level)[:, 0] if level > 1 else f, max(3, 10 // level)) for f in (before, after))
        for _ in range(rounds):
            shift, swell, likeness = _improve(a, b, shift, swell, level)
    first = likeness[:count] >= likeness[count:]
    return Motion(
        torch.where(first[:, None], shift[:count], shift[count:]), torch.where(first, swell[:count], swell[count:]),
        torch.where(first, likeness[:count], likeness[count:]),
    )


def correlate(a: Tensor, b: Tensor) -> Tensor:
    """Whole-pixel shift [N, 2] from a to b, [N, H, W] both: the peak of their phase correlation under a Hann window."""
    _, height, width = a.shape
    window = torch.outer(torch.hann_window(height), torch.hann_window(width))
    cross = torch.fft.rfft2(b * window) * torch.fft.rfft2(a * window).conj()
    surface = torch.fft.irfft2(cross / (cross.abs() + 1e-2 * cross.abs().mean()), s=(height, width))
    surface = F.avg_pool2d(surface[:, None], 3, 1, 1)[:, 0]
    at = surface.flatten(1).argmax(1)
    y, x = at // width, at % width
    return torch.stack([(x + width // 2) % width - width // 2, (y + height // 2) % height - height // 2], dim=1).float()


def warp(picture: Tensor, shift: Tensor, swell: Tensor) -> tuple[Tensor, Tensor]:
    """[N, H, W] after the motion, and [N, H, W] where it was in the frame. Shifts are in pixels of this picture."""
    _, height, width = picture.shape
    theta = torch.zeros(len(picture), 2, 3)
    scale = (-swell).exp()
    theta[:, 0, 0] = theta[:, 1, 1] = scale
    theta[:, :, 2] = -shift * scale[:, None] * 2 / torch.tensor([width, height])
    grid = F.affine_grid(theta, [len(picture), 1, height, width], align_corners=False)
    inside = (grid.abs() < 1 - 2 / torch.tensor([width, height])).all(-1)
    return F.grid_sample(picture[:, None], grid, padding_mode="border", align_corners=False)[:, 0], inside


def _improve(a: Tensor, b: Tensor, shift: Tensor, swell: Tensor, level: int) -> tuple[Tensor, Tensor, Tensor]:
    """One Gauss-Newton step; the likeness is the one before the step."""
    _, height, width = a.shape
    moved, inside = warp(a, shift / level, swell)
    rest = b - moved
    spread = _median(rest.abs(), inside) * 2 + 1e-3
    weight = inside / (1 + (rest / spread[:, None, None]).square()).square()
    gx = F.pad((moved[:, :, 2:] - moved[:, :, :-2]) / 2, (1, 1))
    gy = F.pad((moved[:, 2:] - moved[:, :-2]) / 2, (0, 0, 1, 1))
    x = (torch.arange(width) - (width - 1) / 2).expand(height, -1) - shift[:, 0, None, None] / level
    y = (torch.arange(height) - (height - 1) / 2)[:, None].expand(-1, width) - shift[:, 1, None, None] / level
    scale = width / 4
    slopes = torch.stack([-gx, -gy, -(gx * x + gy * y) / scale], dim=1).flatten(2)               # [N, 3, H W]
    weighed = slopes * weight.flatten(1)[:, None]
    normal = weighed @ slopes.transpose(1, 2) + 1e-3 * torch.eye(3)
    step = torch.linalg.solve(normal, (weighed @ rest.flatten(1)[:, :, None]))[:, :, 0]
    step = step.clamp(-3, 3)
    likeness = (moved * b * inside).sum((1, 2)) / (
        (moved.square() * inside).sum((1, 2)) * (b.square() * inside).sum((1, 2))).sqrt().clamp(min=1e-6)
    enough = inside.float().mean((1, 2)) > 0.15
    likeness = torch.where(enough, likeness, torch.full_like(likeness, -1))
    return shift + level * step[:, :2], (swell + step[:, 2] / scale).clamp(-0.6, 0.6), likeness


def _median(values: Tensor, inside: Tensor) -> Tensor:
    """Median [N] of values [N, H, W] where inside, of every seventh pixel: sorting all of them is most of the work."""
    masked = torch.where(inside, values, torch.full_like(values, float("nan")))
    return masked.flatten(1)[:, ::7].nanmedian(1).values.nan_to_num(0.0)
