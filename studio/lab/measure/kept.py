"""The study of the long-term memory's arms, as a table and a plot: how well each keeps, how long. It trains nothing."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from studio.lab.plots import Line, Panel, save_plot

LEAST = 0.1
"""Percent: smaller errors are drawn as this."""
FIELDS = ("arm", "seed", "parameters", "begun", "curve")


def markdown(results: Sequence[dict[str, Any]]) -> str:
    """The table of `studio.lab.train.study`'s results.

    Raises:
        ValueError: they are not such results.
    """
    return "\n".join(_rows(_checked(results))) + "\n"


def draw(results: Sequence[dict[str, Any]], path: Path) -> None:
    """Error over age, a line for each arm; dashed before training. Raises ValueError as `markdown`."""
    lines = []
    for number, arm in enumerate(_arms(_checked(results))):
        for field, stroke in (("curve", "solid"), ("begun", "dashed")):
            ages = [age for age in _ages(results) if age >= 0 and _values(results, arm, field, age, "error")]
            errors = [statistics.mean(_values(results, arm, field, age, "error")) for age in ages]
            label = arm if field == "curve" else f"{arm}, untrained"
            lines.append(Line(label, ages, [min(200.0, max(LEAST, 100 * error)) for error in errors], color=number, style=stroke))
    panel = Panel("what lay where, asked of psi", lines, "sections since it was seen", "error, % of that without a memory",
                  ("no memory", 100.0))
    save_plot(path, [panel], panel_size=(900, 560))


def _checked(results: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    if not results or any(field not in row for row in results for field in FIELDS):
        raise ValueError(f"These are no results of the memory study: each must have {', '.join(FIELDS)}.")
    return results


def _rows(results: Sequence[dict[str, Any]]) -> Iterator[str]:
    ages = _ages(results)
    yield ("Error of what is recalled of a place, in percent of the error without a memory, by how many sections ago it was last "
           "seen (*new*: not yet; there the memory should hold back). Means over seeds, their range in brackets. *Other psi*: "
           "asked of another film's memory. *Identity*: nearer to what was there than to seven other films (chance 12 %).")
    yield ""
    named = ["new" if age < 0 else str(age) for age in ages]
    yield f"| arm | seeds | parameters | {' | '.join(named)} | taken of new | other psi | identity |"
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
    """The mean, and the range where it can be seen at as many digits."""
    if not values:
        return "-"
    mean, least, most = (_digits(value) for value in (statistics.mean(values), min(values), max(values)))
    return mean if least == most else f"{mean} ({least} to {most})"


def _digits(value: float) -> str:
    return f"{value:.1f}" if value < 10 else f"{value:.0f}"


def _arms(results: Sequence[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(row["arm"] for row in results))


def _ages(results: Sequence[dict[str, Any]]) -> list[int]:
    return sorted({int(point["age"]) for row in results for point in row["curve"]})


def _values(results: Sequence[dict[str, Any]], arm: str, field: str, age: int, what: str) -> list[float]:
    return [float(point[what]) for row in results if row["arm"] == arm for point in row[field] if point["age"] == age]
