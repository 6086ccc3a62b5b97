"""Noise and random positions on an endless plane: the same at every point, whichever part of the plane is drawn.

Lengths are in units of 1/128 of the frame's height, so that a scene is the same in every size. The origin is the middle of a
film's first view.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Area:
    """A part of a plane, in pixels from the origin."""

    left: int
    top: int
    width: int
    height: int
    unit: float        # pixels per unit

    def span(self) -> tuple[float, float, float, float]:
        """Returns left, top, right and bottom in units."""
        return (self.left / self.unit, self.top / self.unit,
                (self.left + self.width) / self.unit, (self.top + self.height) / self.unit)

    def across(self) -> Tensor:
        """Returns x of the pixels' middles in units, [1, 1, W]."""
        return ((torch.arange(self.width) + 0.5 + self.left) / self.unit).view(1, 1, -1)

    def down(self) -> Tensor:
        """Returns y of the pixels' middles in units, [1, H, 1]."""
        return ((torch.arange(self.height) + 0.5 + self.top) / self.unit).view(1, -1, 1)


Areas = Callable[[float], Area]
"""Gives the visible area of a layer by the layer's inverse depth."""


def _hash(x: np.ndarray) -> np.ndarray:
    """Hashes 64-bit numbers by the last step of splitmix64."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(x ^ (x >> np.uint64(31)))


def _lattice(key: int, channels: int, rows: np.ndarray, columns: np.ndarray) -> Tensor:
    """Pseudo-random numbers of mean 0 and deviation 1 at the points of a lattice, [channels, rows, columns]."""
    with np.errstate(over="ignore"):
        c = _hash(np.arange(1, channels + 1, dtype=np.uint64) + np.uint64(key & 0xFFFFFFFF) * np.uint64(0x9E3779B97F4A7C15))
        y = rows.astype(np.int64).astype(np.uint64) * np.uint64(0xD1B54A32D192ED03)
        x = columns.astype(np.int64).astype(np.uint64) * np.uint64(0xA24BAED4963EE407)
        h = _hash(c[:, None, None] + y[None, :, None] + x[None, None, :])
    low, high = (h & np.uint64(0xFFFFFF)).astype(np.float32), (h >> np.uint64(40)).astype(np.float32)
    return torch.from_numpy((low + high) * np.float32(6**0.5 / 2**24) - np.float32(6**0.5))


def noise(key: int, channels: int, area: Area, slope: float, coarse: float = 256.0) -> Tensor:
    """Returns 1 / f^slope noise with a deviation of about 1.

    Args:
        key: seed of the noise.
        channels: how many.
        area: part of the plane.
        slope: of the spectrum.
        coarse: length of the longest waves, in units.

    Returns:
        [channels, H, W].
    """
    total = torch.zeros(channels, area.height, area.width)
    power, octave = 0.0, 0
    while (cell := coarse / 2**octave * area.unit) >= 1.0 and (weight := 2.0 ** (-(slope - 1.0) * octave)) > 0.015:
        total += weight * _wave(key + 7919 * octave, channels, area, cell)
        power += weight**2
        octave += 1
    return total / (0.55 * power) ** 0.5


def _wave(key: int, channels: int, area: Area, cell: float) -> Tensor:
    """One octave of noise: a lattice with cells of `cell` pixels, interpolated smoothly."""
    y = (torch.arange(area.height) + 0.5 + area.top) / cell
    x = (torch.arange(area.width) + 0.5 + area.left) / cell
    y0, x0 = y.floor(), x.floor()
    fy, fx = y - y0, x - x0
    fy, fx = fy * fy * (3 - 2 * fy), fx * fx * (3 - 2 * fx)
    first_y, first_x = int(y0[0]), int(x0[0])
    grid = _lattice(key, channels, np.arange(first_y, int(y0[-1]) + 2), np.arange(first_x, int(x0[-1]) + 2))
    rows, columns = (y0 - first_y).long(), (x0 - first_x).long()
    grown = torch.lerp(grid[:, rows], grid[:, rows + 1], fy[:, None])
    return torch.lerp(grown[:, :, columns], grown[:, :, columns + 1], fx)


def tiles(key: int, area: Area, size: float, reach: float) -> Iterator[tuple[np.random.Generator, float, float]]:
    """Yields the tiles of the plane from which objects can reach into an area.

    Args:
        key: seed of the tiles.
        area: part of the plane.
        size: of a tile, in units.
        reach: how far objects extend beyond their tile, in units.

    Yields:
        a random generator of the tile's own, and its left and top edges in units.
    """
    left, top, right, bottom = area.span()
    for row in range(int(np.floor((top - reach) / size)), int(np.floor((bottom + reach) / size)) + 1):
        for column in range(int(np.floor((left - reach) / size)), int(np.floor((right + reach) / size)) + 1):
            yield np.random.default_rng([key & 0xFFFFFFFF, column + 2**20, row + 2**20]), column * size, row * size
