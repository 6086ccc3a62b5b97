"""Counts of right and wrong answers: accuracies with their confidence intervals, and confusion matrices."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

NORMAL = 1.959964
"""The 97.5 % quantile of the standard normal distribution, for intervals of 95 %."""


def wilson_interval(correct: int, count: int) -> tuple[float, float]:
    """The lower and upper end of an accuracy's 95 % interval (Wilson 1927), which stays within 0 and 1 even for few cases.

    Args:
        correct: how many cases are right.
        count: how many cases there are.

    Raises:
        ValueError: there are no cases.
    """
    # SciPy's binomtest has the same interval with more digits of NORMAL: published figures would change in the ninth place.
    if count < 1:
        raise ValueError("An accuracy needs at least one case.")
    share, z2 = correct / count, NORMAL**2
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = NORMAL / (1 + z2 / count) * math.sqrt(share * (1 - share) / count + z2 / (4 * count**2))
    return max(0.0, middle - half), min(1.0, middle + half)


@dataclass
class Confusion:
    """A confusion matrix: how often each requested label was recognised as each other label."""

    labels: Sequence[str]
    synonyms: dict[str, str] = field(default_factory=dict)                       # a label, and the label it counts as
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)            # by requested and recognised label

    def add(self, requested: str, recognised: str) -> bool:
        """Counts a case and returns whether it is right."""
        self.counts[requested, recognised] += 1
        return self.same(requested, recognised)

    def same(self, requested: str, recognised: str) -> bool:
        """Whether two labels are equal or synonyms."""
        return self.synonyms.get(requested, requested) == self.synonyms.get(recognised, recognised)

    def correct(self) -> int:
        """How many cases are right."""
        return sum(n for (requested, recognised), n in self.counts.items() if self.same(requested, recognised))

    def count(self) -> int:
        """How many cases there are."""
        return self.counts.total()

    def rows(self) -> list[str]:
        """The labels that were requested at least once, in the order of `labels`."""
        return [label for label in self.labels if any(requested == label for requested, _ in self.counts)]

    def columns(self) -> list[str]:
        """The labels that can be recognised, in the order of `labels`: all but synonyms that never were."""
        return [label for label in self.labels
                if label not in self.synonyms or any(recognised == label for _, recognised in self.counts)]

    def as_dict(self) -> dict[str, Any]:
        """For JSON: the accuracy, its interval, and the matrix by requested and recognised label."""
        return {
            **accuracy(self.correct(), self.count()),
            "matrix": {a: {b: self.counts[a, b] for b in self.columns() if self.counts[a, b]} for a in self.rows()},
        }


def accuracy(correct: int, count: int) -> dict[str, Any]:
    """For JSON: an accuracy with its interval; both are None if there are no cases."""
    if not count:
        return {"right": 0, "of": 0, "accuracy": None, "interval": None}
    return {"right": correct, "of": count, "accuracy": correct / count, "interval": list(wilson_interval(correct, count))}
