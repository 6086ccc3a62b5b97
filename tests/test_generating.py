"""Generating from a session: jobs that tell the truth, heads and branches that stay where they belong."""

from __future__ import annotations

import threading
from contextvars import ContextVar
from pathlib import Path

import pytest

from studio.engine.jobs import Worker
from studio.media.clip import probe
from studio.project import edits
from studio.project.store import Store
from studio.session import EditError, Session, Studio
from tests.fake_engine import FakeEngine
from tests.shelves import make_film, make_studio, render_all, wait_for_job, wait_until


def prompts(session: Session) -> list[str]:
    return [take.segment.prompt for take in session.project.film()]


def test_generate_next_renders_one_take(studio: Studio) -> None:
    session = make_film(studio, "a", "b", sections=2)
    session.jobs.generate_next()
    job = wait_for_job(session)
    assert (job.state, job.finished, job.planned, job.message, job.preview) == ("done", 1, 1, "", None)
    (take,) = session.project.film()
    assert (take.segment.prompt, take.sections, take.frames, take.state) == ("a", 2, 8, "done")
    clip, poster, joined = session.films.clip(take.id), session.films.poster(take.id), session.films.film()
    assert clip and poster and joined and probe(joined).frames == 8
    assert {p.name for p in session.folder.glob(f"takes/{take.id}/*")} == {
        "clip.mp4", "snapshot.safetensors", "poster.webp", "take.json",
    }  # fmt: skip
    assert Store(session.folder).open().project == session.project


def test_generate_all_goes_to_the_end_of_the_plan(studio: Studio, engine: FakeEngine) -> None:
    session = render_all(make_film(studio, "a", "b", "c"))
    assert prompts(session) == ["a", "b", "c"] and len(session.project.branches) == 1
    assert [r.parent and r.parent.name for r in engine.requests] == [None, *(t.id for t in session.project.film()[:2])]
    assert session.job and (session.job.finished, session.job.planned) == (3, 3)
    with pytest.raises(EditError, match="Add a segment"):
        session.jobs.generate_next()


def test_without_a_picture_nothing_is_generated(studio: Studio) -> None:
    session = studio.create()
    for verb in (session.jobs.generate_next, session.jobs.generate_all):
        with pytest.raises(EditError, match="reference image"):
            verb()
    assert session.job is None


def test_one_job_at_a_time_and_progress_that_tells_the_truth(studio: Studio, engine: FakeEngine) -> None:
    engine.gate = threading.Semaphore(0)
    session = make_film(studio, "a", "b", sections=2)
    session.jobs.generate_all()
    with pytest.raises(EditError, match="already generating"):
        session.jobs.generate_next()
    for _ in range(5):                                    # one section of four steps, and one step
        engine.gate.release()
    wait_until(session, lambda: session.job is not None and (session.job.section, session.job.step) == (1, 1))
    job = session.job
    assert job and (job.state, job.doing, job.index, job.sections, job.steps) == ("running", "denoising", 0, 2, 4)
    assert job.preview and job.seconds_left is not None and job.planned == 2
    engine.gate = None
    assert wait_for_job(session).state == "done"


def test_cancel_keeps_finished_sections_and_generate_completes_them(studio: Studio, engine: FakeEngine) -> None:
    engine.gate = threading.Semaphore(5)
    session = make_film(studio, "a", "b", sections=3)
    session.jobs.generate_all()
    wait_until(session, lambda: session.job is not None and session.job.section == 1)
    session.jobs.cancel()
    assert wait_for_job(session).state == "cancelled"
    (take,) = session.project.film()
    assert (take.state, take.sections, take.frames) == ("partial", 1, 4)
    film_so_far = session.films.film()
    assert film_so_far and probe(film_so_far).frames == 4
    engine.gate = None
    session.jobs.generate_next()
    wait_for_job(session)
    (whole,) = session.project.film()
    assert (whole.id, whole.state, whole.sections) == (take.id, "done", 3) and whole.seconds >= take.seconds
    now = session.films.film()
    assert now and probe(now).frames == 12 and not list(session.folder.glob("takes/*/section-*"))


