"""How much two clips of the same length differ: as a figure, and as a picture of where."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from studio.media.clip import Frame, Frames

Part = NDArray[np.bool_]
"""[T, H, W] pixels of a clip."""

GAIN = 4
"""How many times as bright differences are drawn."""
VISIBLE = 8
"""Levels of 255 from which on a difference counts as visible."""
EDGE = (242, 147, 92)
"""RGB of the line around the part that is looked at."""


def psnr(one: Frames, other: Frames, part: Part | None = None) -> float | None:
    """Peak signal-to-noise ratio in decibels; None where both are equal, pixel for pixel.

    Args:
        one, other: [T, H, W, 3].
        part: the pixels that count; None: all. At least one.
    """
    errors = _errors(one, other, part)
    total, count = float(errors.sum()), (one.size if part is None else 3 * int(part.sum()))
    return 10 * math.log10(255**2 * count / total) if total else None


def mean_change(one: Frames, other: Frames) -> float:
    """The mean difference of two clips [T, H, W, 3], in levels of 255."""
    return sum(float(_distance(a, b).sum(dtype=np.int64)) for a, b in zip(one, other, strict=True)) / one.size


def visible_difference(one: Frames, other: Frames) -> Part:
    """The pixels in which two clips differ visibly."""
    return np.stack([_distance(a, b).max(axis=2) >= VISIBLE for a, b in zip(one, other, strict=True)])


def draw_difference(one: Frames, other: Frames, part: Part | None = None) -> Frame:
    """The frame in which the clips differ most, within `part`: black where they are the same, and a line around the part."""
    at = int(_errors(one, other, part).argmax())
    picture = (GAIN * _distance(one[at], other[at])).clip(0, 255).astype(np.uint8)
    if part is not None:
        picture[_edge(part[at])] = EDGE
    return picture


def _errors(one: Frames, other: Frames, part: Part | None) -> NDArray[np.float64]:
    """The sum of squared differences of each frame, [T]. A frame at a time: all of them in floating point fill the memory."""
    sums = []
    for at, (a, b) in enumerate(zip(one, other, strict=True)):
        squares = _distance(a, b) ** 2
        sums.append(float((squares if part is None else squares[part[at]]).sum(dtype=np.float64)))
    return np.array(sums)


def _distance(one: Frame, other: Frame) -> NDArray[np.int32]:
    return np.abs(one.astype(np.int32) - other)


def _edge(part: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels of the part [H, W] beside one that is not of it."""
    inner = part.copy()
    inner[1:] &= part[:-1]
    inner[:-1] &= part[1:]
    inner[:, 1:] &= part[:, :-1]
    inner[:, :-1] &= part[:, 1:]
    edge: NDArray[np.bool_] = part & ~inner
    return edge
