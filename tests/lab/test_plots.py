"""Plots of lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from studio.lab.plots import Line, Panel, save_plot


def test_panels_are_written_below_each_other(tmp_path: Path) -> None:
    mean = Line("mean", [1, 2, 3], [3.0, 2.0, 1.0], low=[2.5, 1.5, 0.5], high=[3.5, 2.5, 1.5])
    lines = [mean, Line("", [1, 2], [1.0, 1.0], color=1)]
    one, three = tmp_path / "folder" / "one.png", tmp_path / "three.png"
    save_plot(one, [Panel("loss", lines, level=("chance", 1.0))], panel_size=(300, 200))
    save_plot(three, [Panel("loss", lines, log_y=True)] * 3, panel_size=(300, 200))
    assert Image.open(one).size == (300, 200)
    assert Image.open(three).size == (600, 400)
    assert len(Image.open(one).convert("RGB").getcolors(1 << 20)) > 10, "something is drawn"


def test_what_cannot_be_drawn_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nothing to draw in"):
        save_plot(tmp_path / "empty.png", [Panel("loss", [Line("mean", [], [])])])
    with pytest.raises(ValueError, match=r"'mean' in .* must have as many"):
        save_plot(tmp_path / "short.png", [Panel("loss", [Line("mean", [1, 2], [1.0])])])
