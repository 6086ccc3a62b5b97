"""Auditions where several takes are rendered at once."""

from __future__ import annotations

import threading

import pytest

from studio.project.auditions import Variations
from studio.session import Session, Studio
from studio.session.job_note import read_note
from tests.fake_engine import FakeEngine
from tests.shelves import make_film, wait_for_job, wait_until

BEGUN: list[object] = []
"""The steps that were begun."""


@pytest.fixture
def engine() -> FakeEngine:
    """An engine with two workers, which stop before every step until they are let go on."""
    engine = FakeEngine()
    engine.lanes, engine.gate = 2, threading.Semaphore(0)
    BEGUN.clear()
    wait = engine._wait
    engine._wait = lambda *values: BEGUN.append(values) or wait(*values)  # type: ignore[func-returns-value, method-assign]
    return engine


def begin(studio: Studio, seeds: int = 4) -> Session:
    """A session whose audition has two takes in progress, each in its first step."""
    session = make_film(studio, "a", "b")
    session.audition(None, Variations(seeds=seeds), ())
    wait_until(session, lambda: len(BEGUN) == 2)
    return session


def go_on(engine: FakeEngine) -> None:
    engine.gate = None


def test_two_takes_are_made_at_once(studio: Studio, engine: FakeEngine) -> None:
    session = begin(studio)
    job = session.job
    assert job and [one.take for one in job.making] == list(job.audition[:2]) and (job.state, job.planned) == ("running", 4)
    assert len({request.seed for request in engine.requests}) == 2
    go_on(engine)
    job = wait_for_job(session)
    assert (job.state, job.finished, job.making) == ("done", 4, ())
    assert sorted(session.project.takes) == sorted(job.audition) and session.project.head is None
    assert read_note(session.folder) is None


def test_a_take_is_kept_as_soon_as_it_comes(studio: Studio, engine: FakeEngine) -> None:
    session = begin(studio, seeds=2)
    assert engine.gate and engine.requests[0].steps == 4
    engine.gate.release(7)                                        # of eight steps: one of the takes ends, whichever
    wait_until(session, lambda: bool(session.project.takes))
    assert session.job and session.job.state == "running" and session.job.finished == 1
    go_on(engine)
    assert wait_for_job(session).state == "done" and len(session.project.takes) == 2


def test_cancel_stops_all_of_them(studio: Studio, engine: FakeEngine) -> None:
    session = begin(studio)
    session.jobs.cancel()
    assert wait_for_job(session).state == "cancelled"
    assert not session.project.takes and len(engine.requests) == 2 and read_note(session.folder) is None


def test_a_pause_keeps_what_is_left(studio: Studio, engine: FakeEngine) -> None:
    session = begin(studio)
    asked = session.job.audition  # type: ignore[union-attr]
    session.jobs.pause()
    go_on(engine)
    assert wait_for_job(session).state == "paused" and len(session.project.takes) == 2
    session.jobs.resume()
    job = wait_for_job(session)
    assert job.state == "done" and sorted(session.project.takes) == sorted(asked)


def test_a_take_that_fails_lets_the_other_end(studio: Studio, engine: FakeEngine) -> None:
    session = begin(studio)
    plain = engine._wait
    engine.fail_at = (0, 3)
    engine._wait = lambda *values: _once(engine, plain, values)  # type: ignore[method-assign]
    go_on(engine)
    job = wait_for_job(session)
    assert job.state == "failed" and job.message == "Out of memory." and len(session.project.takes) == 1


def _once(engine: FakeEngine, wait: object, values: tuple[object, ...]) -> str:
    found = wait(*values)  # type: ignore[operator]
    if found == "failed":
        engine.fail_at = None
    return str(found)


def test_what_needs_the_take_before_is_made_one_after_the_other(studio: Studio, engine: FakeEngine) -> None:
    go_on(engine)
    session = make_film(studio, "a", "b", "c")
    session.jobs.generate_all()
    job = wait_for_job(session)
    assert job.state == "done" and not job.making and len(session.project.film()) == 3
