"""Changing an early beat: what follows is kept, made again or bridged, on a branch of its own; the old branch stays as it is."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from studio.media.clip import read_clip
from studio.project import edits
from studio.project.early import Then
from studio.project.look_edits import set_look
from studio.project.model import FIRST_FRAME, Take
from studio.project.store import Store
from studio.project.trims import set_trim
from studio.session import EditError, Session, Studio, early_changes
from studio.session.early_changes import Wish
from tests.fake_engine import FakeEngine, card
from tests.shelves import make_film, render_all, wait_for_job, wait_until


@pytest.fixture
def film(studio: Studio) -> Session:
    """Four rendered segments, and one that is planned."""
    session = render_all(make_film(studio, "a", "b", "c", "d"))
    session.edit(edits.add_segment, prompt="e")
    return session


def change(session: Session, wish: Wish, then: Then, frames: int = 3) -> list[Take]:
    """The takes of the film after a change."""
    before = session.job
    session.jobs.change_early(early_changes.plan(session.project, wish, then, frames))
    if session.job is not before:
        job = wait_for_job(session)
        assert job.state == "done" and job.finished == job.planned, job
    return list(session.project.film())


def described(session: Session, takes: list[Take], old: tuple[Take, ...]) -> list[str]:
    """Each take as its prompt, with `=` for a copy and `~` for a bridge of an old one."""
    prompt_of = {take.id: take.segment.prompt for take in old}
    return [("~" if take.bridge else "=") + prompt_of[take.copy_of] if take.copy_of else take.segment.prompt for take in takes]


@pytest.mark.parametrize("then", ["keep", "bridge"])
def test_what_is_kept_is_shown_as_before(film: Session, then: Then) -> None:
    third, fourth = (take.id for take in film.project.film()[2:])
    film.edit(set_trim, third, 1, 3, "repeat", 2)
    film.edit(set_look, fourth, FIRST_FRAME, 0.5)
    _, new_third, new_fourth = change(film, Wish("remove", 1), then)
    trims, looks = film.project.trims, film.project.looks
    assert trims[new_third.id] == trims[third] and looks[new_fourth.id] == looks[fourth]
    assert len(trims) == len(looks) == 2 and Store(film.folder).open().project == film.project


@pytest.mark.parametrize(
    ("wish", "then", "wanted"),
    [
        (Wish("remove", 1), "keep", ["a", "=c", "=d"]),
        (Wish("remove", 1), "again", ["a", "c", "d"]),
        (Wish("remove", 1), "bridge", ["a", "~c", "=d"]),
        (Wish("remove", 0), "bridge", ["~b", "=c", "=d"]),
        (Wish("remove", 3), "bridge", ["a", "b", "c"]),
        (Wish("insert", 1, prompt="x"), "keep", ["a", "x", "=b", "=c", "=d"]),
        (Wish("insert", 1, prompt="x"), "again", ["a", "x", "b", "c", "d"]),
        (Wish("insert", 1, prompt="x"), "bridge", ["a", "x", "~b", "=c", "=d"]),
        (Wish("move", 1, 2), "keep", ["a", "=c", "=b", "=d"]),
        (Wish("move", 1, 2), "again", ["a", "c", "b", "d"]),
        (Wish("move", 1, 2), "bridge", ["a", "~c", "b", "~d"]),
    ],
)
def test_what_follows(film: Session, wish: Wish, then: Then, wanted: list[str]) -> None:
    old, plan, branch = film.project.film(), film.project.current().segments, film.project.branch
    takes = change(film, wish, then)
    assert described(film, takes, old) == wanted
    assert [s.prompt for s in film.project.current().segments][-1] == "e" and not edits.stale_takes(film.project)
    assert len(film.project.current().segments) == len(wanted) + 1
    seeds = {take.segment.prompt: take.segment.seed for take in old}
    assert all(take.segment.seed == seeds[take.segment.prompt] for take in takes if take.segment.prompt in seeds), "seeds are kept"
    for take in takes:
        if take.copy_of:
            clips = [film.films.clip(one) for one in (take.id, take.copy_of)]
            assert clips[0] and clips[1] and (clips[0].read_bytes() == clips[1].read_bytes()) == (not take.bridge)
            snapshots = [film.folder / "takes" / one / "snapshot.safetensors" for one in (take.id, take.copy_of)]
            assert snapshots[0].read_bytes() == snapshots[1].read_bytes(), "the film goes on from the old memory"
    assert Store(film.folder).open().project == film.project
    film.edit(edits.switch, branch)
    assert film.project.film() == old and film.project.current().segments == plan, "the branch it came from stays"


def test_an_edited_segment_is_bridged_into_the_next(film: Session) -> None:
    old = film.project.film()
    film.edit(edits.edit_segment, 1, prompt="B")
    assert early_changes.costs(film.project, Wish("edit"), film.jobs.estimator)["bridge"].sections == 2
    takes = change(film, Wish("edit"), "bridge")
    assert described(film, takes, old) == ["a", "B", "~c", "=d"]
    bridge, before = (film.films.clip(one) for one in (takes[2].id, old[2].id))
    assert bridge and before
    mixed, kept = (read_clip(path).astype(int).mean((1, 2)) for path in (bridge, before))
    distance = np.abs(mixed - kept).sum(1)
    assert len(mixed) == 4 and list(distance[:3]) == sorted(distance[:3], reverse=True) and distance[3] < 6 < distance[0]
    left = next(b for b in film.project.branches if b.id != film.project.branch)
    assert [s.prompt for s in left.segments] == ["a", "b", "c", "d", "e"], "what was rendered there"


def test_an_edit_that_is_kept_is_not_stale_until_the_next_one(film: Session) -> None:
    film.edit(edits.edit_segment, 1, prompt="B")
    assert len(edits.stale_takes(film.project)) == 3
    film.edit(edits.keep_stale)
    assert not edits.stale_takes(film.project)
    assert Store(film.folder).open().project == film.project
    film.edit(edits.edit_segment, 1, prompt="BB")
    assert len(edits.stale_takes(film.project)) == 3
    film.undo()
    film.undo()
    assert len(edits.stale_takes(film.project)) == 3


def test_a_change_without_rendering_is_one_step_to_undo(film: Session, engine: FakeEngine) -> None:
    before, asked = film.project, len(engine.requests)
    change(film, Wish("remove", 1), "keep")
    assert len(engine.requests) == asked
    film.undo()
    assert film.project.current() == before.current() and film.project.head == before.head


def test_the_costs(film: Session) -> None:
    found = early_changes.costs(film.project, Wish("remove", 1), film.jobs.estimator)
    made = {then: (cost.takes, cost.sections) for then, cost in found.items()}
    assert made == {"keep": (0, 0), "again": (2, 2), "bridge": (1, 1)}
    assert found["keep"].seconds == 0 and (found["again"].seconds or 0) > 0


@pytest.mark.parametrize(
    ("wish", "then", "frames", "message"),
    [
        (Wish("edit"), "again", 3, "No rendered segment has changed"),
        (Wish("remove", 4), "again", 3, "No rendered segment has changed"),
        (Wish("remove", 9), "again", 3, "no such segment"),
        (Wish("remove", 1), "bridge", 5, "1 to 4 frames"),
        (Wish("insert", 1, prompt="x" * 3000), "keep", 3, "3,000 characters"),
    ],
)
def test_what_is_refused(film: Session, wish: Wish, then: Then, frames: int, message: str) -> None:
    before = film.project
    with pytest.raises(EditError, match=message):
        early_changes.plan(film.project, wish, then, frames)
    assert film.project == before


def test_a_take_whose_files_are_gone_cannot_be_kept(film: Session) -> None:
    clip = film.films.clip(film.project.film()[2].id)
    assert clip
    clip.unlink()
    before = film.project
    with pytest.raises(EditError, match="lost its files"):
        change(film, Wish("remove", 1), "keep")
    assert film.project == before
    assert [t.segment.prompt for t in change(film, Wish("remove", 1), "again")] == ["a", "c", "d"]


def test_a_change_that_is_paused_goes_on_after_a_restart(studio: Studio, film: Session, engine: FakeEngine) -> None:
    engine.gate = threading.Semaphore(1)
    film.jobs.change_early(early_changes.plan(film.project, Wish("insert", 1, prompt="x"), "bridge", 3))
    wait_until(film, lambda: bool(film.job and film.job.step == 1))
    film.jobs.pause()
    engine.gate = None
    assert wait_for_job(film).state == "paused"
    old = [t for t in film.project.takes.values() if not t.copy_of]
    film.store.close()
    again = Studio(studio.home, FakeEngine(), (card(),)).open(film.id)
    again.jobs.resume()
    assert wait_for_job(again).state == "done"
    assert described(again, list(again.project.film()), tuple(old)) == ["a", "x", "~b", "=c", "=d"]
