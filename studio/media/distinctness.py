"""Says how distinct each place of a picture is: high on an object that occurs once, low in sky, grass, walls and water.

A place is described by the means of colour and of slopes around it, so that two pieces of one texture look alike although none of
their pixels do. It is distinct if no other place at about its height is described alike.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

CELL, AROUND = 4, 1
"""Pixels of a cell, each way, and how many cells on each side of it belong to its description."""
FAR = 3
"""Cells at most so far away do not count as another place."""
BAND = 0.3
"""Share of the picture's height within which alike places are searched."""
SLOPE_WEIGHT = 2.0
HIGH, LEAST_HIGH = 0.9, 0.015
"""A place is fully distinct if no larger share of the picture's places has smaller distances, and its own is at least so large."""


def distinctness(colours: Floats, known: Bools, high: float = HIGH) -> Floats:
    """Returns for each pixel how distinct its place is, from 0 to 1, [H, W].

    Args:
        colours: [H, W, 3], from 0 to 1.
        known: [H, W]; other pixels are neither described nor compared with.
        high: the share of places that are less than fully distinct, from 0 to 1.
    """
    height, width = known.shape
    cells, share = _cells(colours, known)
    rows, columns = share.shape
    described = share > 0.5
    padded = np.pad(cells, ((AROUND, AROUND), (AROUND, AROUND), (0, 0)), mode="edge")
    around = [padded[y:y + rows, x:x + columns] for y in range(2 * AROUND + 1) for x in range(2 * AROUND + 1)]
    texts = np.stack(around, 2).reshape(rows, columns, -1) / np.float32(2 * AROUND + 1)
    result = np.zeros((rows, columns), np.float32)
    places_y, places_x = np.nonzero(described)
    if len(places_y) < 2:
        return np.zeros((height, width), np.float32)
    listed = texts[places_y, places_x]
    squares = (listed * listed).sum(1)
    for row in range(rows):
        here = np.flatnonzero(places_y == row)
        near = np.flatnonzero(np.abs(places_y - row) <= max(2, BAND * rows))
        distance = squares[here, None] + squares[None, near] - 2 * listed[here] @ listed[near].T
        too_near = (np.abs(places_x[here, None] - places_x[None, near]) <= FAR) & (
            np.abs(places_y[here, None] - places_y[None, near]) <= FAR)
        distance[too_near] = np.inf
        best = distance.min(1, initial=np.inf)
        result[row, places_x[here]] = np.where(np.isfinite(best), best.clip(0), 0)
    most = max(float(np.quantile(result[described], high)), LEAST_HIGH)
    return _enlarge((result / most).clip(0, 1) ** np.float32(1.5), height, width)


def _cells(colours: Floats, known: Bools) -> tuple[Floats, Floats]:
    """The description of each cell [rows, columns, 5], and which share of it is known."""
    height, width = known.shape
    luma = colours.mean(2)
    slope_y, slope_x = np.zeros_like(luma), np.zeros_like(luma)
    slope_y[:-1] = np.abs(luma[1:] - luma[:-1]) * (known[1:] & known[:-1])
    slope_x[:, :-1] = np.abs(luma[:, 1:] - luma[:, :-1]) * (known[:, 1:] & known[:, :-1])
    stacked = np.concatenate([colours, SLOPE_WEIGHT * np.stack([slope_y, slope_x], 2), np.ones((height, width, 1))], 2)
    stacked = (stacked * known[..., None]).astype(np.float32)
    stacked = np.pad(stacked, ((0, -height % CELL), (0, -width % CELL), (0, 0)))
    sums = stacked.reshape(stacked.shape[0] // CELL, CELL, stacked.shape[1] // CELL, CELL, 6).mean((1, 3))
    return sums[..., :5] / np.maximum(sums[..., 5:], 1e-6), sums[..., 5]


def _enlarge(cells: Floats, height: int, width: int) -> Floats:
    """The values of cells spread to their pixels and one cell further, so that what stands out is inside with its border."""
    padded = np.pad(cells, 1, mode="edge")
    rows, columns = cells.shape
    wide = np.max([padded[y:y + rows, x:x + columns] for y in range(3) for x in range(3)], 0)
    return wide.repeat(CELL, 0).repeat(CELL, 1)[:height, :width]
