"""Plots of what memories are worth: scores over the gap, and the course of long films, with all models in one plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from studio.lab.measure import drift
from studio.lab.measure.histories import ARMS
from studio.lab.measure.intervals import estimate
from studio.lab.measure.memory_scores import Score
from studio.lab.measure.memory_summary import gap_curve, identification
from studio.lab.plots import Line, Panel, save_plot

STYLES = dict(zip(ARMS, ("solid", "dashed", "dotted"), strict=True))
"""The line style of each arm."""
Y_LABELS = {
    "registered part psnr": "PSNR of what memory alone can supply, dB",
    "registered part ssim": "SSIM of what memory alone can supply",
    "whole psnr": "PSNR of the whole returned view, dB", "camera error": "camera error on return, pixels",
}
"""The values that are plotted over the gap, and the label of each one's vertical axis."""
SIZE = (900, 560)
"""Width and height of a plot in pixels."""


def draw_gaps(scores: Mapping[str, Sequence[Score]], out: Path) -> None:
    """Writes plots over the gap to the folder `out`: for each kind of case one of each value in Y_LABELS, and one of the identity.

    Args:
        scores: of each model, by its name.
        out: the folder for `gap-KIND-VALUE.png`.
    """
    kinds = list(dict.fromkeys(score.kind for mine in scores.values() for score in mine))
    for kind in kinds:
        for value, y_label in Y_LABELS.items():
            lines = []
            for number, (name, mine) in enumerate(scores.items()):
                for arm in ARMS:
                    curve = gap_curve(mine, kind, arm, value)
                    lines.append(Line(
                        f"{name}, psi: {arm}", curve.gaps, [e.mean for e in curve.estimates], [e.low for e in curve.estimates],
                        [e.high for e in curve.estimates], number, STYLES[arm]))
            path = out / f"gap-{kind}-{value.replace(' ', '-')}.png"
            _save(path, Panel(f"{kind}: over the gap", lines, "sections away", y_label))
        _draw_identity(scores, kind, out)


def _draw_identity(scores: Mapping[str, Sequence[Score]], kind: str, out: Path) -> None:
    """Plots the share of films whose returned part is most similar to the true candidate, and the share by chance."""
    lines, chance = [], 0.0
    for number, (name, mine) in enumerate(scores.items()):
        for arm in ARMS:
            some = [score for score in mine if (score.kind, score.arm) == (kind, arm) and score.nearest is not None]
            gaps = sorted({score.gap for score in some})
            rows = [identification([score for score in some if score.gap == gap]) for gap in gaps]
            chance = rows[0]["chance"] if rows else chance
            lines.append(Line(
                f"{name}, psi: {arm}", gaps, [row["accuracy"] for row in rows], [row["interval"][0] for row in rows],
                [row["interval"][1] for row in rows], number, STYLES[arm]))
    _save(out / f"gap-{kind}-identity.png",
          Panel(f"{kind}: what came back is the true one", lines, "sections away", "share of films", ("chance", chance)))


def draw_drifts(figures: Mapping[str, Any], out: Path, measures: Sequence[str]) -> None:
    """Writes a plot of the mean course of each measure over the long films to the folder `out`.

    Args:
        figures: of each model, by its name: the models' figures of `memory.measure`.
        out: the folder for `drift-KIND-MEASURE.png`.
        measures: their names.
    """
    for kind in ("hold", "tour"):
        for measure in measures:
            lines = []
            for number, (name, mine) in enumerate(figures.items()):
                courses = [row["course"][measure] for row in mine["long films"][kind].values()]
                estimates = [value for step in zip(*courses, strict=True) if (value := estimate(step)) is not None]
                at = [drift.STRIDE * (n + 1) for n in range(len(estimates))]
                lines.append(Line(name, at, [e.mean for e in estimates], color=number))
            _save(out / f"drift-{kind}-{measure}.png", Panel(f"{kind}: {measure} over a long film", lines, "frames", measure))


def _save(path: Path, panel: Panel) -> None:
    """Writes a plot of one panel, unless none of its lines has a point."""
    if any(line.x for line in panel.lines):
        save_plot(path, [panel], panel_size=SIZE)
