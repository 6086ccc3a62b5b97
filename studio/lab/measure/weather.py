"""Weather, measured on the picture: what falls through it, how, what the contrast lost, how it sways. The camera must stand still.

Its classes are learned from films whose weather is known. It knows no prompts and no models.
Letters: T frames, H and W height and width.
"""

from __future__ import annotations

import torch
from torch import Tensor

from studio.lab.measure.registration import box, flat, grey

FEATURES = ("veil", "specks", "slow fall", "fast fall", "streaks", "sway")
"""How far the coarse picture went from the first frame's towards grey fog; log strength of what changes from frame to frame, in
the coarse contrast's units; how well it goes on when moved down by 2..7 and by 8..15 pixels a frame; log of its steepness across
over along; sideways sway of the picture's top, in pixels."""
FLOOR = torch.tensor([0.08, 0.35, 0.08, 0.08, 0.2, 0.4])
FOG = 0.79
"""Luma of fog. A loss of contrast alone would not tell: fog over a plain picture brings some."""
LAST = 12
"""Frames at the section's end that are looked at: by then the weather is there."""
SLOW, FAST = range(2, 8), range(8, 16)
SIDEWAYS = range(-3, 4)
REACH = 7
"""Pixels that the sway is looked for, each way."""


@torch.no_grad()
def features(frames: Tensor) -> Tensor:
    """FEATURES of frames [T, 3, H, W] in [0, 1]; the first one is the picture before. [6]

    Raises:
        ValueError: there are fewer frames than the look at the section's end needs.
    """
    if len(frames) <= LAST:
        raise ValueError(f"Weather needs more than {LAST} frames, not {len(frames)}.")
    luma = grey(frames.float())
    coarse = box(luma[:, None], 6)[:, 0]
    last = luma[-LAST:]
    fine = last - box(last[:, None], 5)[:, 0]
    specks = fine - fine.median(0).values
    strength = specks.square().mean().sqrt() / (0.3 * coarse[0].std() + 0.02)
    onward = _onward(specks)
    slow, fast = (torch.stack([onward[y, x] for y in falls for x in SIDEWAYS]).amax() for falls in (SLOW, FAST))
    across, along = specks.diff(dim=2).square().mean(), specks.diff(dim=1).square().mean()
    steep = ((across + 1e-7) / (along + 1e-7)).log() / 2
    there = (strength / 0.05).clamp(max=1)          # without specks their way means nothing
    return torch.stack([
        veil(coarse[0], coarse[-3:].mean(0)), (strength + 0.02).log(), slow * there, fast * there, steep * there, sway(luma),
    ])


def veil(first: Tensor, last: Tensor) -> Tensor:
    """The share [] of FOG that explains best how a luma [H, W] changed."""
    away = FOG - first
    return ((last - first) * away).mean() / (away.square().mean() + 1e-3)


def _onward(specks: Tensor) -> Tensor:
    """Correlation of each frame with the next one when moved by [down, right] pixels, round and round: [H, W]."""
    spectrum = torch.fft.rfft2(specks)
    product = (spectrum[:-1].conj() * spectrum[1:]).sum(0)
    energy = (specks[:-1].square().sum() * specks[1:].square().sum()).sqrt()
    return torch.fft.irfft2(product, s=specks.shape[1:]) / energy.clamp(min=1e-9)


def sway(luma: Tensor) -> Tensor:
    """Root mean square of the way sideways of the picture's top third, less that of its bottom third; luma [T, H, W]."""
    later = flat(luma[len(luma) // 2 :: 2], 6)
    first = flat(luma[:1], 6)
    third = luma.shape[1] // 3
    top, bottom = (_aside(first[:, rows], later[:, rows]) for rows in (slice(0, third), slice(-third, None)))
    return (top - bottom).clamp(min=0)


def _aside(first: Tensor, later: Tensor) -> Tensor:
    """Root mean square of the shift sideways [] of strips of 40 pixels of `later` [T, h, W] against `first` [1, h, W]."""
    width = first.shape[2]
    wide = min(40, width - 2 * REACH)
    ways = torch.arange(-REACH, REACH + 1)
    moved = torch.stack([later.roll(-int(way), 2) for way in ways])                          # [R, T, h, W]
    inner = slice(REACH, REACH + (width - 2 * REACH) // wide * wide)

    def strips(picture: Tensor) -> Tensor:
        return picture[..., inner].unflatten(-1, (-1, wide)).sum(dim=(-3, -1))

    alike = strips(moved * first) / (strips(moved.square()) * strips(first.square())).sqrt().clamp(min=1e-6)   # [R, T, strips]
    best = alike.max(dim=0)
    shifts = ways[best.indices].float() * (best.values > 0.3)
    return shifts.square().mean().sqrt()


