"""Counting right and wrong: accuracies with their intervals, and who was taken for whom. It does not know what is counted."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

NORMAL = 1.959964
"""Quantile of the normal distribution for 95 %."""


def wilson(right: int, count: int) -> tuple[float, float]:
    """The 95 % interval of an accuracy (Wilson 1927): it stays within 0..1, also for few cases and for none wrong.

    Raises:
        ValueError: nothing was counted.
    """
    if count < 1:
        raise ValueError("An accuracy needs at least one case.")
    share, z2 = right / count, NORMAL**2
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = NORMAL / (1 + z2 / count) * math.sqrt(share * (1 - share) / count + z2 / (4 * count**2))
    return max(0.0, middle - half), min(1.0, middle + half)


@dataclass
class Confusion:
    """How often what was asked was taken for what. `alike` names what counts as another word for the same."""

    labels: Sequence[str]
    alike: dict[str, str] = field(default_factory=dict)
    cases: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, asked: str, found: str) -> bool:
        """Count a case; whether it is right."""
        self.cases[asked, found] += 1
        return self.same(asked, found)

    def same(self, asked: str, found: str) -> bool:
        return self.alike.get(asked, asked) == self.alike.get(found, found)

    def right(self) -> int:
        return sum(n for (asked, found), n in self.cases.items() if self.same(asked, found))

    def count(self) -> int:
        return self.cases.total()

    def rows(self) -> list[str]:
        """What was asked, in the labels' order."""
        return [label for label in self.labels if any(asked == label for asked, _ in self.cases)]

    def columns(self) -> list[str]:
        """What can be found, in the labels' order."""
        return [label for label in self.labels if label not in self.alike or any(found == label for _, found in self.cases)]

    def table(self) -> dict[str, Any]:
        """For JSON: accuracy, its interval and the matrix by names."""
        return {
            **rate(self.right(), self.count()),
            "matrix": {a: {f: self.cases[a, f] for f in self.columns() if self.cases[a, f]} for a in self.rows()},
        }


def rate(right: int, count: int) -> dict[str, Any]:
    """An accuracy with its interval, for JSON; without cases there is none."""
    if not count:
        return {"right": 0, "of": 0, "accuracy": None, "interval": None}
    return {"right": right, "of": count, "accuracy": right / count, "interval": list(wilson(right, count))}
