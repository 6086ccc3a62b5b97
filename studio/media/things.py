"""Finds things: what stands out from its surroundings, such as a boat on the sea, a lamp post before houses or books on a wall.

A place belongs to a thing if its colour is far from the median colour around it, measured by how far colours around it usually are.
So the leaves of a wood and the waves of a sea, which are as far from their medians everywhere, are none.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from studio.media.opencv import opencv

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

AROUND, WIDE = 8, 4
"""The shorter side of a picture over the reach of medians of colour, and of means of how far colours are from those."""
SMALL, COMPACT = (24, 40), 8
"""The same for two medians around small things, and for the length of the longest of those: of longer ones are textures made."""
MOST = 127
"""Pixels that a median reaches at most, which OpenCV's counters allow."""
FAR = 3
"""How many times as far as usual a thing's colour is from its surroundings'."""
STEADY = 4
"""Added to how far is usual, in levels of 255: in a clear sky a little noise is nothing that stands out."""


def find_things(colours: Floats, small: bool = False) -> Bools:
    """Returns which pixels of a picture [H, W, 3], from 0 to 1, belong to things or to their borders, [H, W].

    Things are narrower than about a quarter of its shorter side, each way or one way: of larger ones the edges are found.

    Args:
        colours: the picture.
        small: whether small things are looked for too that stand out only from what is close to them, as birds before clouds do.
    """
    cv2, side = opencv(), min(colours.shape[:2])
    lab = cv2.cvtColor(np.rint(colours.clip(0, 1) * 255).astype(np.uint8), cv2.COLOR_RGB2LAB)
    found = _far(lab, side // AROUND)
    for share in SMALL if small else ():
        _, parts, boxes, _ = cv2.connectedComponentsWithStats(_far(lab, side // share).astype(np.uint8), connectivity=8)
        compact = boxes[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(1) <= side // COMPACT
        found |= compact[parts] & (parts > 0)
    return np.asarray(cv2.dilate(found.astype(np.uint8), np.ones((3, 3), np.uint8))).astype(bool)


def _far(lab: NDArray[np.uint8], reach: int) -> Bools:
    """Which pixels of a picture [H, W, 3] are far from the median of those that lie up to `reach` away, [H, W]."""
    cv2, wide = opencv(), 2 * (min(lab.shape[:2]) // WIDE) + 1
    around = 2 * min(reach, MOST) + 1
    middle = np.stack([cv2.medianBlur(np.ascontiguousarray(lab[..., channel]), around) for channel in range(3)], axis=2)
    far = np.asarray(cv2.absdiff(lab, middle)).max(axis=2)
    # The mean, and not a median as well: of spots that cover a third of a meadow the median is 0, and they are its texture.
    # In whole numbers, which have one sum on any machine.
    usual = np.asarray(cv2.boxFilter(far, cv2.CV_32S, (wide, wide), normalize=False)) + STEADY * wide**2
    found: Bools = far.astype(np.int64) * wide**2 > FAR * usual
    return found
