"""Asking a session's memory for a moment: what the engine is asked for, what comes back, and everything that can be in the way."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from studio.catalogue.cards import MEMORY, ModelFile
from studio.project import edits
from studio.session import EditError, Session, Studio
from studio.session.moments import MomentView
from tests.fake_engine import FakeEngine, card
from tests.shelves import make_film, picture, render_all, wait_for_job, wait_until

FILES = (ModelFile(MEMORY, 1, "0" * 64),)
CARD = card(kind="panorama", files=FILES, window=2)           # two frames a latent


@pytest.fixture
def session(tmp_path: Path, engine: FakeEngine) -> Session:
    """A film of three takes of four frames, of a model that answers for places."""
    session = render_all(make_film(Studio(tmp_path / "projects", engine, (CARD,)), "a", "b", "c"))
    engine.requests.clear()
    return session


def ask(session: Session, take: str, at: int) -> MomentView:
    session.moments.ask(take, at)
    wait_until(session, lambda: session.moments.view is not None and session.moments.view.state not in ("queued", "running"))
    assert session.moments.view
    return session.moments.view


def test_the_head_is_asked_for_the_latent_of_the_frame(session: Session, engine: FakeEngine) -> None:
    before, first = session.project, session.project.path()[0]
    assert session.moments.can_ask()
    for at, last in ((0, 1), (1, 1), (2, 3), (99, 3)):
        view = ask(session, first.id, at)
        assert (view.state, view.take, view.at) == ("done", first.id, last)
    request = engine.requests[0]
    assert request.moment and request.moment.take == session.folder / "takes" / first.id
    assert request.parent == session.folder / "takes" / str(session.project.head), "the memory after the head"
    assert view.result and view.result.decibels is None and view.result.known == pytest.approx(0.4)
    assert view.result.shown.is_file() and view.result.remembered.is_file()
    assert session.project == before and len(list((session.folder / "takes").iterdir())) == 3, "nothing of it is a take"


def test_what_cannot_be_asked_for(session: Session, engine: FakeEngine) -> None:
    first, _, third = session.project.path()
    with pytest.raises(EditError):
        session.moments.ask("0" * 12, 0)
    session.edit(edits.rewind, first.id)
    with pytest.raises(EditError, match="no part of the film so far"):
        session.moments.ask(third.id, 0)
    shutil.rmtree(session.folder / "takes" / first.id)
    with pytest.raises(EditError, match="is gone"):
        session.moments.ask(first.id, 0)
    assert engine.requests == []


def test_another_shot_has_a_memory_of_its_own(session: Session) -> None:
    first = session.project.path()[0]
    session.edit(edits.rewind, first.id)
    session.set_shot(1, session.picture_shot(picture(session.folder.parent, "crimson")))
    session.jobs.generate_next()
    wait_for_job(session)
    with pytest.raises(EditError, match="of another shot"):
        session.moments.ask(first.id, 0)


def test_a_frame_too_far_back(tmp_path: Path, engine: FakeEngine) -> None:
    session = render_all(make_film(Studio(tmp_path / "long", engine, (CARD,)), "a", sections=11))
    take = session.project.path()[0]
    with pytest.raises(EditError, match="newest 38 frames"):
        session.moments.ask(take.id, 5)
    assert ask(session, take.id, 6).at == 7


def test_a_model_that_does_not_answer(tmp_path: Path, engine: FakeEngine) -> None:
    session = render_all(make_film(Studio(tmp_path / "deaf", engine, (card(),)), "a"))
    assert not session.moments.can_ask()
    with pytest.raises(EditError, match="cannot be asked for a place"):
        session.moments.ask(session.project.path()[0].id, 0)
