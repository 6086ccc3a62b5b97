"""The library of a studio: what it lists, copies of films, and that it stays quick with ten thousand takes."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from studio.project import edits, film_trash
from studio.project.choices import drop_takes
from studio.project.library_index import NAME
from studio.project.tags import set_tags
from studio.session import EditError, StoreError, Studio
from studio.session.library import copy_name
from studio.ui import views
from studio.ui.api import PageApi
from tests.fake_engine import FakeEngine, card
from tests.large_shelves import long_film, shelve
from tests.shelves import make_film, make_studio, render_all


def library(studio: Studio, public: bool = False, **fields: object) -> dict[str, object]:
    reply = PageApi(studio, (), studio.home, public).answer({"verb": "library", **fields})
    assert reply["ok"], reply
    return dict(reply["answer"])


def test_what_the_library_tells_of_a_film(studio: Studio) -> None:
    session = render_all(make_film(studio, "the sea at dusk", "the shore"))
    session.edit(set_tags, ["Sea"])
    studio.create()                                       # nobody has done anything with it
    answer = library(studio, words="dusk")
    assert answer["found"] == answer["all"] == 1 and answer["tags"] == [{"name": "Sea", "films": 1}]
    (film,) = answer["films"]  # type: ignore[misc]
    assert film["name"] == "A film" and film["facts"].startswith("0.7 s · 2 takes · ") and film["tags"] == ["Sea"]
    assert film["where"] == "the sea at dusk" and "poster.webp" in film["poster"]
    assert library(studio, words="dawn")["films"] == [] and library(studio, tag="sea")["found"] == 1
    assert library(studio, public=True, known=[])["tags"] == [], "visitors see no tags of others either"


def test_a_shared_studio_keeps_no_list_of_films_where_its_files_are_served(tmp_path: Path) -> None:
    for shared in (True, False):
        studio = Studio(tmp_path / str(shared), FakeEngine(), (card(),), shared=shared)
        for name in "abcdefghi":
            studio.create(name)
        library(studio)
        assert (studio.home / NAME).exists() is not shared


def test_renaming_and_tagging_a_film_that_is_open_can_be_undone(studio: Studio) -> None:
    session, api = make_film(studio, "a"), PageApi(studio, (), studio.home)
    for message in ({"verb": "rename_film", "name": "Sea"}, {"verb": "tag_film", "tags": ["x", "y"]}):
        assert api.answer({**message, "film": session.id, "project": session.id})["ok"]
    assert session.project.name == "Sea" and session.project.tags == ("x", "y")
    session.undo()
    session.undo()
    assert session.project.name == "A film" and session.project.tags == ()
    assert not api.answer({"verb": "tag_film", "film": session.id, "tags": ["x" * 50]})["ok"]
    assert not api.answer({"verb": "rename_film", "film": "nowhere", "name": "x"})["ok"]


def test_a_copy_is_a_film_of_its_own_with_all_takes_and_the_trash(studio: Studio) -> None:
    session = render_all(make_film(studio, "a", "b"))
    first, second = session.project.film()
    session.edit(drop_takes, [second.id])
    copy = studio.duplicate(session.id)
    assert copy.project.name == "A film (copy)" and copy.project.id not in ("", session.project.id) and copy.findings == ()
    assert copy.project.takes == session.project.takes and copy.project.trash == {second.id} and not copy.can_undo
    assert copy.store.missing_clips(copy.project) == frozenset() and copy.folder != session.folder
    copy.edit(edits.rewind, first.id)
    copy.edit(edits.rename, "Another")
    assert session.project.name == "A film" and len(render_all(copy).project.takes) == 3 and len(session.project.takes) == 2
    studio.throw_away(session.id)
    assert library(studio)["found"] == 1 and len(film_trash.list_trash(studio.home)) == 1


def test_a_film_that_cannot_be_copied_leaves_nothing(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    session = render_all(make_film(studio, "a"))
    before = sorted(studio.home.iterdir())

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfile", full)
    with pytest.raises(StoreError, match=r"disk .* is full.* was not copied"):
        studio.duplicate(session.id)
    assert sorted(studio.home.iterdir()) == before
    assert len(copy_name("x" * 120)) == 120


def test_a_film_that_is_generating_is_not_copied(studio: Studio, engine: FakeEngine) -> None:
    engine.gate = threading.Semaphore(0)
    session = make_film(studio, "a")
    session.jobs.generate_next()
    with pytest.raises(EditError, match="generating"):
        studio.duplicate(session.id)
    session.jobs.cancel()


def processor_time(work: Callable[[], object]) -> float:
    """The seconds of processor time that it takes."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def test_a_hundred_films_of_a_hundred_takes(tmp_path: Path) -> None:
    for number in range(100):
        shelve(long_film(100, name=f"Film {number}"), tmp_path / "projects")
    studio = make_studio(tmp_path)
    # All limits are about twice what it takes, in units of this machine: reading the documents as JSON.
    reading = min(processor_time(lambda: [json.loads(path.read_text()) for path in studio.home.glob("*/project.json")])
                  for _ in range(2))
    first = processor_time(lambda: library(studio))
    assert library(studio)["found"] == 100 and studio.library.read == 100
    asked = min(processor_time(lambda: library(studio, words="dusk film 7", order="size")) for _ in range(3))
    assert library(studio, words="dusk film 7")["found"] == 100 and studio.library.read == 100, "no document is read again"
    again = make_studio(tmp_path)
    restarted = processor_time(lambda: library(again))
    assert library(again)["found"] == 100 and again.library.read == 0, "after a restart the index on the disk is read"
    assert asked < 3 * reading and restarted < 4 * reading
    assert first < 15 * reading, "the very first time, which a thread has done by then"
    shared = Studio(studio.home, FakeEngine(), (card(),), shared=True)
    shared.library.prepare()
    read = shared.library.read
    assert read == library(shared)["found"] == shared.library.read == 100, "what was read at the start is not read again"
    folder = shelve(long_film(400), tmp_path / "projects", notes=True)
    again.library.films()
    begun, read = time.process_time(), again.library.read
    session = again.open(folder.name)
    json.dumps(views.board(session, again.models, again.presets))
    assert time.process_time() - begun < 12 * reading and again.library.read - read <= 1, "opening a film reads no other"
    assert len(session.project.takes) == 400 and session.findings == ()
