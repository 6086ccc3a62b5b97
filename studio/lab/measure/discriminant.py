"""Naming what a few numbers look like: a linear discriminant, fitted to films whose truth is known. It knows no pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Discriminant:
    """The nearest class mean, each feature counted in its deviations within the classes.

    The deviations are the thresholds: between two classes the border is where both means are equally many of them away.
    """

    labels: tuple[str, ...]
    means: Tensor          # [K, F]
    deviation: Tensor      # [F]

    @classmethod
    def fit(cls, examples: Mapping[str, Sequence[Tensor]], floor: Tensor) -> Discriminant:
        """From features [F] of each class's films. `floor` [F]: what is too small to mean anything in each feature.

        Raises:
            ValueError: a class has no example.
        """
        if empty := [label for label, some in examples.items() if not some]:
            raise ValueError(f"There is no film to learn {', '.join(empty)} from.")
        means = torch.stack([torch.stack(list(some)).median(0).values for some in examples.values()])
        rest = torch.cat([torch.stack(list(some)) - mean for some, mean in zip(examples.values(), means, strict=True)])
        return cls(tuple(examples), means, (rest.square().mean(0) + floor.square()).sqrt())

    def __call__(self, features: Tensor) -> str:
        """The label of features [F]."""
        away = ((features - self.means) / self.deviation).square().sum(1)
        return self.labels[int(away.argmin())]

    def table(self, names: Sequence[str]) -> dict[str, Any]:
        """For JSON: the means and the deviations, so that the thresholds can be read."""
        rows = zip(self.labels, self.means.tolist(), strict=True)
        return {
            "means": {label: dict(zip(names, row, strict=True)) for label, row in rows},
            "deviation": dict(zip(names, self.deviation.tolist(), strict=True)),
        }
