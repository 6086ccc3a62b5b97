"""Pausing at a section, resuming, and jobs that go on after the studio was stopped."""

from __future__ import annotations

import json
import threading

import pytest

from studio.project import edits
from studio.project.auditions import Variations
from studio.session import EditError, Session, Studio, go_on
from studio.session.job_note import NAME
from tests.fake_engine import FakeEngine, card
from tests.shelves import make_film, render_all, wait_for_job, wait_until


def reach(session: Session, section: int, step: int) -> None:
    wait_until(session, lambda: bool(session.job and (session.job.section, session.job.step) == (section, step)))


def restarted(studio: Studio, session: Session) -> tuple[Studio, Session]:
    """The studio after its process has ended: a new one on the same home, with an engine of its own."""
    session.store.close()
    again = Studio(studio.home, FakeEngine(), (card(),))
    return again, again.open(session.id)


def interrupted(studio: Studio, engine: FakeEngine, session: Session) -> tuple[Studio, Session]:
    """The studio after it was killed in the second section of the first segment of Generate all."""
    engine.gate = threading.Semaphore(4 + 1)
    session.jobs.generate_all()
    reach(session, 1, 1)
    return restarted(studio, session)


def test_a_pause_keeps_whole_sections_and_resume_goes_on(studio: Studio, engine: FakeEngine) -> None:
    reference = render_all(make_film(studio, "a", "b", sections=3))
    session = make_film(studio, "a", "b", sections=3)
    engine.gate = threading.Semaphore(4 + 1)
    session.jobs.generate_all()
    reach(session, 1, 1)
    session.jobs.pause()
    assert session.job and session.job.doing == "pausing" and session.job.state == "running"
    engine.gate = None
    assert wait_for_job(session).state == "paused"
    (take,) = session.project.film()
    assert (take.state, take.sections) == ("partial", 2), "the section that had begun was finished"
    assert (session.folder / NAME).is_file()
    session.jobs.resume()
    assert wait_for_job(session).state == "done"
    assert [(t.segment.prompt, t.sections, t.state) for t in session.project.film()] == [("a", 3, "done"), ("b", 3, "done")]
    assert not (session.folder / NAME).exists()
    clips = [one.films.clip(one.project.film()[0].id) for one in (reference, session)]
    assert clips[0] and clips[1] and clips[0].read_bytes() == clips[1].read_bytes(), "as without a pause"


def test_a_pause_in_the_last_section_is_the_end(studio: Studio, engine: FakeEngine) -> None:
    engine.gate = threading.Semaphore(1)
    session = make_film(studio, "a")
    session.jobs.generate_next()
    reach(session, 0, 1)
    session.jobs.pause()
    engine.gate = None
    assert wait_for_job(session).state == "done" and not (session.folder / NAME).exists()
    with pytest.raises(EditError, match="nothing to resume"):
        session.jobs.resume()


def test_a_paused_audition(studio: Studio, engine: FakeEngine) -> None:
    engine.gate = threading.Semaphore(8 + 1)
    session = make_film(studio, "a", sections=2)
    session.audition(None, Variations(seeds=3))
    reach(session, 0, 1)
    wait_until(session, lambda: bool(session.job and session.job.finished == 1 and session.job.step == 1))
    session.jobs.pause()
    engine.gate = None
    assert wait_for_job(session).state == "paused" and len(session.project.takes) == 2
    _, again = restarted(studio, session)
    assert again.job and again.job.state == "paused" and again.job.note == ""
    again.jobs.resume()
    assert wait_for_job(again).state == "done"
    takes = again.project.siblings(None)
    assert [t.state for t in takes] == ["done"] * 3 and again.project.head is None and len(again.project.branches) == 1


def test_a_job_that_waits_for_another_film_is_paused_at_once(studio: Studio, engine: FakeEngine) -> None:
    engine.gate = threading.Semaphore(0)
    first, second = make_film(studio, "a"), make_film(studio, "b")
    first.jobs.generate_next()
    second.jobs.generate_next()
    second.jobs.pause()
    assert second.job and second.job.state == "paused"
    second.jobs.resume()
    engine.gate = None
    assert wait_for_job(first).state == "done" and wait_for_job(second).state == "done"
    assert [t.segment.prompt for t in second.project.film()] == ["b"]


def test_what_was_interrupted_is_offered_after_a_restart(studio: Studio, engine: FakeEngine) -> None:
    again, session = interrupted(studio, engine, make_film(studio, "a", "b", sections=2))
    job = session.job
    assert job and job.state == "paused" and "stopped while" in job.note and job.planned == 2
    go_on(again)
    assert session.job and session.job.state == "paused", "only where the artist has said so"
    session.jobs.resume()
    assert wait_for_job(session).state == "done"
    assert [t.segment.prompt for t in session.project.film()] == ["a", "b"]


def test_what_was_interrupted_goes_on_by_itself_where_the_artist_said_so(studio: Studio, engine: FakeEngine) -> None:
    film = make_film(studio, "a", "b", sections=2)
    film.edit(edits.set_go_on, True)
    again, session = interrupted(studio, engine, film)
    go_on(again)
    assert wait_for_job(session).state == "done"
    assert [t.segment.prompt for t in session.project.film()] == ["a", "b"] and session.project.go_on


def test_what_the_artist_cancelled_or_paused_does_not_go_on_by_itself(studio: Studio, engine: FakeEngine) -> None:
    for stop in ("cancel", "pause"):
        film = make_film(studio, "a", sections=3)
        film.edit(edits.set_go_on, True)
        engine.gate = threading.Semaphore(4 + 1)
        film.jobs.generate_all()
        reach(film, 1, 1)
        getattr(film.jobs, stop)()
        engine.gate = None
        wait_for_job(film)
        again, session = restarted(studio, film)
        go_on(again)
        assert (session.job.state if session.job else None) == (None if stop == "cancel" else "paused")


@pytest.mark.parametrize("damage", ["", "[]", '{"asks": []}', '{"asks": [{}], "rest": true, "branch": "b", "paused": false}'])
def test_a_damaged_note_is_no_job(studio: Studio, engine: FakeEngine, damage: str) -> None:
    session = make_film(studio, "a")
    (session.folder / NAME).write_text(damage)
    again, opened = restarted(studio, session)
    assert opened.job is None
    go_on(again)
    assert render_all(opened).project.film()


def test_a_job_whose_take_was_finished_meanwhile_is_not_offered(studio: Studio, engine: FakeEngine) -> None:
    session = make_film(studio, "a")
    engine.gate = threading.Semaphore(1)
    session.jobs.generate_next()
    reach(session, 0, 1)
    note = json.loads((session.folder / NAME).read_text())
    engine.gate = None
    wait_for_job(session)
    (session.folder / NAME).write_text(json.dumps(note))
    _, again = restarted(studio, session)
    assert again.job is None and not (session.folder / NAME).exists()
