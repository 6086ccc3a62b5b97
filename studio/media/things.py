"""Finds things: what stands out from its surroundings, such as a boat on the sea, a lamp post before houses or books on a wall.

A place belongs to a thing if its colour is far from the median colour around it, measured by how far colours around it usually are.
So the leaves of a wood and the waves of a sea, which are as far from their medians everywhere, are none. Fainter parts, gaps and
holes of a thing can be added to it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from studio.media.opencv import opencv

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
Distances = tuple[NDArray[np.int64], NDArray[np.int64]]

AROUND, WIDE = 8, 4
"""The shorter side of a picture over the reach of medians of colour, and of means of how far colours are from those."""
SMALL, COMPACT = (24, 40), 8
"""The same for two medians around small things, and for the length of the longest of those: of longer ones are textures made."""
MOST = 127
"""Pixels that a median reaches at most, which OpenCV's counters allow."""
FAR, LESS_FAR = 3, 2
"""How many times as far as usual a thing's colour is from its surroundings', and that of what belongs to it."""
STEADY = 4
"""Added to how far is usual, in levels of 255: in a clear sky a little noise is nothing that stands out."""
GAP, HOLE, PART = 7, 0.005, 0.5
"""Pixels of the gaps in a thing that are closed, the share of a square of the picture's shorter side that a hole in it has at most,
and the share of a part of it, at least, that stands out as things do."""


def find_things(colours: Floats, small: bool = False, whole: bool = False) -> Bools:
    """Returns which pixels of a picture [H, W, 3], from 0 to 1, belong to things or to their borders, [H, W].

    Things are narrower than about a quarter of its shorter side, each way or one way: of larger ones the edges are found.

    Args:
        colours: the picture.
        small: whether small things are looked for too that stand out only from what is close to them, as birds before clouds do.
        whole: whether parts of things are found too that stand out less, and what lies in their gaps and holes, as in a lattice
            mast. Otherwise a thing is found in pieces.
    """
    cv2, side = opencv(), min(colours.shape[:2])
    lab = cv2.cvtColor(np.rint(colours.clip(0, 1) * 255).astype(np.uint8), cv2.COLOR_RGB2LAB)
    around, close = _how_far(lab, side // AROUND), [_how_far(lab, side // share) for share in (SMALL if small else ())]
    found = _found(around, close, FAR)
    return _closed(found | _parts(_found(around, close, LESS_FAR), found)) if whole else found


def _found(around: Distances, close: list[Distances], times: int) -> Bools:
    """Which pixels are so many times as far as usual from what is around them, or from what is close in a small part; [H, W]."""
    cv2, found = opencv(), around[0] > times * around[1]
    for far, usual in close:
        _, numbers, boxes, _ = cv2.connectedComponentsWithStats((far > times * usual).astype(np.uint8), connectivity=8)
        compact = boxes[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(1) <= min(found.shape) // COMPACT
        found |= compact[numbers] & (numbers > 0)
    return np.asarray(cv2.dilate(found.astype(np.uint8), np.ones((3, 3), np.uint8))).astype(bool)


def _how_far(lab: NDArray[np.uint8], reach: int) -> Distances:
    """How far pixels are from the median of those up to `reach` away, and how far is usual around them, [H, W] each.

    Both are multiplied by the pixels of a mean, so that they stay whole numbers.
    """
    cv2, wide = opencv(), 2 * (min(lab.shape[:2]) // WIDE) + 1
    around = 2 * min(reach, MOST) + 1
    middle = np.stack([cv2.medianBlur(np.ascontiguousarray(lab[..., channel]), around) for channel in range(3)], axis=2)
    far = np.asarray(cv2.absdiff(lab, middle)).max(axis=2)
    # The mean, and not a median as well: of spots that cover a third of a meadow the median is 0, and they are its texture.
    # In whole numbers, which have one sum on any machine.
    usual = np.asarray(cv2.boxFilter(far, cv2.CV_32S, (wide, wide), normalize=False)) + STEADY * wide**2
    return far.astype(np.int64) * wide**2, usual.astype(np.int64)


def _parts(less: Bools, found: Bools) -> Bools:
    """The connected parts of what stands out less [H, W] of which PART was found: leaves are no part of the bird on them."""
    _, numbers, boxes, _ = opencv().connectedComponentsWithStats(less.astype(np.uint8), connectivity=8)
    kept = np.bincount(numbers[found], minlength=len(boxes)) >= PART * boxes[:, opencv().CC_STAT_AREA]
    kept[0] = False
    return np.asarray(kept[numbers])


def _closed(found: Bools) -> Bools:
    """What was found [H, W], with its gaps and its holes."""
    cv2, height, width = opencv(), *found.shape
    padded = np.pad(found.astype(np.uint8), GAP)               # so that nothing is closed against the picture's edge
    round_one = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (GAP, GAP))
    closed = np.asarray(cv2.morphologyEx(padded, cv2.MORPH_CLOSE, round_one))[GAP:-GAP, GAP:-GAP]
    _, numbers, boxes, _ = cv2.connectedComponentsWithStats(1 - closed, connectivity=4)
    left, top = boxes[:, cv2.CC_STAT_LEFT], boxes[:, cv2.CC_STAT_TOP]
    right, bottom = left + boxes[:, cv2.CC_STAT_WIDTH], top + boxes[:, cv2.CC_STAT_HEIGHT]
    inside = (left > 0) & (top > 0) & (right < width) & (bottom < height)
    hole = inside & (boxes[:, cv2.CC_STAT_AREA] <= HOLE * min(height, width) ** 2)
    hole[0] = False                                            # the number of what is closed itself
    return np.asarray((closed > 0) | hole[numbers])
