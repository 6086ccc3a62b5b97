"""How much a take uses each earlier segment, in a session: what is asked of the engine, what is kept, and what is in the way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from studio.catalogue.cards import ADAPTER, ModelFile
from studio.session import EditError, Session, Studio
from studio.session.memory_use import MemoryUses, MemoryUseView
from studio.session.use_figures import FILE
from tests.fake_engine import FakeEngine, card
from tests.shelves import make_film, render_all, wait_until

MEMORY = (ModelFile(ADAPTER, 1, "0" * 64),)


@pytest.fixture
def session(tmp_path: Path, engine: FakeEngine) -> Session:
    """A film of three takes, of a model with a memory that is written again."""
    session = render_all(make_film(Studio(tmp_path / "projects", engine, (card(files=MEMORY),)), "a", "b", "c"))
    engine.requests.clear()
    return session


def run(session: Session, begin: Callable[[], object]) -> MemoryUseView:
    begin()
    wait_until(session, lambda: session.memory_uses.view is not None and not session.memory_uses.view.active)
    assert session.memory_uses.view
    return session.memory_uses.view


def test_the_section_without_each_earlier_segment(session: Session, engine: FakeEngine) -> None:
    first, second, third = session.project.path()
    before, uses, folders = session.project, session.memory_uses, session.folder / "takes"
    offer = uses.offer(third.id)
    assert (offer.number, offer.way, offer.problem, offer.known) == (3, "again", "", False) and offer.seconds is not None
    assert [(each.number, each.prompt, each.known) for each in offer.segments] == [(1, "a", False), (2, "b", False)]
    view = run(session, lambda: uses.start(third.id))
    assert view.state == "done" and [(each.known, each.read) for each in view.segments] == [(True, True)] * 2
    assert all(each.change > 0 and each.decibels is not None for each in view.segments)
    own, *others = engine.requests
    assert own.left_out is None and own.parent == folders / second.id
    asked = {(request.prompt, request.seed, request.sections, request.steps) for request in engine.requests}
    assert asked == {("c", third.segment.seed, 1, third.settings.steps)}, "the same noise"
    for request, left in zip(others, (first, second), strict=True):
        assert request.left_out and request.left_out.replays and request.left_out.folders == {folders / left.id}
        made = {each.folder: (each.parent, each.sections) for each in request.left_out.made}
        assert made == {folders / first.id: (None, 1), folders / second.id: (folders / first.id, 1)}
    assert session.project == before, "nothing of it is a take"
    kept = uses.offer(third.id)
    assert kept.known and kept.segments == view.segments, "it is there when the page asks again, also after a restart"
    file = session.store.films / MemoryUses.FOLDER / third.id / FILE
    assert [path.name for path in file.parent.iterdir()] == [FILE]
    for damage in ("", "[]", '{"format": 1, "segments": [{"number": 1, "read": 3}]}'):
        file.write_text(damage)
        assert not uses.offer(third.id).known


def test_a_model_that_reads_the_newest_take_alone(tmp_path: Path, engine: FakeEngine) -> None:
    session = render_all(make_film(Studio(tmp_path / "plain", engine, (card(),)), "a", "b", "c"))
    third = session.project.path()[2]
    assert session.memory_uses.offer(third.id).way == "none"
    unread, read = run(session, lambda: session.memory_uses.start(third.id)).segments
    assert (unread.known, unread.read, unread.change) == (True, False, 0) and read.read and read.change > 0


def test_a_copy_goes_on_from_what_its_original_did(session: Session, engine: FakeEngine) -> None:
    """After the first segment is made again, what follows it is kept as copies on a new branch."""
    first, second, third = session.project.path()
    copies = {"x": replace(first, id="x"), "y": replace(second, id="y", parent="x", copy_of=second.id),
              "z": replace(third, id="z", parent="y", copy_of=third.id, bridge=2)}
    session.edit(lambda project: replace(project, takes={**project.takes, **copies}))
    assert [each.prompt for each in session.memory_uses.offer("z").segments] == ["a", "b"]
    run(session, lambda: session.memory_uses.start("z"))
    own, _, without = engine.requests
    folders = session.folder / "takes"
    assert own.prompt == "c" and own.parent == folders / second.id and own.bridge is None
    assert without.left_out and without.left_out.folders == {folders / "y", folders / second.id}


def test_what_cannot_be_asked(session: Session, engine: FakeEngine) -> None:
    first, second, third = session.project.path()
    uses = session.memory_uses
    assert "nothing earlier" in uses.offer(first.id).problem
    with pytest.raises(EditError, match="nothing earlier"):
        uses.start(first.id)
    (session.folder / "takes" / first.id / "snapshot.safetensors").unlink()
    one, two = uses.offer(third.id).segments
    assert not one.problem and "memory after segment 1 was removed" in two.problem, "psi begins there when 2 is left out"
    view = run(session, lambda: uses.start(third.id))
    assert [each.known for each in view.segments] == [True, False] and len(engine.requests) == 2
    (session.folder / "takes" / second.id / "snapshot.safetensors").unlink()
    with pytest.raises(EditError, match="cannot be continued"):
        uses.start(third.id)
    with pytest.raises(EditError, match="not in the film"):
        uses.offer("nowhere")


def test_what_was_known_when_it_was_stopped(session: Session, engine: FakeEngine) -> None:
    third, uses = session.project.path()[2].id, session.memory_uses
    engine.gate = threading.Semaphore(4 + 4 + 1)               # the section as it is, that without 1, and a step
    uses.start(third)
    wait_until(session, lambda: uses.view is not None and (uses.view.number, uses.view.step) == (3, 1))
    view = run(session, uses.cancel)
    assert view.state == "cancelled" and [each.known for each in view.segments] == [True, False]
    assert not uses.offer(third).known
