"""Teaching the recognisers of light and weather what true films look like; `thresholds.py` keeps what they learned. No models.

They learn from held-out scenes and photographs that no measured film begins with, at the smallest and the largest usual size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor

from studio.lab.measure import light, thresholds, weather
from studio.lab.measure.discriminant import Discriminant
from studio.lab.measure.filming import Subject, photographs, scenes
from studio.lab.photographs import LEARNED_FROM
from studio.lab.world import LIGHTS, WEATHERS, Section

SIZES = ((192, 128), (320, 192))
FIRST = 10_000_000
"""Scenes from here on, counted within the held-out ones, are for learning."""
PLACE = Path(thresholds.__file__)


def lights(subjects: Sequence[Subject], sizes: Sequence[tuple[int, int]] = SIZES) -> Discriminant:
    """Fitted to true films of every light from every subject, sizes in turns."""
    return Discriminant.fit(
        {name: list(_seen(Section(light=name), subjects, sizes, light.features)) for name in LIGHTS}, light.FLOOR)


def weathers(subjects: Sequence[Subject], sizes: Sequence[tuple[int, int]] = SIZES) -> Discriminant:
    return Discriminant.fit(
        {name: list(_seen(Section(weather=name), subjects, sizes, weather.features)) for name in WEATHERS}, weather.FLOOR)


def _seen(
    section: Section, subjects: Sequence[Subject], sizes: Sequence[tuple[int, int]], features: Callable[[Tensor], Tensor]
) -> Iterator[Tensor]:
    for number, subject in enumerate(subjects):
        yield features(subject.truth([section], *sizes[number % len(sizes)]))


def teachers(count: int) -> list[Subject]:
    """So many scenes, and the photographs for learning."""
    return [*scenes(count, FIRST), *photographs(LEARNED_FROM)]


def write(light_reader: Discriminant, weather_reader: Discriminant, path: Path = PLACE) -> None:
    """The numbers as a Python module that replaces `thresholds.py`."""
    lines = ['"""What light and weather look like in numbers: written by `python -m studio.lab.measure learn`, not by hand."""', "",
             "from __future__ import annotations", ""]
    for name, reader in (("LIGHT", light_reader), ("WEATHER", weather_reader)):
        lines.append(f"{name}: dict[str, tuple[float, ...]] = {{")
        rows = [*zip(reader.labels, reader.means.tolist(), strict=True), ("deviation", reader.deviation.tolist())]
        lines += [f'    "{label}": ({", ".join(f"{value:.3f}" for value in row)}),' for label, row in rows]
        lines.append("}")
    path.write_text("\n".join(lines) + "\n", "utf-8")


def kept(table: dict[str, tuple[float, ...]]) -> Discriminant:
    """The reader that `thresholds.py` describes."""
    labels = tuple(label for label in table if label != "deviation")
    return Discriminant(labels, torch.tensor([table[label] for label in labels]), torch.tensor(table["deviation"]))
