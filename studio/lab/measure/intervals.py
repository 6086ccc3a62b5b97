"""Means with their bootstrap intervals. It does not know what is measured.

Efron's percentile bootstrap. Measurements of one picture are not independent of each other, so whole pictures are drawn again, each
with all that was measured on it (the cluster bootstrap).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

ROUNDS = 2000
SEED = 0
LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """A mean, where it lies with 95 % confidence, and from how many measurements of how many pictures."""

    mean: float
    low: float
    high: float
    count: int
    clusters: int

    def table(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def estimate(values: Sequence[float], clusters: Sequence[Hashable] | None = None) -> Estimate | None:
    """The mean of `values` with its interval; None of nothing. With one cluster alone the interval has no width, and says nothing.

    Args:
        values: measurements.
        clusters: which picture each is of; None: each of its own.

    Raises:
        ValueError: there are not as many clusters as values.
    """
    named = list(range(len(values))) if clusters is None else list(clusters)
    if len(named) != len(values):
        raise ValueError(f"{len(values)} values of {len(named)} pictures: give each value's picture.")
    if not values:
        return None
    groups: dict[Hashable, list[float]] = {}
    for value, name in zip(values, named, strict=True):
        groups.setdefault(name, []).append(float(value))
    sums = np.array([sum(group) for group in groups.values()])
    counts = np.array([len(group) for group in groups.values()])
    drawn = np.random.default_rng(SEED).integers(len(sums), size=(ROUNDS, len(sums)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(float(sums.sum() / counts.sum()), float(low), float(high), len(values), len(sums))
