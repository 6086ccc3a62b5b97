"""The results of the memory study (`studio.lab.train.study`) as a table and a plot: how well, and how long, each arm remembers."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from studio.lab.plots import Line, Panel, save_plot

LOWEST, HIGHEST = 0.1, 200.0
"""Percent: errors below and above are drawn as these."""
FIELDS = ("arm", "seed", "parameters", "begun", "curve")
"""What every row of results has."""


def markdown(results: Sequence[dict[str, Any]]) -> str:
    """The results of the memory study as a Markdown table.

    Raises:
        ValueError: these are no such results.
    """
    return "\n".join(_rows(_check(results))) + "\n"


def draw(results: Sequence[dict[str, Any]], path: Path) -> None:
    """Writes a plot of the error over the age of a memory, with a line for each arm; dashed before training.

    Raises:
        ValueError: these are no results of the memory study.
    """
    lines = []
    for number, arm in enumerate(_arms(_check(results))):
        for field, style in (("curve", "solid"), ("begun", "dashed")):
            ages = [age for age in _ages(results) if age >= 0 and _values(results, arm, field, age, "error")]
            errors = [statistics.mean(_values(results, arm, field, age, "error")) for age in ages]
            label = arm if field == "curve" else f"{arm}, untrained"
            lines.append(Line(label, ages, [min(HIGHEST, max(LOWEST, 100 * error)) for error in errors], color=number, style=style))
    panel = Panel("what psi recalls of a place", lines, "sections since the place was seen", "error, % of that without a memory",
                  ("no memory", 100.0))
    save_plot(path, [panel], panel_size=(900, 560))


def _check(results: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    """The results, if each has all FIELDS. Raises ValueError otherwise."""
    if not results or any(field not in row for row in results for field in FIELDS):
        raise ValueError(f"These are no results of the memory study: each must have {', '.join(FIELDS)}.")
    return results


def _rows(results: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The lines of the table."""
    ages = _ages(results)
    yield ("Error of what psi recalls of a place, in percent of the error without a memory, by how many sections ago the place was "
           "last seen (*new*: never; the memory should say that it knows nothing). Means over seeds, with their range in brackets. "
           "*Other psi*: the same places asked of another film's psi. *Identity*: what is recalled is nearer to the true place "
           "than to those of seven other films (chance 12 %).")
    yield ""
    heads = ["new" if age < 0 else str(age) for age in ages]
    yield f"| arm | seeds | parameters | {' | '.join(heads)} | share taken of new | other psi | identity |"
    yield "|---" * (len(ages) + 6) + "|"
    for arm in _arms(results):
        mine = [row for row in results if row["arm"] == arm]
        for field, label in (("begun", "untrained"), ("curve", "trained")):
            cells = [_spread([100 * value for value in _values(results, arm, field, age, "error")]) for age in ages]
            share = _spread([100 * value for value in _values(results, arm, field, -1, "share")])
            old = [age for age in ages if age >= 0]
            paired = _spread([100 * statistics.mean(_values([row], arm, field, age, "paired")[0] for age in old) for row in mine])
            same = _spread([100 * statistics.mean(_values([row], arm, field, age, "identity")[0] for age in old) for row in mine])
            yield (f"| {arm}, {label} | {len(mine)} | {mine[0]['parameters'] / 1e6:.1f} M | {' | '.join(cells)} | {share} % | "
                   f"{paired} | {same} % |")


def _spread(values: Sequence[float]) -> str:
    """The mean of values, and their range where it is visible at the same number of digits."""
    if not values:
        return "-"
    mean, lowest, highest = (_digits(value) for value in (statistics.mean(values), min(values), max(values)))
    return mean if lowest == highest else f"{mean} ({lowest} to {highest})"


def _digits(value: float) -> str:
    """A number with one decimal if it is below 10."""
    return f"{value:.1f}" if value < 10 else f"{value:.0f}"


def _arms(results: Sequence[dict[str, Any]]) -> list[str]:
    """The names of the arms, in order."""
    return list(dict.fromkeys(row["arm"] for row in results))


def _ages(results: Sequence[dict[str, Any]]) -> list[int]:
    """The ages at which the memory was asked, in sections; -1 is a place never seen."""
    return sorted({int(point["age"]) for row in results for point in row["curve"]})


def _values(results: Sequence[dict[str, Any]], arm: str, field: str, age: int, key: str) -> list[float]:
    """The value `key` of each seed of an arm at an age, before training (`field` "begun") or after it ("curve")."""
    return [float(point[key]) for row in results if row["arm"] == arm for point in row[field] if point["age"] == age]
