"""Features of weather: what falls through the picture and how fast, how much fog there is, and how the picture sways.

The classes are learned from films whose weather is known (`learn_classes.py`). The camera must stand still.
Letters: T frames, H and W height and width.
"""

from __future__ import annotations

import torch
from torch import Tensor

from studio.lab.measure.frame_motion import box_mean, grey, remove_light

FEATURES = ("veil", "specks", "slow fall", "fast fall", "streaks", "sway")
"""Share of fog in the coarse picture, against the first frame; log strength of the specks that change from frame to frame, in units
of the coarse contrast; correlation of the specks with the next frame's when moved down by 2..7 and by 8..15 pixels; log ratio of
their gradients across and along; sideways sway of the picture's top, in pixels."""
FLOOR = torch.tensor([0.08, 0.35, 0.08, 0.08, 0.2, 0.4])
FOG = 0.79
"""Luma of fog. A loss of contrast alone would not show fog: over a plain picture, fog adds contrast."""
LAST = 12
"""Frames at the section's end that are measured: by then the weather has developed."""
SLOW, FAST = range(2, 8), range(8, 16)
"""Pixels a frame downwards."""
SIDEWAYS = range(-3, 4)
"""Pixels a frame to the right."""
REACH = 7
"""Largest sway that is looked for, in pixels to each side."""


@torch.no_grad()
def features(frames: Tensor) -> Tensor:
    """Returns FEATURES [6] of frames [T, 3, H, W] in [0, 1]; the first one is the picture before the section.

    Raises:
        ValueError: there are too few frames.
    """
    if len(frames) <= LAST:
        raise ValueError(f"Weather needs more than {LAST} frames, not {len(frames)}.")
    luma = grey(frames.float())
    coarse = box_mean(luma[:, None], 6)[:, 0]
    last = luma[-LAST:]
    fine = last - box_mean(last[:, None], 5)[:, 0]
    specks = fine - fine.median(0).values
    strength = specks.square().mean().sqrt() / (0.3 * coarse[0].std() + 0.02)
    correlation = _next_frame_correlation(specks)
    slow, fast = (torch.stack([correlation[y, x] for y in falls for x in SIDEWAYS]).amax() for falls in (SLOW, FAST))
    across, along = specks.diff(dim=2).square().mean(), specks.diff(dim=1).square().mean()
    steep = ((across + 1e-7) / (along + 1e-7)).log() / 2
    present = (strength / 0.05).clamp(max=1)        # without specks their direction means nothing
    return torch.stack([
        veil(coarse[0], coarse[-3:].mean(0)), (strength + 0.02).log(), slow * present, fast * present, steep * present, sway(luma),
    ])


def veil(first: Tensor, last: Tensor) -> Tensor:
    """Returns the share [] of FOG that best explains how a luma [H, W] changed."""
    away = FOG - first
    return ((last - first) * away).mean() / (away.square().mean() + 1e-3)


def _next_frame_correlation(specks: Tensor) -> Tensor:
    """Returns [H, W]: the correlation of the frames with the next ones when shifted cyclically by [down, right] pixels."""
    spectrum = torch.fft.rfft2(specks)
    product = (spectrum[:-1].conj() * spectrum[1:]).sum(0)
    energy = (specks[:-1].square().sum() * specks[1:].square().sum()).sqrt()
    return torch.fft.irfft2(product, s=specks.shape[1:]) / energy.clamp(min=1e-9)


def sway(luma: Tensor) -> Tensor:
    """Returns the RMS sideways shift of the picture's top third less that of its bottom third; luma is [T, H, W]."""
    later = remove_light(luma[len(luma) // 2 :: 2], 6)
    first = remove_light(luma[:1], 6)
    third = luma.shape[1] // 3
    top, bottom = (_sideways_shift(first[:, rows], later[:, rows]) for rows in (slice(0, third), slice(-third, None)))
    return (top - bottom).clamp(min=0)


def _sideways_shift(first: Tensor, later: Tensor) -> Tensor:
    """Returns the RMS sideways shift [] of strips of 40 pixels of `later` [T, h, W] against `first` [1, h, W]."""
    width = first.shape[2]
    strip = min(40, width - 2 * REACH)
    candidates = torch.arange(-REACH, REACH + 1)
    moved = torch.stack([later.roll(-int(shift), 2) for shift in candidates])          # [R, T, h, W]
    inner = slice(REACH, REACH + (width - 2 * REACH) // strip * strip)

    def strips(picture: Tensor) -> Tensor:
        return picture[..., inner].unflatten(-1, (-1, strip)).sum(dim=(-3, -1))

    energy = strips(moved.square()) * strips(first.square())
    correlation = strips(moved * first) / energy.sqrt().clamp(min=1e-6)                      # [R, T, strips]
    best = correlation.max(dim=0)
    shifts = candidates[best.indices].float() * (best.values > 0.3)
    return shifts.square().mean().sqrt()


