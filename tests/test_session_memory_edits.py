"""Pins and forgotten places in a session: what the engine is asked for, what a film's file tells, and where there are none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.catalogue.cards import ADAPTER, RECALL, ModelCard, ModelFile
from studio.engine import take_folder
from studio.engine.events import Pin
from studio.media.export import read_lineage
from studio.memory.adapter import save_adapter
from studio.memory.semantic_pack import SemanticPack
from studio.memory.semantic_pack_config import SemanticPackConfig
from studio.project import edits
from studio.project.model import Shot
from studio.project.store import Store
from studio.session import EditError, Session, Studio
from tests.fake_engine import FakeEngine, card
from tests.shelves import make_film, picture, render_all, wait_for_job

FILES = (ModelFile(ADAPTER, 1, "0" * 64), ModelFile(RECALL, 1, "0" * 64))
PART = {"rows": 32, "columns": 64, "left": -10.5, "top": -6.5, "width": 20, "height": 12}


def film(tmp_path: Path, engine: FakeEngine, *prompts: str, **changes: object) -> Session:
    return make_film(Studio(tmp_path / "projects", engine, (card(**{"files": FILES, **changes}),)), *prompts)


def test_what_the_engine_is_asked_for(tmp_path: Path, engine: FakeEngine) -> None:
    session = film(tmp_path, engine, "a", "b", "c")
    session.jobs.generate_next()
    wait_for_job(session)
    first = session.project.film()[0]
    assert session.memory_edits.map().segment == session.project.current().segments[1]
    session.memory_edits.pin(first.id)
    session.memory_edits.forget(1, [9, 4])
    render_all(session)
    a, b, c = engine.requests
    pin = Pin(session.folder / "takes" / first.id, 1)
    assert [request.sections_before for request in (a, b, c)] == [0, 1, 2]
    assert {request.film_sections for request in (a, b, c)} == {3}, "the whole timeline, for which a large model is placed"
    assert (a.forget, a.pins, b.forget, b.pins, c.forget, c.pins) == ((), (), (4, 9), (pin,), (), (pin,))
    second = session.project.film()[1]
    assert second.pins == (first.id,) and second.segment.forget == (4, 9) and not edits.stale_takes(session.project)
    assert Store(session.folder).open().project == session.project
    lineage = read_lineage(session.films.export_film())
    assert lineage and [take.get("pins") for take in lineage["takes"]] == [None, [first.id], [first.id]]
    assert [take.get("forget") for take in lineage["takes"]] == [None, [4, 9], None]
    session.jobs.retake(second.id)
    wait_for_job(session)
    assert (engine.requests[-1].forget, engine.requests[-1].pins) == ((4, 9), (pin,)), "a retake is made as the take was"
    session.undo()
    session.memory_edits.unpin(first.id)
    assert session.project.pins == () and second.pins == (first.id,)


def test_a_pin_of_another_place_is_not_mixed_in(tmp_path: Path, engine: FakeEngine) -> None:
    session = film(tmp_path, engine, "a", "b")
    session.set_shot(1, session.picture_shot(picture(tmp_path, "crimson")))
    session.jobs.generate_next()
    wait_for_job(session)
    session.memory_edits.pin(session.project.film()[0].id)
    render_all(session)
    assert engine.requests[1].pins == () and session.project.film()[1].pins, "the pin is of the reference's place"
    session.edit(edits.rewind, session.project.film()[0].id)
    session.set_shot(1, Shot())
    session.jobs.generate_next()
    wait_for_job(session)
    assert len(engine.requests[2].pins) == 1


def test_a_pin_without_its_files(tmp_path: Path, engine: FakeEngine) -> None:
    session = film(tmp_path, engine, "a", "b", "c")
    session.jobs.generate_next()
    wait_for_job(session)
    session.jobs.generate_next()
    wait_for_job(session)
    first = session.project.film()[0]
    session.memory_edits.pin(first.id)
    (session.folder / "takes" / first.id / take_folder.SNAPSHOT).unlink()
    with pytest.raises(EditError, match="pinned take of segment 1 has lost its files"):
        session.jobs.generate_next()
    session.memory_edits.unpin(first.id)
    session.jobs.generate_next()
    assert wait_for_job(session).state == "done"


def readable(tmp_path: Path) -> ModelCard:
    """A card of a model whose memory keeps every section, with the memory's file."""
    pack = SemanticPackConfig(width=8, channels=4, text=4, image=4, heads=2, readable=2)
    save_adapter(SemanticPack(pack), tmp_path / ADAPTER)
    return card(kind="framepack", folder=tmp_path, files=FILES[:1])


