"""For the tests of the lab: plots that are not painted where they are not what is tested."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image


@pytest.fixture(scope="module")
def blank_plots() -> Iterator[None]:
    """Plots are put together with all their lines, but written as white pictures of their size: painting takes most of the time.

    tests/lab/test_plots.py, and the tests of single plots, paint them.
    """
    from studio.lab import plots

    class BlankFigure(plots.Figure):
        def savefig(self, path: Path) -> None:  # type: ignore[override]
            Image.new("RGB", self.canvas.get_width_height(), "white").save(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plots, "Figure", BlankFigure)
        yield
