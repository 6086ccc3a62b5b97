"""What a page is told while takes are made: how long it takes, what can be seen of it, and that something has changed."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from studio.engine.events import SectionDone
from studio.engine.rates import Rate
from studio.project import edits
from studio.session import Studio
from tests.fake_engine import FakeEngine
from tests.shelves import make_film, make_studio, render_all, wait_for_job, wait_until


def test_estimates_come_from_measured_takes(studio: Studio, engine: FakeEngine) -> None:
    engine.step_seconds = 0.01
    session = make_film(studio, "a")
    assert session.jobs.estimate_next() is None
    render_all(session)
    assert session.jobs.estimate_next() is None, "nothing is next"
    session.edit(edits.add_segment, frames=8)
    estimate = session.jobs.estimate_next()
    assert estimate and 0.08 <= estimate < 5
    session.apply_preset("standard")
    twice = session.jobs.estimate_next()
    assert twice == pytest.approx(2 * estimate)


def test_watch_wakes_on_changes_and_in_time(studio: Studio) -> None:
    session = studio.create()
    revision = session.revision
    assert session.watch(revision, 0.01) == revision
    threading.Timer(0.05, lambda: session.edit(edits.rename, "Sea")).start()
    assert session.watch(revision, 10) > revision


def test_the_engine_waking_up_is_a_change(tmp_path: Path) -> None:
    engine = FakeEngine(ready=False)
    session = make_studio(tmp_path, engine).create()
    revision = session.revision
    assert session.engine.state == "starting"
    engine.wake()
    assert session.watch(revision, 1) > revision and session.engine.state == "ready"


def test_the_time_left_is_told_before_the_engine_has_measured(studio: Studio, engine: FakeEngine) -> None:
    engine.step_seconds = 0.01
    session = render_all(make_film(studio, "a"))
    session.edit(edits.add_segment, prompt="b", frames=8)
    before = session.jobs.estimate_next()
    engine.gate = threading.Semaphore(0)
    session.jobs.generate_next()
    wait_until(session, lambda: bool(session.job and session.job.doing == "denoising"))
    assert session.job and session.job.seconds_left == session.job.total_left == before
    session.jobs.cancel()
    assert wait_for_job(session).state == "cancelled"


def test_a_finished_section_is_shown_as_it_came_out(studio: Studio, engine: FakeEngine) -> None:
    """Not as the last step foresaw it."""
    session = make_film(studio, "a", sections=2)
    session.jobs.generate_next()
    wait_for_job(session)
    run = session.jobs._job
    assert run
    run.view = replace(run.view, state="running", preview=b"foreseen")
    done = SectionDone(run.ask.take.id, 0, 2, 4, session.folder, None, b"as it came out")
    session.jobs._follower._show_event(run, done)
    assert (run.view.preview, run.view.section, run.view.step) == (b"as it came out", 1, 0)


def test_a_queued_job_tells_its_place_and_how_long_it_waits(studio: Studio, engine: FakeEngine) -> None:
    engine.rates.record("tiny", (64, 48), Rate(step=9, rest=4, size=1))
    engine.gate = threading.Semaphore(0)
    first, second, third = (make_film(studio, name) for name in "abc")
    for film in (first, second, third):
        film.jobs.generate_next()
    wait_until(first, lambda: first.job is not None and first.job.doing == "denoising")
    waiting = [film.job for film in (first, second, third)]
    assert [(job.state, job.before) for job in waiting if job] == [("running", 0), ("queued", 1), ("queued", 2)]
    assert [job.wait for job in waiting if job] == [None, 40, 80], "four steps of nine seconds, and four more"
    moved = third.revision
    second.jobs.cancel()
    assert third.job and (third.job.before, third.job.wait) == (1, 40), "who has cancelled is not waited for"
    engine.gate = None
    assert wait_for_job(first).state == "done" and third.revision > moved, "the pages of the third are told"
    assert wait_for_job(third).state == "done" and third.job.before == 0
