"""Keeps new ground from drifting in colour: its mean colours stay in the range that the picture has nearest to it.

Joined pieces go on with the slopes of colour of what they were copied from. A sky that darkens upwards would darken on and on, the
more pieces lie on top of each other, until it is black.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from studio.media.opencv import opencv

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
Pixels = NDArray[np.uint8]

BAND = 0.25
"""Share of the picture's height or width, from the edge inwards, whose colours the ground may have."""
MEAN = 0.04
"""Means of colour are taken over about so much, as a share of the square root of the picture's area."""
ALONG = 0.12
"""Share of the width over which the limits of ground above and below are averaged along the edge."""
RAMP = 0.06
"""How far from the known picture, as a share of the square root of the area, the limits hold fully."""
SMALL = 8
"""Pixels of a pixel that means are counted on."""


@dataclass(frozen=True)
class Limits:
    """The lowest and highest mean colours of ground, from 0 to 1, [H, 1, 3] or [1, W, 3].

    Attributes:
        low: what the means may not go below.
        high: what they may not go above.
    """

    low: Floats
    high: Floats


def limits_of(picture: Pixels, side: str, before: int = 0, after: int = 0) -> Limits:
    """The limits of the ground beyond one side of a picture.

    Args:
        picture: [H, W, 3], before anything was added to it.
        side: `left`, `top`, `right` or `bottom`.
        before: pixels that the ground goes further than the picture along this side, at its beginning.
        after: the same at its end.
    """
    axis, first = 1 if side in ("left", "right") else 0, side in ("left", "top")
    length = picture.shape[1 - axis]
    means = _means(picture.astype(np.float32) / np.float32(255))
    band = max(1, round(BAND * means.shape[axis]))
    near = means.take(range(band) if first else range(means.shape[axis] - band, means.shape[axis]), axis)
    parts = []
    for part in (near.min(axis, keepdims=True), near.max(axis, keepdims=True)):
        if axis == 0:
            part = _blur(part, ALONG * means.shape[1], 0)
        shape = (length, 1) if axis == 0 else (1, length)
        wide = np.asarray(opencv().resize(part, shape, interpolation=opencv().INTER_LINEAR)).reshape(*shape[::-1], 3)
        pads = [(0, 0)] * 3
        pads[1 - axis] = (before, after)
        parts.append(np.pad(wide, pads, mode="edge"))
    return Limits(*parts)


def bound(colours: Floats, hole: Bools, limits: Limits) -> Floats:
    """Returns what to add to the colours [H, W, 3] of the hole [H, W] so that their means stay within the limits."""
    cv2 = opencv()
    height, width = hole.shape
    means = np.asarray(cv2.resize(_means(colours), (width, height), interpolation=cv2.INTER_LINEAR))
    away = cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 3)
    ramp = (away / np.float32(RAMP * math.sqrt(hole.size))).clip(0, 1)[..., None]
    return np.asarray((means.clip(limits.low, limits.high) - means) * ramp)


def _means(colours: Floats) -> Floats:
    """The mean colours around each place, on a picture SMALL times smaller."""
    cv2 = opencv()
    height, width = colours.shape[:2]
    size = max(1, round(width / SMALL)), max(1, round(height / SMALL))
    sigma = MEAN * math.sqrt(size[0] * size[1])
    return _blur(np.asarray(cv2.resize(colours, size, interpolation=cv2.INTER_AREA)), sigma, sigma)


def _blur(values: Floats, across: float, down: float) -> Floats:
    """The values [h, w, 3] averaged with these standard deviations; beyond the edges lie the edge's own values."""
    cv2 = opencv()
    return np.asarray(cv2.GaussianBlur(values, (0, 0), max(0.01, across), sigmaY=max(0.01, down), borderType=cv2.BORDER_REPLICATE))
