"""Distances over a picture along the ways that cross the least colour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

SWEEPS = 6
STEP = 1.0
"""What one pixel of the way costs beside the colour that it crosses, in units of the colours."""


def distance(colours: Floats, seeds: Bools) -> Floats:
    """Returns for each pixel the least cost of a way from it to a seed, [H, W]; infinite without seeds.

    A way goes along rows and columns. It costs STEP for each pixel and the difference of colour between neighbours.

    Args:
        colours: [H, W, C].
        seeds: [H, W].
    """
    away: Floats = np.where(seeds, np.float32(0), np.float32(np.inf))
    down = np.sqrt(np.square(np.diff(colours, axis=0)).sum(2)) + np.float32(STEP)
    right = np.sqrt(np.square(np.diff(colours, axis=1)).sum(2)) + np.float32(STEP)
    for _ in range(SWEEPS):
        before = away.copy()
        for lines, cost in ((away, down), (away.T, right.T)):
            for line in range(1, len(lines)):
                np.minimum(lines[line], lines[line - 1] + cost[line - 1], out=lines[line])
            for line in range(len(lines) - 2, -1, -1):
                np.minimum(lines[line], lines[line + 1] + cost[line], out=lines[line])
        if np.array_equal(before, away):
            break
    return away
