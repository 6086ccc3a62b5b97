"""Lets texture pass from a picture's roughness to that of new ground beside it, so that the border between them does not stand out.

Where fur or grass is copied beside something smooth, the first step from one to the other would be as long as those in the fur: a
line that is rougher than what lies on its one side, all along the border.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

INWARDS = 12
"""Pixels of the picture, from the border inwards, whose steps are counted."""
ALONG = 24
"""Pixels to each side along the border over which steps are averaged."""


def kept_share(
    colours: Floats, source: Bools, wanted: Floats, y: NDArray[np.intp], x: NDArray[np.intp], axis: int
) -> Floats:
    """Returns the share of each step to keep, [N, 1]: less than 1 where new ground would be rougher than the picture beside it.

    Across the border the steps come to the geometric mean of those of the picture and of the ground.

    Args:
        colours: [H, W, 3] of the picture.
        source: [H, W], what of it is known.
        wanted: [N, 3], the steps of colour from pixels to the next ones along the axis.
        y: [N], the rows of these pixels.
        x: [N], their columns.
        axis: 0: steps down, 1: steps to the right.
    """
    move = np.array([axis == 0, axis == 1], int)
    last = np.array(source.shape) - 1
    here, there = np.stack([y, x], 1), np.stack([y, x], 1) + move
    known, next_known = source[tuple(here.T)], source[tuple(there.T)]
    result = np.ones((len(y), 1), np.float32)
    for border, first, inwards in ((known & ~next_known, here, -move), (next_known & ~known, there, move)):
        at = np.flatnonzero(border)
        if not len(at):
            continue
        found = np.zeros(len(at), np.float32)
        for far in range(INWARDS):
            one, other = (tuple((first[at] + inwards * steps).clip(0, last).T) for steps in (far, far + 1))
            found += np.abs(colours[one] - colours[other]).mean(1)
        place = first[at, 1 - axis] - first[at, 1 - axis].min()
        picture, ground = (_sums_along(values, place) for values in (found / np.float32(INWARDS), np.abs(wanted[at]).mean(1)))
        result[at, 0] = np.sqrt(picture / np.maximum(ground, np.float32(1e-6))).clip(0, 1)[place]
    return result


def _sums_along(values: Floats, place: NDArray[np.intp]) -> Floats:
    """Sums of the values at most ALONG pixels from each place along a border; only their ratio to other such sums counts."""
    line = np.zeros(int(place.max()) + 1, np.float32)
    np.add.at(line, place, values)
    return np.convolve(np.pad(line, ALONG), np.ones(2 * ALONG + 1, np.float32), "valid")
