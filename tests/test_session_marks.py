"""Marks from a session: rendered, stored, sent, dropped where nothing can follow them, and refused in a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from studio.engine.events import Event, RenderRequest, TakeDone
from studio.marks import NO_MARKS, Flow, Marks, Subject
from studio.media.export import read_lineage
from studio.project import edits
from studio.project.edits import EditError
from studio.session import Session, Studio
from studio.session.models import lost_marks
from tests.fake_engine import FakeEngine, card
from tests.shelves import picture, render_all

SIZES = ((640, 384), (320, 192))
MARKS = Marks(
    True, Subject((((0.4, 0.5), (0.6, 0.5)),)), (Flow("water", ((0.1, 0.8), (0.9, 0.8)), 0.1, 0.05),)
)


class EdgeEngine(FakeEngine):
    """A fake engine whose camera always stops at the picture's edge."""

    def _render(self, request: RenderRequest, stop: object) -> Iterator[Event]:
        for event in super()._render(request, stop):        # type: ignore[arg-type]
            yield replace(event, at_edge=True) if isinstance(event, TakeDone) else event


@pytest.fixture()
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path / "projects", EdgeEngine(), (card(sizes=SIZES), card("large", kind="framepack", sizes=SIZES)))


def marked(studio: Studio, folder: Path) -> Session:
    session = studio.create("A film")
    session.set_size((640, 384))
    session.set_reference(picture(folder, "teal", (1600, 1200)))
    session.set_marks(MARKS)
    session.apply_preset("draft")
    return session


def test_marks_are_rendered_and_stored(studio: Studio, tmp_path: Path) -> None:
    session = render_all(marked(studio, tmp_path))
    take = session.project.film()[0]
    engine = studio._engine
    assert isinstance(engine, FakeEngine) and engine.requests[-1].marks == MARKS == take.marks
    assert take.at_edge
    lineage = read_lineage(session.films.export_film())
    assert lineage and lineage["marks"]["flows"][0]["name"] == "water"
    session.set_marks(NO_MARKS)
    assert edits.stale_takes(session.project) == {take.id}
    session.undo()
    session.store.close()
    again = Studio(studio.home, FakeEngine(), studio.models).open(session.id)
    assert again.project.marks == MARKS and not edits.stale_takes(again.project) and again.project.film()[0].at_edge


def test_a_lost_document_comes_back_with_its_marks(studio: Studio, tmp_path: Path) -> None:
    session = render_all(marked(studio, tmp_path))
    session.store.close()
    for name in ("project.json", "project.json.bak"):
        (session.folder / name).write_text("{")
    again = Studio(studio.home, FakeEngine(), studio.models).open(session.id)
    assert again.project.marks == MARKS and not edits.stale_takes(again.project)
    again.store.close()
    for note in session.folder.rglob("*.json"):
        note.write_text(note.read_text("utf-8").replace('"segments"', '"gone"'), "utf-8")
    bare = Studio(studio.home, FakeEngine(), studio.models).open(session.id)
    assert bare.project.marks == MARKS, "and where nothing but the take is left"


def test_marks_travel_with_the_project(studio: Studio, tmp_path: Path) -> None:
    session = render_all(marked(studio, tmp_path))
    arrived = Studio(tmp_path / "there", FakeEngine(), studio.models).unpack(session.films.export_project())
    assert arrived.project == session.project and arrived.project.marks == MARKS


def test_marks_go_where_nothing_can_follow_them(studio: Studio, tmp_path: Path) -> None:
    session = marked(studio, tmp_path)
    for change, told in (
        (lambda: session.set_size((320, 192)), "films of this size cannot"),
        (lambda: session.set_model("large"), "this model cannot"),
        (lambda: session.set_reference(picture(tmp_path, "olive", (1600, 1200))), "marked on the picture before"),
    ):
        before = session.project
        change()
        assert not session.project.marks.subject and not session.project.marks.flows
        assert told in lost_marks(before, session.project)
        session.undo()
        assert session.project.marks == MARKS and not lost_marks(before, session.project)
    session.set_reference(picture(tmp_path, "teal", (1600, 1200)))
    assert session.project.marks == MARKS, "the same picture again"


@pytest.mark.parametrize("change", [lambda s: s.set_size((320, 192)), lambda s: s.set_model("large")])
def test_marks_are_refused_where_nothing_can_follow_them(studio: Studio, tmp_path: Path, change: object) -> None:
    session = marked(studio, tmp_path)
    change(session)                                         # type: ignore[operator]
    with pytest.raises(EditError, match="cannot follow marks on the picture in films of this size"):
        session.set_marks(MARKS)
    session.set_marks(NO_MARKS)


def test_marks_of_one_stroke_are_one_step(studio: Studio, tmp_path: Path) -> None:
    session = marked(studio, tmp_path)
    for depth in (2.1, 2.2, 2.3):
        session.set_marks(Marks(subject=Subject((((0.5, 0.5),),), depth=depth)), "slider")
    session.undo()
    assert session.project.marks == MARKS
