"""Words on their way from the document to the engine and into films."""

from __future__ import annotations

import pytest

from studio.full_prompt import Words
from studio.media.export import read_lineage
from studio.project import edits
from studio.session import EditError, Studio
from studio.ui.prompt_views import words_view
from tests.fake_engine import FakeEngine
from tests.shelves import make_film, render_all, wait_for_job


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


def lists(studio: Studio, **files: str) -> None:
    (studio.home / "wildcards").mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (studio.home / "wildcards" / f"{name}.txt").write_text(text, "utf-8")


def test_wildcards_are_replaced_for_the_engine_and_kept_beside_what_was_written(studio: Studio, engine: FakeEngine) -> None:
    lists(studio, sky="red sky", light="own light")
    session = render_all(make_film(studio, "__sky__, __light__", "b"))
    assert [r.prompt for r in engine.requests] == ["red sky, own light", "b"]
    assert engine.requests[1].before == Words("red sky, own light")
    first, second = session.project.film()
    assert (first.segment.prompt, first.words, second.words) == ("__sky__, __light__", "red sky, own light", "")
    told = read_lineage(session.films.export_film())
    assert told and [t.get("words") for t in told["takes"]] == ["red sky, own light", None]
    assert not session.project.takes.keys() & edits.stale_takes(session.project)
    assert [summary.name for summary in studio.list()] == ["A film"], "the folder of lists is no project"


def test_wildcards_of_style_and_cast_are_replaced_once_for_the_film(studio: Studio, engine: FakeEngine) -> None:
    lists(studio, hair="\n".join(f"hair {n}" for n in range(50)))
    session = make_film(studio, "a", "b")
    session.edit(edits.set_cast, "Anna, __hair__")
    session.edit(edits.set_style, "__hair__ grain")
    render_all(session)
    first, second = engine.requests
    assert first.cast.startswith("Anna, hair ") and first.style.endswith(" grain") and "__" not in first.style
    assert (first.cast, first.style) == (second.cast, second.style), "Anna's hair is the same in every take"
    told = read_lineage(session.films.export_film())
    assert told and [t["cast_words"] for t in told["takes"]] == [first.cast] * 2
    assert not edits.stale_takes(session.project)
    assert words_view(session.project, None)["hint"].endswith(f"With its wildcards replaced: {first.style}; {first.cast}.")
    session.edit(edits.set_cast, "Ben, __hair__")
    assert "wildcards" not in words_view(session.project, None)["hint"], "no take has these words yet"


def test_a_wildcard_without_a_list_is_told_before_anything_is_made(studio: Studio, engine: FakeEngine) -> None:
    lists(studio, sky="red sky")
    session = make_film(studio, "__sky__", "__nosuch__")
    session.edit(edits.edit_segment, 0, prompt="__nosuch__")
    with pytest.raises(EditError, match="There is no list for “__nosuch__”"):
        session.jobs.generate_next()
    assert session.job is None and not engine.requests
    session.edit(edits.edit_segment, 0, prompt="__sky__")
    session.jobs.generate_all()
    job = wait_for_job(session)
    assert job.state == "failed" and "There is no list for “__nosuch__”" in job.message
    assert len(session.project.film()) == 1


def test_a_blend_goes_to_the_engine_and_into_films(studio: Studio, engine: FakeEngine) -> None:
    session = make_film(studio, "a", "b")
    for index in (0, 1):
        session.edit(edits.edit_segment, index, blend=2)
    render_all(session)
    assert [r.blend for r in engine.requests] == [0, 2], "the first has nothing to blend with"
    told = read_lineage(session.films.export_film())
    assert told and [t["blend"] for t in told["takes"]] == [2, 2]