def test_cancel_in_the_first_section_leaves_nothing_behind(studio: Studio, engine: FakeEngine) -> None:
    engine.gate = threading.Semaphore(2)
    session = make_film(studio, "a")
    session.jobs.generate_next()
    wait_until(session, lambda: session.job is not None and session.job.step == 2)
    session.jobs.cancel()
    assert wait_for_job(session).state == "cancelled"
    assert session.project.takes == {} and list((session.folder / "takes").iterdir()) == []


def test_a_failure_says_why_and_keeps_what_is_finished(studio: Studio, engine: FakeEngine) -> None:
    engine.fail_at = (1, 2)
    session = make_film(studio, "a", "b", sections=2)
    session.jobs.generate_all()
    job = wait_for_job(session)
    assert (job.state, job.message, job.remedy) == ("failed", "Out of memory.", "Choose a smaller size.")
    assert [t.state for t in session.project.film()] == ["partial"]
    engine.fail_at = None
    assert prompts(render_all(session)) == ["a", "b"]


def test_finish_completes_a_partial_take(studio: Studio, engine: FakeEngine) -> None:
    engine.fail_at = (1, 1)
    session = make_film(studio, "a", sections=2)
    session.jobs.generate_next()
    wait_for_job(session)
    engine.fail_at = None
    (take,) = session.project.takes.values()
    session.edit(edits.rewind, None)
    session.jobs.finish(take.id)
    assert wait_for_job(session).state == "done"
    assert session.project.takes[take.id].state == "done" and session.project.head == take.id
    with pytest.raises(EditError, match="finished already"):
        session.jobs.finish(take.id)


def test_a_queued_job_is_cancelled_at_once(tmp_path: Path, engine: FakeEngine) -> None:
    engine.gate = threading.Semaphore(0)
    studio = make_studio(tmp_path, engine)
    first, second = make_film(studio, "a"), make_film(studio, "b")
    first.jobs.generate_next()
    wait_until(first, lambda: first.job is not None and first.job.state == "running")
    second.jobs.generate_next()
    assert second.job and second.job.state == "queued"
    second.jobs.cancel()
    assert second.job.state == "cancelled"
    second.jobs.generate_next()
    engine.gate = None
    assert wait_for_job(first).state == "done" and wait_for_job(second).state == "done"
    assert len(second.project.takes) == 1 and len(engine.requests) == 2


def test_films_take_turns_and_one_that_waits_again_can_be_cancelled(tmp_path: Path, engine: FakeEngine) -> None:
    engine._worker = Worker(engine._render, turn=0)
    engine.gate = threading.Semaphore(0)
    studios = [make_studio(tmp_path / name, engine) for name in ("one", "two", "three")]
    first, second, third = (make_film(each, f"{name} 1", f"{name} 2") for each, name in zip(studios, "abc", strict=True))
    for session in (first, second, third):
        session.jobs.generate_all()
    engine.gate.release(12)                                            # one take each
    wait_until(third, lambda: len(third.project.film()) == 1 and third.job is not None and third.job.state == "queued")
    third.jobs.cancel()
    assert third.job and third.job.state == "cancelled"
    engine.gate = None
    assert wait_for_job(first).state == wait_for_job(second).state == "done"
    assert [request.prompt for request in engine.requests] == ["a 1", "b 1", "c 1", "a 2", "b 2"]
    assert prompts(third) == ["c 1"]


def test_segments_not_begun_can_be_edited_while_it_renders(studio: Studio, engine: FakeEngine) -> None:
    engine.gate = threading.Semaphore(1)
    session = make_film(studio, "a", "b", "c")
    session.jobs.generate_all()
    wait_until(session, lambda: session.job is not None and session.job.step == 1)
    session.edit(edits.edit_segment, 1, prompt="B", frames=8)
    session.edit(edits.remove_segment, 2)
    session.edit(edits.add_segment, prompt="d")
    engine.gate = None
    assert wait_for_job(session).state == "done"
    assert prompts(session) == ["a", "B", "d"] and edits.stale_takes(session.project) == frozenset()


def test_an_edit_of_the_segment_being_rendered_makes_it_stale(studio: Studio, engine: FakeEngine) -> None:
    engine.gate = threading.Semaphore(1)
    session = make_film(studio, "a")
    session.jobs.generate_next()
    wait_until(session, lambda: session.job is not None and session.job.step == 1)
    session.edit(edits.edit_segment, 0, prompt="A")
    engine.gate = None
    wait_for_job(session)
    assert prompts(session) == ["a"] and len(edits.stale_takes(session.project)) == 1


