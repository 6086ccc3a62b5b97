"""The look of pictures in numbers: sharpness, contrast, palette, and where their edges lie. By these, takes of a film are compared.

All measures are of single frames [H, W, 3] in RGB; a clip's are the means over FRAMES of its frames, from the first to the last.
None of them knows what was asked for: night, fog and a zoom change them too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from studio.media.clip import Frame, spread_frames
from studio.media.opencv import opencv

Floats = NDArray[np.float32]

FRAMES = 5
"""Frames of a clip that are measured."""
LEVELS = 6
"""Levels of each colour in a palette's histogram."""
WIDTHS = (256, 128, 64)
"""Widths in pixels at which edges are described."""
GRID, DIRECTIONS = 3, 9
"""Edges are described by histograms of their directions, one for each cell of a grid of so many rows and columns."""


@dataclass(frozen=True)
class LookMeasures:
    """The look of a picture or a clip."""

    sharpness: float               # see `sharpness`
    mean: tuple[float, ...]        # of L, a and b of CIELAB
    deviation: tuple[float, ...]   # standard deviations of L, a and b; that of L is the contrast
    palette: tuple[float, ...]     # see `palette`
    edges: tuple[float, ...]       # see `edges`

    @property
    def contrast(self) -> float:
        """The standard deviation of the lightness, from 0 to 50."""
        return self.deviation[0]


def clip_look(path: Path) -> LookMeasures:
    """The look of a clip. Raises MediaError: it cannot be read."""
    return look_of(spread_frames(path, FRAMES))


def look_of(frames: Sequence[Frame]) -> LookMeasures:
    """The mean look of frames, at least one."""
    statistics = [lab_statistics(frame) for frame in frames]
    return LookMeasures(
        float(np.mean([sharpness(_light(frame)) for frame in frames])),
        _mean([mean for mean, _ in statistics]),
        _mean([deviation for _, deviation in statistics]),
        _mean([palette(_light(frame)) for frame in frames]),
        _mean([edges(frame) for frame in frames]),
    )


def sharpness(frame: Floats) -> float:
    """The deviation of the fine detail of a frame [H, W, 3] in [0, 1] over that of the coarse picture, so that light cancels."""
    cv2 = opencv()
    luma = frame @ np.array([0.299, 0.587, 0.114], np.float32)
    inside = cv2.boxFilter(np.ones_like(luma), -1, (5, 5), normalize=False, borderType=cv2.BORDER_CONSTANT)
    coarse = cv2.boxFilter(luma, -1, (5, 5), normalize=False, borderType=cv2.BORDER_CONSTANT) / inside
    return float((luma - coarse).std(ddof=1) / max(float(coarse.std(ddof=1)), 1e-6))


def lab(frame: Frame | Floats) -> Floats:
    """A frame [H, W, 3] in CIELAB, [H, W, 3]: L from 0 to 100, a and b from about -100 to 100."""
    cv2 = opencv()
    return np.asarray(cv2.cvtColor(_light(frame), cv2.COLOR_RGB2LAB))


def lab_statistics(frame: Frame) -> tuple[Floats, Floats]:
    """The means and the standard deviations of L, a and b, each [3]."""
    values = lab(frame).reshape(-1, 3).astype(np.float64)
    return values.mean(0).astype(np.float32), values.std(0).astype(np.float32)


def palette(frame: Floats) -> Floats:
    """The share of each of LEVELS^3 colours in a frame [H, W, 3] in [0, 1], as [LEVELS^3]."""
    level = (frame.clip(0, 1) * LEVELS).astype(np.int64).clip(max=LEVELS - 1)
    codes = (level[..., 0] * LEVELS + level[..., 1]) * LEVELS + level[..., 2]
    return (np.bincount(codes.ravel(), minlength=LEVELS**3) / codes.size).astype(np.float32)


def palette_distance(one: Sequence[float] | Floats, other: Sequence[float] | Floats) -> float:
    """The total variation between two palettes: 0 for the same palette, 1 for no colour in common."""
    return float(np.abs(np.asarray(one) - np.asarray(other)).sum()) / 2


def edges(frame: Frame) -> Floats:
    """Where a frame's edges lie and which way they run, at several scales.

    These are histograms of oriented gradients (Dalal and Triggs, 2005). Gradients are divided by their mean around each place, so
    that light cancels. The mean of all entries is 0, so that the cosine of two pictures with nothing in common is about 0. It is
    no measure of who or what is seen.

    Returns:
        [len(WIDTHS) * GRID^2 * DIRECTIONS]
    """
    cv2 = opencv()
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float32)
    found = []
    for width in WIDTHS:
        height = max(GRID, round(width * grey.shape[0] / grey.shape[1]))
        small = cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA)
        across, down = cv2.Sobel(small, cv2.CV_32F, 1, 0), cv2.Sobel(small, cv2.CV_32F, 0, 1)
        strength = np.hypot(across, down)
        strength = strength / (cv2.GaussianBlur(strength, (0, 0), width / 8) + 1)
        direction = ((np.arctan2(down, across) % np.pi) / np.pi * DIRECTIONS).astype(int).clip(0, DIRECTIONS - 1)
        rows, columns = np.linspace(0, height, GRID + 1, dtype=int), np.linspace(0, width, GRID + 1, dtype=int)
        for top, bottom in pairwise(rows):
            for left, right in pairwise(columns):
                cell = np.s_[top:bottom, left:right]
                histogram = np.bincount(direction[cell].ravel(), strength[cell].ravel(), DIRECTIONS)
                found.append(histogram / (np.linalg.norm(histogram) + 1e-6))
    values = np.concatenate(found)
    return (values - values.mean()).astype(np.float32)


def cosine(one: Sequence[float], other: Sequence[float]) -> float | None:
    """The cosine of two descriptions, from -1 to 1; None where one of them is 0, as that of the edges of a black frame is."""
    a, b = np.asarray(one, np.float64), np.asarray(other, np.float64)
    length = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / length if length > 1e-9 else None


def _light(frame: Frame | Floats) -> Floats:
    """The frame in [0, 1], which it is in already if it holds no levels."""
    if frame.dtype == np.float32:
        return np.asarray(frame, np.float32)
    return frame.astype(np.float32) / np.float32(255)


def _mean(values: Sequence[Floats]) -> tuple[float, ...]:
    return tuple(np.mean(values, axis=0).astype(float).tolist())
