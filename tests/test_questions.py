"""What all questions about a take share, in a session: one at a time, stopped, failed, refused, and how many answers are kept."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from studio.catalogue.cards import ADAPTER, MEMORY, ModelFile
from studio.engine.events import CardGone, RenderRequest
from studio.engine.jobs import Stop
from studio.project.choices import drop_takes
from studio.session import EditError, Session, StoreError, Studio, trash
from studio.session.memory_test import MemoryTests
from studio.session.memory_use import MemoryUses
from studio.session.moments import Moments
from studio.session.questions import Questions
from studio.session.side_jobs import SideJobView
from tests.fake_engine import FakeEngine, card
from tests.shelves import make_film, render_all, wait_until


@dataclass(frozen=True)
class Kind:
    """One kind of question, asked of the last take of a film, and of so many others."""

    of: Callable[[Session], Questions[SideJobView]]
    start: Callable[[Session, int], str]           # the number tells one question from another

    def ask(self, session: Session, number: int = 0) -> SideJobView:
        """Ask, and wait for the answer."""
        self.start(session, number)
        return self.ended(session)

    def ended(self, session: Session) -> SideJobView:
        """The question, when it has ended."""
        questions = self.of(session)
        wait_until(session, lambda: questions.view is not None and not questions.view.active)
        assert questions.view
        return questions.view

    def answers(self, session: Session) -> list[Path]:
        """The folders of answers that are kept."""
        return list((session.store.films / self.of(session).FOLDER).iterdir())


def last(session: Session) -> str:
    return session.project.path()[-1].id


TESTS = Kind(lambda s: s.memory_tests, lambda s, n: s.memory_tests.start(last(s), f"view {n}"))
USES = Kind(lambda s: s.memory_uses, lambda s, n: s.memory_uses.start(s.project.path()[-1 - n].id))
MOMENTS = Kind(lambda s: s.moments, lambda s, n: s.moments.ask(s.project.path()[n].id, 0))
KINDS = {"tests": TESTS, "uses": USES, "moments": MOMENTS}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


@pytest.fixture
def session(tmp_path: Path, engine: FakeEngine, kind: Kind) -> Session:
    """A film of three takes, of a model that can be asked such questions."""
    files = (ModelFile(MEMORY if kind is MOMENTS else ADAPTER, 1, "0" * 64),)
    asked = card(kind="panorama" if kind is MOMENTS else "animatic", files=files)
    session = render_all(make_film(Studio(tmp_path / "projects", engine, (asked,)), "a", "b", "c"))
    engine.requests.clear()
    return session


def test_one_at_a_time_and_stopped(session: Session, engine: FakeEngine, kind: Kind) -> None:
    questions, engine.gate = kind.of(session), threading.Semaphore(0)
    id_ = kind.start(session, 0)
    wait_until(session, lambda: questions.view is not None and questions.view.state == "running")
    assert questions.view and (questions.view.id, questions.view.number, questions.view.finished) == (id_, 1, 0)
    for begin in (lambda: kind.start(session, 0), session.check_idle):
        with pytest.raises(EditError, match="already"):
            begin()
    questions.cancel()
    assert kind.ended(session).state == "cancelled" and kind.answers(session) == []
    engine.gate = None
    view = kind.ask(session)
    assert (view.state, view.finished) == ("done", view.count)
    questions.cancel()
    assert questions.view.state == "done", "nothing runs any more"


def test_stopped_while_it_waits(session: Session, engine: FakeEngine, kind: Kind, tmp_path: Path) -> None:
    other = make_film(Studio(tmp_path / "other", engine, (card(),)), "z")
    engine.gate = threading.Semaphore(0)
    other.jobs.generate_all()
    kind.start(session, 0)
    kind.of(session).cancel()
    assert kind.ended(session).state == "cancelled", "at once"
    engine.gate = None
    wait_until(other, lambda: other.job is not None and other.job.state == "done")
    assert kind.ask(session).state == "done"


def test_a_failure_leaves_the_film_alone(
    session: Session, engine: FakeEngine, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, takes = session.project, set(session.store.takes.iterdir())

    def broken(request: RenderRequest, stop: Stop) -> object:
        raise OSError("Nothing was read.")

    def lent_to_others(request: RenderRequest, stop: Stop) -> object:
        yield CardGone(request.take, "Go on at noon.")
        stop.before_next_section = True

    for render, words in ((broken, "Nothing was read."), (lent_to_others, "Go on at noon.")):
        with monkeypatch.context() as patch:
            patch.setattr(engine._worker, "_render", render)
            view = kind.ask(session)
        assert view.state == "failed" and words in view.message and kind.answers(session) == []
    assert session.project == before and set(session.store.takes.iterdir()) == takes
    assert kind.ask(session).state == "done"


def test_the_files_that_it_needs_are_not_removed_meanwhile(session: Session, engine: FakeEngine, kind: Kind) -> None:
    session.edit(drop_takes, [session.project.path()[-1].id])
    engine.gate = threading.Semaphore(0)
    kind.start(session, 0)
    for remove in (lambda: session.snapshots.thin(100), lambda: trash.empty(session, session.project.trash)):
        with pytest.raises(EditError, match="already"):
            remove()
    engine.gate = None
    assert kind.ended(session).state == "done"
    assert session.snapshots.thin(100) > 0 and trash.empty(session, session.project.trash).takes == 1


def test_what_comes_back_is_damaged(session: Session, kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(path: Path) -> None:
        raise OSError("gone")

    reads = {MemoryTests: "memory_comparison.read_clip", MemoryUses: "memory_use.read_clip", Moments: "moments.read_picture"}
    with monkeypatch.context() as patch:
        patch.setattr(f"studio.session.{reads[type(kind.of(session))]}", gone)
        assert kind.ask(session).state == "failed"
    assert kind.answers(session) == [] and kind.ask(session).state == "done"


def test_the_oldest_answers_are_removed(session: Session, kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = min(kind.of(session).KEPT, 2)
    monkeypatch.setattr(type(kind.of(session)), "KEPT", kept)
    kind.ask(session, 0)
    oldest = kind.answers(session)
    os.utime(oldest[0], (0, 0))
    for number in range(kept):
        (oldest[0].parent / f"other-{number}").mkdir()
    kind.ask(session, 1)
    assert len(kind.answers(session)) == kept and oldest[0] not in kind.answers(session)


def test_a_film_for_viewing_only_and_a_folder_that_cannot_be_made(session: Session, kind: Kind) -> None:
    shutil.rmtree(session.store.films, ignore_errors=True)
    session.store.films.write_text("in the way")
    with pytest.raises(StoreError, match="folder for the question cannot be made"):
        kind.start(session, 0)
    session.store.close()
    with pytest.raises(StoreError, match="viewing only"):
        kind.start(session, 0)
