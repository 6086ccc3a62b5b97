"""Memory tests in a session: what is asked of the engine, what is kept, and everything that can be in the way."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from studio.backbones.registry import memory_grows
from studio.catalogue.cards import ADAPTER, ModelFile
from studio.media.picture import read_picture
from studio.project import edits
from studio.session import EditError, Session, Studio
from studio.session.memory_comparison import FILE, read_result
from studio.session.memory_test import MemoryTestView
from tests.fake_engine import FakeEngine, card
from tests.shelves import make_film, render_all, wait_for_job, wait_until

MEMORY = (ModelFile(ADAPTER, 1, "0" * 64),)


@pytest.fixture
def session(tmp_path: Path, engine: FakeEngine) -> Session:
    """A film of two takes, of a model with a memory."""
    session = make_film(Studio(tmp_path / "projects", engine, (card(files=MEMORY),)), "a", "b", "c")
    session.jobs.generate_next()
    wait_for_job(session)
    session.jobs.generate_next()
    wait_for_job(session)
    engine.requests.clear()
    return session


def run(session: Session, begin: Callable[[], None]) -> MemoryTestView:
    begin()
    wait_until(session, lambda: session.memory_tests.view is not None and not session.memory_tests.view.active)
    assert session.memory_tests.view
    return session.memory_tests.view


def head(session: Session) -> str:
    assert session.project.head
    return session.project.head


def test_the_section_after_the_head(session: Session, engine: FakeEngine) -> None:
    before = session.project
    tests = session.memory_tests
    offer = tests.offer(head(session))
    assert (offer.prompt, offer.branch, offer.problem, offer.result) == ("c", "", "", None) and offer.seconds is not None
    view = run(session, lambda: tests.start(head(session)))
    own, begin = engine.requests
    last = session.project.path()[-1]
    assert own.psi_of == own.parent == begin.parent == session.folder / "takes" / last.id and begin.psi_of == "begin"
    asked = {(request.prompt, request.seed, request.sections, request.steps) for request in engine.requests}
    assert asked == {("c", 2, 1, last.settings.steps)}, "the same noise"
    assert own.before == begin.before and own.before and own.before.prompt == "b"
    assert session.project == before and len(list((session.folder / "takes").iterdir())) == 2, "nothing of it is a take"
    assert view.state == "done" and view.result
    result = view.result
    assert (result.basis, result.share, result.branch) == ("recalled", 0.25, "")
    [comparison] = result.comparisons
    assert comparison.psi == "begin" and comparison.part is not None and comparison.whole is not None
    assert read_picture(result.difference("begin")).size == (64, 48)
    assert tests.offer(head(session)).result == result, "a test that was made is there when the page asks again"
    assert tests.offer(head(session), "something else").result is None
    assert not list(result.folder.rglob("*.safetensors"))


def test_the_memory_of_another_branch(session: Session, engine: FakeEngine) -> None:
    first, second = session.project.path()
    session.edit(edits.branch, first.id)
    session.edit(edits.edit_segment, 1, prompt="elsewhere")
    session.jobs.generate_next()
    wait_for_job(session)
    other = head(session)
    engine.requests.clear()
    assert session.memory_tests.offer(first.id).branch == "", "both branches only go on from the first take"
    name = session.project.branches[0].name
    assert session.memory_tests.offer(other).branch == name
    view = run(session, lambda: session.memory_tests.start(other, "and on"))
    assert [r.psi_of for r in engine.requests][2] == session.folder / "takes" / second.id
    assert {r.prompt for r in engine.requests} == {"and on"}
    assert view.result and view.result.branch == name and [c.psi for c in view.result.comparisons] == ["begin", "other"]
    (session.folder / "takes" / second.id / "snapshot.safetensors").unlink()
    assert session.memory_tests.offer(other).branch == "", "its memory is gone"


def test_a_model_that_does_not_tell(session: Session, engine: FakeEngine) -> None:
    engine.recalls = False
    view = run(session, lambda: session.memory_tests.start(head(session)))
    assert view.result and view.result.basis == "different" and view.result.share == 1


def test_what_cannot_be_tested(tmp_path: Path) -> None:
    assert memory_grows(card(files=MEMORY), (64, 48)) and not memory_grows(card(), (64, 48))
    assert not memory_grows(card(files=MEMORY), (640, 384)), "a large film's memory is its picture"
    plain = render_all(make_film(Studio(tmp_path / "plain", FakeEngine(), (card(),)), "a"))
    large = card(files=MEMORY, sizes=((640, 384), (64, 48)))
    film = render_all(make_film(Studio(tmp_path / "large", FakeEngine(), (large,)), "a"))
    for session, words in ((plain, "keeps no long-term memory"), (film, "whole picture")):
        assert words in session.memory_tests.offer(head(session)).problem
        with pytest.raises(EditError, match=words):
            session.memory_tests.start(head(session))
    assert "At 64 × 48 it grows" in film.memory_tests.offer(head(film)).problem
    with pytest.raises(EditError, match="not in the film"):
        plain.memory_tests.offer("nowhere")


def test_a_failure_says_what_the_engine_said(session: Session, engine: FakeEngine) -> None:
    engine.fail_at = (0, 2)
    view = run(session, lambda: session.memory_tests.start(head(session)))
    assert (view.state, view.message, view.remedy) == ("failed", "Out of memory.", "Choose a smaller size.")
    (session.folder / "takes" / head(session) / "snapshot.safetensors").unlink()
    with pytest.raises(EditError, match="cannot be continued"):
        session.memory_tests.start(head(session))


def test_damaged_ones_are_made_again(session: Session) -> None:
    run(session, lambda: session.memory_tests.start(head(session)))
    result = session.memory_tests.offer(head(session)).result
    assert result
    file = result.folder / FILE
    table = json.loads(file.read_text())
    changes = ({"basis": "x"}, {"share": "x"}, {"format": 9}, {"comparisons": [1]})
    for damage in ("", "[]", *(json.dumps(table | change) for change in changes)):
        file.write_text(damage)
        assert read_result(result.folder) is None
    file.write_text(json.dumps(table))
    assert read_result(result.folder) == result
    result.clip("begin").unlink()
    assert read_result(result.folder) is None
