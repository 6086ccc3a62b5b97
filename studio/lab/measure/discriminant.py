"""A small linear classifier of feature vectors, fitted to films whose labels are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Discriminant:
    """A classifier that returns the class with the nearest centre, each feature divided by its deviation within the classes."""

    # By hand: scikit-learn would be a new dependency for ten lines, and has no floor under the deviations.
    labels: tuple[str, ...]
    means: Tensor          # [K, F] medians of the K classes' features
    deviation: Tensor      # [F]

    @classmethod
    def fit(cls, examples: Mapping[str, Sequence[Tensor]], floor: Tensor) -> Discriminant:
        """Fits a classifier.

        Args:
            examples: features [F] of films, by the films' label.
            floor: [F] deviations below which a feature's differences mean nothing.

        Raises:
            ValueError: a label has no example.
        """
        if empty := [label for label, some in examples.items() if not some]:
            raise ValueError(f"There is no film to learn {', '.join(empty)} from.")
        means = torch.stack([torch.stack(list(some)).median(0).values for some in examples.values()])
        rest = torch.cat([torch.stack(list(some)) - mean for some, mean in zip(examples.values(), means, strict=True)])
        return cls(tuple(examples), means, (rest.square().mean(0) + floor.square()).sqrt())

    def __call__(self, features: Tensor) -> str:
        """The label of a film with `features` [F]."""
        distances = ((features - self.means) / self.deviation).square().sum(1)
        return self.labels[int(distances.argmin())]

    def as_dict(self, names: Sequence[str]) -> dict[str, Any]:
        """For JSON: the means of each class and the deviations, by the features' `names`."""
        rows = zip(self.labels, self.means.tolist(), strict=True)
        return {
            "means": {label: dict(zip(names, row, strict=True)) for label, row in rows},
            "deviation": dict(zip(names, self.deviation.tolist(), strict=True)),
        }
