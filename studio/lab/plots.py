"""Line plots as PNG files, drawn by matplotlib without its global state, so that any thread may draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import ScaledTranslation

COLORS = ("#2654a0", "#c4581c", "#2e7d50", "#8c3c8c", "#786e14", "#3c3c42")
DPI = 100
SPREAD = 12.0
"""Points (1/72 inch) over which the error bars of different lines at the same x are spread, so that none hides another."""


@dataclass(frozen=True)
class Line:
    """One line of a plot. With `low` and `high` each point has an error bar between them."""

    label: str                      # in the legend; empty: not listed there
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    color: int = 0                  # an index into COLORS, which repeat
    style: str = "solid"            # matplotlib's line style
    width: float = 2.0              # in points


@dataclass(frozen=True)
class Panel:
    """One pair of axes with its lines."""

    title: str
    lines: Sequence[Line]
    xlabel: str = ""
    ylabel: str = ""
    level: tuple[str, float] | None = None      # a horizontal line with its name
    log_y: bool = False                         # a logarithmic y axis
    ticks: Sequence[str] = ()                   # names of x = 0, 1, 2, ... where they are no numbers


def save_plot(path: Path, panels: Sequence[Panel], columns: int = 2, panel_size: tuple[float, float] = (420, 260)) -> None:
    """Writes panels as one PNG file, row by row; makes the folder if it is missing.

    Lines that have the same label in several panels share one entry of the legend, which stands below all panels.

    Args:
        path: the file to write.
        panels: at least one of them must have a line with a point.
        columns: panels in a row, at most.
        panel_size: width and height of a panel in pixels.

    Raises:
        ValueError: there is nothing to draw, or the lengths of a line's sequences differ.
    """
    lines = [line for panel in panels for line in panel.lines if len(line.x)]
    if not lines:
        raise ValueError(f"There is nothing to draw in {path.name}.")
    for line in lines:
        if len({len(line.x), len(line.y), len(line.low or line.y), len(line.high or line.y)}) > 1:
            raise ValueError(f"The line '{line.label}' in {path.name} must have as many values and bounds as points.")
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    figure = Figure((columns * panel_size[0] / DPI, rows * panel_size[1] / DPI), dpi=DPI, layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).flat
    entries: dict[str, Artist] = {}
    for axes, panel in zip(grid, panels, strict=False):
        _draw(axes, panel)
        handles, labels = axes.get_legend_handles_labels()
        entries |= dict(zip(labels, handles, strict=True))
    for axes in list(grid)[len(panels) :]:
        axes.set_axis_off()
    if entries:
        figure.legend(entries.values(), entries.keys(), loc="outside lower left", ncols=max(2, columns), handlelength=4,
                      frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def _draw(axes: Axes, panel: Panel) -> None:
    """Draws one panel into `axes`."""
    axes.set_title(panel.title, fontsize="medium", loc="left")
    axes.set_xlabel(panel.xlabel)
    axes.set_ylabel(panel.ylabel)
    axes.grid(color="#e2e2de")
    if panel.log_y:
        axes.set_yscale("log")
    drawn = [line for line in panel.lines if len(line.x)]
    for number, line in enumerate(drawn):
        color, marker = COLORS[line.color % len(COLORS)], "o" if len(line.x) <= 20 else ""
        axes.plot(
            line.x, line.y, label=line.label or "_", color=color, linestyle=line.style, linewidth=line.width, marker=marker,
            markersize=4,
        )
        if line.low and line.high:
            aside = ScaledTranslation(SPREAD * ((number + 0.5) / len(drawn) - 0.5) / 72, 0, axes.figure.dpi_scale_trans)
            axes.vlines(line.x, line.low, line.high, colors=color, linewidth=1, transform=axes.transData + aside)
            axes.update_datalim([*zip(line.x, line.low, strict=True), *zip(line.x, line.high, strict=True)])
    if panel.level is not None:
        name, value = panel.level
        axes.axhline(value, color="#969696", linestyle="dashed", linewidth=1)
        axes.annotate(name, (1, value), xycoords=("axes fraction", "data"), ha="right", va="bottom", color="#787878")
    values = {value for line in drawn for value in line.x}
    if panel.ticks:
        axes.set_xticks(range(len(panel.ticks)), panel.ticks)
    elif len(values) <= 12:
        axes.set_xticks(sorted(values))
    ends = [value for line in drawn for value in (*line.y, *line.low)]
    if not panel.log_y and ends and min(ends) >= 0:
        axes.set_ylim(bottom=max(0.0, axes.get_ylim()[0]))      # no room below zero for what is never negative
