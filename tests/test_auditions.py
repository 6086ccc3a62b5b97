"""Auditions: several takes of one segment from one snapshot, and the choice between them."""

from __future__ import annotations

import threading

import pytest
from PIL import Image

from studio.project import choices, edits
from studio.project.auditions import Variations
from studio.project.store import Store
from studio.session import EditError, MediaError, Session, Studio
from tests.fake_engine import FakeEngine
from tests.shelves import make_film, render_all, wait_for_job, wait_until


def auditioned(session: Session, variations: Variations, take: str | None = None, presets: tuple[str, ...] = ()) -> list[str]:
    """The ids of the takes of an audition, which is over."""
    session.audition(take, variations, presets)
    job = wait_for_job(session)
    assert job.state == "done", job
    return list(job.audition)


def test_takes_of_the_next_segment_from_one_snapshot(studio: Studio, engine: FakeEngine) -> None:
    session = make_film(studio, "a", "b", "c")
    session.jobs.generate_next()
    wait_for_job(session)
    (head,) = session.project.film()
    takes = auditioned(session, Variations(seeds=3))
    project = session.project
    assert [t.id for t in project.siblings(head.id)] == takes and len(takes) == 3
    assert {t.segment.prompt for t in project.siblings(head.id)} == {"b"}
    seeds = [project.takes[take].segment.seed for take in takes]
    assert seeds[0] == 1 and len(set(seeds)) == 3, "the plan's seed is the first one"
    assert {r.parent and r.parent.name for r in engine.requests[1:]} == {head.id}
    assert project.head == head.id and len(project.branches) == 1 and project.path() == (head,)
    assert Store(session.folder).open().project == project


def test_a_take_that_is_used_continues_the_branch(studio: Studio) -> None:
    session = make_film(studio, "a", "b", "c")
    takes = auditioned(session, Variations(seeds=3))
    session.edit(choices.use_take, takes[1])
    project = session.project
    assert project.head == takes[1] and len(project.branches) == 1
    assert project.current().segments[0] == project.takes[takes[1]].segment and len(project.current().segments) == 3
    assert not edits.stale_takes(project)
    session.edit(choices.use_take, takes[2])
    assert len(session.project.branches) == 2 and session.project.head == takes[2], "another future"
    session.undo()
    session.undo()
    assert session.project.head is None and set(session.project.takes) == set(takes), "undo loses no take"
    session.jobs.generate_next()
    wait_for_job(session)
    seed_of = {t.id: t.segment.seed for t in session.project.takes.values()}
    assert seed_of[str(session.project.head)] not in {seed_of[take] for take in takes}


def test_another_audition_of_a_rendered_segment(studio: Studio) -> None:
    session = render_all(make_film(studio, "a", "b"))
    first, second = session.project.film()
    session.edit(edits.edit_segment, 0, prompt="a, at night")
    takes = auditioned(session, Variations(seeds=2), take=first.id)
    assert {session.project.takes[t].parent for t in takes} == {None}
    assert {session.project.takes[t].segment.prompt for t in takes} == {"a, at night"}
    assert session.project.head == second.id and session.job and session.job.index == 0


def test_prompts_presets_and_seeds_are_combined(studio: Studio) -> None:
    session = make_film(studio, "a")
    takes = auditioned(session, Variations(seeds=2, prompts=("sun", "rain")), presets=("draft", "quick"))
    asked = [session.project.takes[t] for t in takes]
    assert [(t.segment.prompt, t.settings.preset) for t in asked] == [
        ("sun", "draft"), ("sun", "draft"), ("sun", "quick"), ("sun", "quick"),
        ("rain", "draft"), ("rain", "draft"), ("rain", "quick"), ("rain", "quick"),
    ]  # fmt: skip
    assert asked[0].segment.seed == asked[2].segment.seed == asked[4].segment.seed
    assert asked[1].segment.seed == asked[3].segment.seed != asked[0].segment.seed


@pytest.mark.parametrize(
    ("variations", "presets", "message"),
    [
        (Variations(seeds=1), (), "2 to 9"),
        (Variations(seeds=10), (), "2 to 9"),
        (Variations(seeds=5, prompts=("a", "b")), (), "10"),
        (Variations(seeds=2), ("nonsense",), "no preset"),
        (Variations(prompts=("x" * 3000, "y")), (), "3,000 characters"),
        (Variations(lora="0" * 64, strengths=(0.5, 1.0)), (), "not on this segment"),
    ],
)
def test_what_is_no_audition(studio: Studio, variations: Variations, presets: tuple[str, ...], message: str) -> None:
    session = make_film(studio, "a")
    with pytest.raises(EditError, match=message):
        session.audition(None, variations, presets)
    assert session.job is None and not session.project.takes


def test_cancel_keeps_the_takes_that_are_made(studio: Studio, engine: FakeEngine) -> None:
    engine.gate = threading.Semaphore(4 + 4 + 1)                       # two takes of one section and a step of the third
    session = make_film(studio, "a")
    session.audition(None, Variations(seeds=5))
    wait_until(session, lambda: len(session.project.takes) == 2)
    job = session.job
    assert job and (job.planned, len(job.audition)) == (5, 5)
    session.jobs.cancel()
    assert wait_for_job(session).state == "cancelled"
    assert len(session.project.takes) == 2 and session.project.head is None
    assert {p.name for p in (session.folder / "takes").iterdir()} == set(session.project.takes)


def test_time_left_counts_the_takes_that_wait(studio: Studio, engine: FakeEngine) -> None:
    engine.gate, engine.step_seconds = threading.Semaphore(1), 1.0
    session = make_film(studio, "a")
    session.audition(None, Variations(seeds=3))
    wait_until(session, lambda: session.job is not None and session.job.step == 1)
    job = session.job
    assert job and job.seconds_left == 3 and job.total_left == pytest.approx(3 + 2 * 4), "steps of one second"
    engine.gate, engine.step_seconds = None, 0.0
    wait_for_job(session)


def test_the_contact_sheet(studio: Studio) -> None:
    session = make_film(studio, "a long prompt " * 40 + "夜 ★")
    takes = auditioned(session, Variations(seeds=3))
    session.edit(choices.set_star, takes[0], True)
    sheet = session.films.contact_sheet(takes)
    with Image.open(sheet) as image:
        assert image.format == "PNG" and image.width == 5 * 256 + 4 * 8 + 2 * 28
        assert image.height > 3 * image.width * 0.1
        colours = image.convert("RGB").getcolors(100_000)
    assert colours and len(colours) > 3, "text and frames"
    with pytest.raises(EditError, match="no takes"):
        session.films.contact_sheet([])
    (session.folder / "takes" / takes[1] / "clip.mp4").unlink()
    with pytest.raises(MediaError, match="gap"):
        session.films.contact_sheet(takes)
