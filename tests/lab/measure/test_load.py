"""The load on a studio, for a second on the fake engine: what is counted, and that nothing goes wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.lab.measure.load import load
from studio.lab.measure.visitor import Visitor, visitors
from tests.fake_engine import FakeEngine
from tests.shelves import make_film, make_studio, render_all


@pytest.mark.slow
def test_visitors_click_while_films_are_made(tmp_path: Path) -> None:
    studio = make_studio(tmp_path, FakeEngine(step_seconds=0.002))
    (tmp_path / "projects").mkdir()
    films = [render_all(make_film(studio, "a", "b")) for _ in range(5)]
    found = load(studio, films[:3], films[3:], seconds=1.0, pause=0.05, turns=3)
    assert found["errors"] == {"number": 0, "first": []}
    assert found["clicks"] > 5 and 0 < found["click_ms"]["median"] <= found["click_ms"]["p95"] <= found["click_ms"]["slowest"]
    assert min(found["takes"]) >= 3 and max(found["takes"]) - min(found["takes"]) <= 2, "films take turns"
    assert 1 <= found["longest_wait_share"] < 1.5
    assert 0.5 < found["memory_growth"] < 2


def test_what_goes_wrong_is_counted(tmp_path: Path) -> None:
    visitor = Visitor(1, "film", ["take"], pause=0.0)
    visitor._follow()
    assert len(visitor.errors) == 1 and "broke" in visitor.errors[0]


def test_visitors_that_find_no_studio_are_told() -> None:
    with pytest.raises(RuntimeError, match="the visitors' process ended"), visitors(1, [("film", ["take"])]):
        raise AssertionError("there is nothing to visit")
