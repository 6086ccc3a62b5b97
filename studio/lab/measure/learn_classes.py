"""Learns what light and weather look like from true films, for the classifiers of both; `class_means.py` stores the result.

The films are of held-out scenes and of photographs with which no measured film begins, at the smallest and the largest usual size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor

from studio.lab.measure import class_means, light_features, weather_features
from studio.lab.measure.discriminant import Discriminant
from studio.lab.measure.filming import Subject, photographs, scenes
from studio.lab.photographs import LEARNED_FROM
from studio.lab.world import LIGHTS, WEATHERS, Section

SIZES = ((192, 128), (320, 192))
FIRST = 10_000_000
"""Number of the first scene for learning, counted within the held-out ones."""
FILE = Path(class_means.__file__)


def learn_light(subjects: Sequence[Subject], sizes: Sequence[tuple[int, int]] = SIZES) -> Discriminant:
    """Returns a classifier fitted to a true film of every light from every subject; the sizes alternate."""
    return Discriminant.fit(
        {name: list(_features(Section(light=name), subjects, sizes, light_features.features)) for name in LIGHTS},
        light_features.FLOOR,
    )


def learn_weather(subjects: Sequence[Subject], sizes: Sequence[tuple[int, int]] = SIZES) -> Discriminant:
    """Returns a classifier fitted to a true film of every weather from every subject; the sizes alternate."""
    return Discriminant.fit(
        {name: list(_features(Section(weather=name), subjects, sizes, weather_features.features)) for name in WEATHERS},
        weather_features.FLOOR,
    )


def _features(
    section: Section, subjects: Sequence[Subject], sizes: Sequence[tuple[int, int]], features: Callable[[Tensor], Tensor]
) -> Iterator[Tensor]:
    for number, subject in enumerate(subjects):
        yield features(subject.truth([section], *sizes[number % len(sizes)]))


def subjects_to_learn_from(count: int) -> list[Subject]:
    """Returns `count` scenes and the photographs for learning."""
    return [*scenes(count, FIRST), *photographs(LEARNED_FROM)]


def write(light: Discriminant, weather: Discriminant, path: Path = FILE) -> None:
    """Writes both classifiers as the Python module `class_means.py`, whose lines before the first table stay as they are."""
    lines = [FILE.read_text("utf-8").partition("LIGHT:")[0].rstrip(), ""]
    for name, classifier in (("LIGHT", light), ("WEATHER", weather)):
        lines.append(f"{name}: dict[str, tuple[float, ...]] = {{")
        rows = [*zip(classifier.labels, classifier.means.tolist(), strict=True), ("deviation", classifier.deviation.tolist())]
        lines += [f'    "{label}": ({", ".join(f"{value:.3f}" for value in row)}),' for label, row in rows]
        lines.append("}")
    path.write_text("\n".join(lines) + "\n", "utf-8")


def classifier_of(table: dict[str, tuple[float, ...]]) -> Discriminant:
    """Returns the classifier that a table of `class_means.py` describes."""
    labels = tuple(label for label in table if label != "deviation")
    return Discriminant(labels, torch.tensor([table[label] for label in labels]), torch.tensor(table["deviation"]))
