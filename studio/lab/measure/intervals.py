"""Means with their bootstrap confidence intervals (Efron's percentile bootstrap).

Measurements on one picture are not independent of each other. So whole pictures are resampled, each with all its measurements
(the cluster bootstrap).
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
    """A mean with its 95 % interval, and the numbers of measurements and of pictures behind it."""

    mean: float
    low: float
    high: float
    count: int
    clusters: int

    def as_dict(self) -> dict[str, Any]:
        """The fields by their names, for JSON."""
        return asdict(self)


def estimate(values: Sequence[float], clusters: Sequence[Hashable] | None = None) -> Estimate | None:
    """The mean of `values` with its interval; None if there are no values.

    With a single cluster the interval has no width and says nothing.

    Args:
        values: measurements.
        clusters: the picture that each value was measured on; None: each value has a picture of its own.

    Raises:
        ValueError: there are not as many clusters as values.
    """
    names = list(range(len(values))) if clusters is None else list(clusters)
    if len(names) != len(values):
        raise ValueError(f"{len(values)} values of {len(names)} pictures: give each value's picture.")
    if not values:
        return None
    groups: dict[Hashable, list[float]] = {}
    for value, name in zip(values, names, strict=True):
        groups.setdefault(name, []).append(float(value))
    # By hand: scipy.stats.bootstrap resamples single values, not clusters of different sizes.
    sums = np.array([sum(group) for group in groups.values()])
    counts = np.array([len(group) for group in groups.values()])
    samples = np.random.default_rng(SEED).integers(len(sums), size=(ROUNDS, len(sums)))
    means = sums[samples].sum(axis=1) / counts[samples].sum(axis=1)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(float(sums.sum() / counts.sum()), float(low), float(high), len(values), len(sums))
