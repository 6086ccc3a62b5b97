"""Plots of lines."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from PIL import Image

from studio.lab import plots
from studio.lab.plots import COLORS, Line, Panel, save_plot


def test_panels_are_written_below_each_other(tmp_path: Path) -> None:
    mean = Line("mean", [1, 2, 3], [3.0, 2.0, 1.0], low=[2.5, 1.5, 0.5], high=[3.5, 2.5, 1.5])
    lines = [mean, Line("", [1, 2], [1.0, 1.0], color=1)]
    one, three = tmp_path / "folder" / "one.png", tmp_path / "three.png"
    save_plot(one, [Panel("loss", lines, level=("chance", 1.0))], panel_size=(300, 200))
    save_plot(three, [Panel("loss", lines, log_y=True)] * 3, panel_size=(300, 200))
    assert Image.open(one).size == (300, 200)
    assert Image.open(three).size == (600, 400)
    assert len(Image.open(one).convert("RGB").getcolors(1 << 20)) > 10, "something is drawn"


def test_lines_labels_and_error_bars_are_drawn_in_order() -> None:
    first = Line("first", [1, 2, 4], [3.0, 2.0, 1.0], [2.5, 1.5, 0.0], [3.5, 2.5, 1.5])
    second = Line("second", [1, 2, 4], [1.0, 1.0, 1.0], color=1, style="dashed")
    axes = Figure().subplots()
    plots._draw(axes, Panel("a title", [first, Line("empty", [], []), second], level=("chance", 0.2)))
    one, two, chance = axes.get_lines()
    assert axes.get_legend_handles_labels()[1] == ["first", "second"]
    assert one.get_xydata().tolist() == [[1, 3], [2, 2], [4, 1]]
    assert (one.get_color(), two.get_color(), two.get_linestyle()) == (*COLORS[:2], "--")
    assert set(chance.get_ydata()) == {0.2} and [text.get_text() for text in axes.texts] == ["chance"]
    (bars,) = [each for each in axes.collections if isinstance(each, LineCollection)]
    assert [bar.tolist() for bar in bars.get_segments()] == [[[1, 2.5], [1, 3.5]], [[2, 1.5], [2, 2.5]], [[4, 0], [4, 1.5]]]
    assert axes.get_xticks().tolist() == [1, 2, 4] and axes.get_ylim()[0] == 0


def test_colours_of_lines_that_are_drawn_are_on_the_page(tmp_path: Path) -> None:
    lines = [Line("one", [1, 2, 4], [3.0, 2.0, 1.0], [2.5, 1.5, 0.5], [3.5, 2.5, 1.5]),
             Line("two", [1, 4], [1.0, 1.0], color=1, style="dashed"), Line("none", [], [], color=2)]
    save_plot(tmp_path / "plot.png", [Panel("title", lines, "gap", "dB", ("chance", 0.25))])
    pixels = Image.open(tmp_path / "plot.png").convert("RGB").getcolors(1 << 20)
    on_page = {"#{:02x}{:02x}{:02x}".format(*color) for _, color in pixels}
    assert {COLORS[0], COLORS[1]} <= on_page and COLORS[2] not in on_page


@pytest.mark.parametrize(("low", "high"), [(1, 200), (0, 0.31), (-11.8, 208), (6.83, 37.8), (0.9991, 1.0003), (-1, 1)])
def test_axes_have_round_numbers(low: float, high: float) -> None:
    axes = Figure().subplots()
    plots._draw(axes, Panel("", [Line("one", list(range(20)), [low, high] * 10)]))
    ticks = [tick for tick in axes.get_yticks().tolist() if low <= tick <= high]
    step = ticks[1] - ticks[0]
    digits = step / 10 ** math.floor(math.log10(step * 1.001))
    assert any(digits == pytest.approx(nice, rel=1e-3) for nice in (1, 2, 2.5, 5))
    assert all(tick / step == pytest.approx(round(tick / step), abs=1e-3) for tick in ticks) and len(ticks) >= 2


def test_what_cannot_be_drawn_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nothing to draw in"):
        save_plot(tmp_path / "empty.png", [Panel("loss", [Line("mean", [], [])])])
    with pytest.raises(ValueError, match=r"'mean' in .* must have as many"):
        save_plot(tmp_path / "short.png", [Panel("loss", [Line("mean", [1, 2], [1.0])])])
