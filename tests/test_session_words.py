"""Words on their way from the document to the engine and into films."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.full_prompt import Words
from studio.media.export import read_lineage
from studio.project import edits
from studio.session import Studio
from tests.fake_engine import FakeEngine
from tests.shelves import make_film, make_studio, render_all


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def studio(tmp_path: Path, engine: FakeEngine) -> Studio:
    return make_studio(tmp_path, engine)


def test_takes_carry_the_words_of_the_film_and_those_of_the_take_before(studio: Studio, engine: FakeEngine) -> None:
    session = make_film(studio, "a", "b")
    session.edit(edits.set_style, "dusk")
    session.edit(edits.set_cast, "Anna")
    render_all(session)
    first, second = engine.requests
    assert (first.words, first.before) == (Words("a", "Anna", "dusk"), None) and first.style_begins
    assert (second.words, second.before) == (Words("b", "Anna", "dusk"), first.words) and not second.style_begins
    told = read_lineage(session.films.export_film())
    assert told and [(t["style"], t["cast"]) for t in told["takes"]] == [("dusk", "Anna")] * 2
