"""What lines of sight meet first: planes that are painted where they are inside. Lengths are in metres, as in `paint.py`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from brushes import Array

Vector = tuple[Array, Array, Array]
Paint = Callable[[Array, Array, Array], tuple[Array, Array]]      # albedo and own light at x, y, z


def dot(a: Vector, b: Vector) -> Array:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def chance(a: Array, b: Array | float, k: float) -> Array:
    """A number from 0 to 1 that only depends on its arguments."""
    return np.mod(np.sin(a * 127.1 + b * 311.7 + k * 74.7) * 43758.5453, 1)


class Sight:
    """What each ray meets first."""

    def __init__(self, origin: Vector, ray: Vector) -> None:
        n = len(ray[0])
        self.origin, self.ray = origin, ray
        self.far, self.solid = np.full(n, 60, np.float32), np.zeros(n, bool)
        self.albedo, self.shine = np.zeros((n, 3), np.float32), np.zeros((n, 3), np.float32)
        self.normal = tuple(np.zeros(n, np.float32) for _ in range(3))

    def plane(
        self, axis: int, at: float, inside: Callable[[Array, Array, Array], Array], paint: Paint, normal: tuple[float, float, float]
    ) -> None:
        """Add the part of a plane across `axis` that is `inside`."""
        with np.errstate(all="ignore"):
            far = (at - self.origin[axis]) / self.ray[axis]
        nearer = np.flatnonzero((far > 0.02) & (far < self.far))
        place = [self.origin[k][nearer] + far[nearer] * self.ray[k][nearer] for k in range(3)]
        kept = inside(*place)
        nearer = nearer[kept]
        if len(nearer):
            self.far[nearer], self.solid[nearer] = far[nearer], True
            self.albedo[nearer], self.shine[nearer] = paint(*[k[kept] for k in place])
            for k in range(3):
                self.normal[k][nearer] = normal[k]