def test_the_head_stays_where_the_artist_put_it(studio: Studio, engine: FakeEngine) -> None:
    session = render_all(make_film(studio, "a"))
    first = session.project.head
    session.edit(edits.add_segment, prompt="b")
    session.edit(edits.add_segment, prompt="c")
    engine.gate = threading.Semaphore(1)
    session.jobs.generate_all()
    wait_until(session, lambda: session.job is not None and session.job.step == 1)
    session.edit(edits.rewind, None)
    engine.gate = None
    wait_for_job(session)
    assert session.project.head is None
    assert [t.segment.prompt for t in session.project.path()] == ["a", "b", "c"] and len(session.project.branches) == 1
    session.edit(edits.rewind, first)
    assert prompts(session) == ["a"]


def test_switching_away_while_it_renders(studio: Studio, engine: FakeEngine) -> None:
    session = render_all(make_film(studio, "a"))
    main = session.project.branch
    session.edit(edits.add_segment, prompt="b")
    engine.gate = threading.Semaphore(1)
    session.jobs.generate_all()
    wait_until(session, lambda: session.job is not None and session.job.step == 1)
    session.edit(edits.branch, None, "Elsewhere")
    engine.gate = None
    wait_for_job(session)
    assert session.project.current().name == "Elsewhere" and session.project.head is None
    session.edit(edits.switch, main)
    assert prompts(session) == ["a", "b"]


def test_retake_is_another_seed_on_another_branch(studio: Studio) -> None:
    session = render_all(make_film(studio, "a", "b", "c"))
    second = session.project.film()[1]
    session.edit(edits.edit_segment, 1, prompt="B")
    session.jobs.retake(second.id, seed=77)
    wait_for_job(session)
    assert prompts(session) == ["a", "B"]
    again = session.project.film()[1]
    assert (again.parent, again.segment.seed, session.project.current().name) == (second.parent, 77, "Branch 2")
    assert [s.prompt for s in session.project.current().segments] == ["a", "B", "c"]
    session.jobs.retake(again.id)
    wait_for_job(session)
    assert session.project.film()[1].segment.seed not in (1, 77) and len(session.project.branches) == 3


def test_generating_the_same_again_draws_another_seed(studio: Studio) -> None:
    session = render_all(make_film(studio, "a"))
    session.edit(edits.rewind, None)
    session.jobs.generate_next()
    wait_for_job(session)
    one, two = session.project.takes.values()
    assert one.segment.seed != two.segment.seed and session.project.head == two.id
    assert edits.stale_takes(session.project) == frozenset()


def test_undo_while_it_renders_loses_no_take(studio: Studio, engine: FakeEngine) -> None:
    session = make_film(studio, "a", "b")
    engine.gate = threading.Semaphore(4 + 1)
    session.jobs.generate_all()
    wait_until(session, lambda: session.job is not None and (session.job.finished, session.job.step) == (1, 1))
    session.undo()
    assert session.project.film() == ()
    engine.gate = None
    assert wait_for_job(session).state == "done"
    assert len(session.project.takes) == 2 and session.project.head is None
    assert any(session.project.lineage(b.tip)[1:] for b in session.project.branches)


def test_what_no_longer_fits_stops_the_job_with_a_reason(studio: Studio, engine: FakeEngine) -> None:
    session = make_film(studio, "a", "b")
    engine.gate = threading.Semaphore(1)
    session.jobs.generate_all()
    wait_until(session, lambda: session.job is not None and session.job.step == 1)
    session.set_size((48, 64))
    engine.gate = None
    job = wait_for_job(session)
    assert job.state == "failed" and "another size" in job.message and len(session.project.takes) == 1


def test_a_job_runs_in_the_context_of_whoever_asked_for_it(
    studio: Studio, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = ContextVar("visitor", default="nobody")
    seen = []

    def wait(section: int, step: int, stop: threading.Event) -> str:
        seen.append(visitor.get())
        return ""

    monkeypatch.setattr(engine, "_wait", wait)
    session = make_film(studio, "a", "b")
    visitor.set("artist")
    session.jobs.generate_all()
    visitor.set("somebody else")
    wait_for_job(session)
    assert set(seen) == {"artist"} and len(seen) == 8