def test_takes_of_other_branches_are_pinned_and_forgotten_where_every_section_is_kept(tmp_path: Path, engine: FakeEngine) -> None:
    session = render_all(make_film(Studio(tmp_path / "projects", engine, (readable(tmp_path),)), "a", "b"))
    first, second = session.project.film()
    session.edit(edits.rewind, first.id)
    session.edit(edits.branch, first.id)
    session.set_shot(1, session.picture_shot(picture(tmp_path, "crimson")))
    session.memory_edits.pin(second.id)
    session.memory_edits.forget_take(first.id)
    session.jobs.generate_next()
    wait_for_job(session)
    request = engine.requests[-1]
    assert request.pins == (Pin(session.folder / "takes" / second.id, 1),), "also in a shot of another place"
    assert request.forgotten == (Pin(session.folder / "takes" / first.id, 1),)
    lineage = read_lineage(session.films.export_film())
    assert lineage and [take.get("forgotten") for take in lineage["takes"]] == [None, [first.id]]
    session.set_size((48, 64))
    session.edit(edits.rewind, None)
    session.jobs.generate_next()
    wait_for_job(session)
    assert (engine.requests[-1].pins, engine.requests[-1].forgotten) == ((), ()), "they rest at another size"


def test_a_take_is_not_forgotten_in_a_map(tmp_path: Path, engine: FakeEngine) -> None:
    session = render_all(film(tmp_path, engine, "a"))
    with pytest.raises(EditError, match="forget places of it instead"):
        session.memory_edits.forget_take(session.project.film()[0].id)


@pytest.mark.parametrize(("changes", "words"), [
    ({"files": ()}, "keeps no long-term memory"),
    ({"files": FILES[:1]}, "spread over all numbers of its memory"),
    ({"sizes": ((640, 384),)}, "whole picture"),
])
def test_where_there_is_nothing_to_edit(tmp_path: Path, engine: FakeEngine, changes: dict[str, object], words: str) -> None:
    session = render_all(film(tmp_path, engine, "a", "b", **changes))
    take = session.project.film()[0]
    assert words in session.memory_edits.map().problem
    with pytest.raises(EditError, match=words):
        session.memory_edits.pin(take.id)
    with pytest.raises(EditError, match=words):
        session.memory_edits.forget(1, [1])
    session.memory_edits.forget(1, [])


def test_pins_rest_while_the_film_has_a_size_without_a_map(tmp_path: Path, engine: FakeEngine) -> None:
    session = film(tmp_path, engine, "a", sizes=((64, 48), (640, 384)))
    render_all(session)
    session.memory_edits.pin(session.project.film()[0].id)
    session.set_size((640, 384))
    session.edit(edits.rewind, None)
    render_all(session)
    assert engine.requests[-1].size == (640, 384) and engine.requests[-1].pins == ()


def test_the_part_of_the_map_that_is_shown(tmp_path: Path, engine: FakeEngine) -> None:
    session = film(tmp_path, engine, "a")
    assert (session.memory_edits.map().part, session.memory_edits.map().segment) == (None, None)
    render_all(session)
    folder = session.folder / "takes" / session.project.film()[0].id
    assert session.memory_edits.map().part is None and session.memory_edits.map().segment is None, "nothing comes after the head"
    (folder / take_folder.MAP).write_text(json.dumps(PART))
    assert session.memory_edits.map().part == PART
