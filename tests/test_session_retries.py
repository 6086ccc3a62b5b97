"""Retries: a take that has drifted too far is made again with other seeds, the best is kept on the branch, and it ends."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from studio.api.film_values import progress_value
from studio.engine.events import RenderRequest
from studio.media.clip import Frame
from studio.project import edits
from studio.project.auditions import Variations
from studio.project.choices import drop_takes, keep_take
from studio.project.codec import parse_project, project_table
from studio.project.model import Project, Retries, Shot, Take
from studio.project.retries import set_retries, swap_take
from studio.project.rules import FormatError
from studio.project.shots import set_shot
from studio.project.store import Store
from studio.session import EditError, Session, Studio
from tests.fake_engine import FakeEngine, card
from tests.project.builders import film, generated, rendered
from tests.shelves import make_film, make_studio, render_all, wait_for_job, wait_until

PICTURE = Path(__file__).parents[1] / "assets" / "examples" / "lighthouse" / "lighthouse.jpg"
LIGHTHOUSE = np.asarray(Image.open(PICTURE).convert("RGB").resize((64, 48)))


class BlurringEngine(FakeEngine):
    """Shows a picture, blurred as the prompt says: a list for each take of it, in the order in which they are asked for."""

    def __init__(self, **blurs: Sequence[float]) -> None:
        super().__init__()
        self.blurs = blurs
        self.made: dict[str, float] = {}

    def _frames(self, request: RenderRequest, section: int) -> NDArray[np.uint8]:
        if request.take not in self.made:
            done = sum(r.prompt == request.prompt for r in {r.take: r for r in self.requests}.values())
            course = self.blurs[request.prompt]
            self.made[request.take] = course[min(done, len(course)) - 1]
        return np.stack([blurred(self.made[request.take])] * self.section_frames)


def blurred(amount: float) -> Frame:
    return cv2.GaussianBlur(LIGHTHOUSE, (0, 0), amount) if amount else LIGHTHOUSE


def blurring(tmp_path: Path, times: int = 2, sections: int = 1, **blurs: Sequence[float]) -> tuple[Session, BlurringEngine]:
    engine = BlurringEngine(**blurs)
    session = make_film(make_studio(tmp_path, engine), *blurs, sections=sections)
    session.edit(set_retries, times, "sharpness", 0.8)
    return session, engine


def amounts(session: Session, engine: BlurringEngine) -> list[float]:
    return [engine.made[take.id] for take in session.project.path()]


def test_off_unless_the_artist_wants_it(tmp_path: Path) -> None:
    session, engine = blurring(tmp_path, 0, a=[0], b=[2])
    assert Retries() == make_film(make_studio(tmp_path / "other"), "x").project.retries and Retries().times == 0
    render_all(session)
    assert len(engine.requests) == 2 and not list(session.store.takes.glob("*/look.json")), "nothing is measured in vain"


def test_the_first_that_is_good_enough_is_kept(tmp_path: Path) -> None:
    session, engine = blurring(tmp_path, 4, a=[0], b=[2, 1.5, 0.3, 0], c=[0])
    render_all(session)
    assert amounts(session, engine) == [0, 0.3, 0] and len(engine.requests) == 5
    first, second, third = session.project.path()
    assert third.parent == second.id and session.project.head == third.id and len(session.project.branches) == 1
    others = [take for take in session.project.siblings(first.id) if take.id != second.id]
    assert [engine.made[take.id] for take in others] == [2, 1.5] and all(take.state == "done" for take in others)
    seeds = {take.segment.seed for take in (*others, second)}
    assert len(seeds) == 3 and session.project.current().segments[1].seed == second.segment.seed
    assert edits.stale_takes(session.project) == frozenset()
    assert Store(session.folder).open().project == session.project


def test_the_best_is_kept_where_none_is_good_enough_and_it_ends(tmp_path: Path) -> None:
    session, engine = blurring(tmp_path, 3, a=[0], b=[2, 1.5, 1, 3])
    render_all(session)
    assert amounts(session, engine) == [0, 1] and len(engine.requests) == 1 + 4
    session, engine = blurring(tmp_path / "worse", 2, a=[0], b=[1, 2, 3], c=[0])
    render_all(session)
    assert amounts(session, engine) == [0, 1, 0] and len(session.project.takes) == 5
    assert session.project.takes[str(session.project.head)].parent == session.project.path()[1].id


def test_the_page_is_told_which_retry_it_is(tmp_path: Path) -> None:
    session, engine = blurring(tmp_path, 2, a=[0], b=[2, 0])
    engine.gate = threading.Semaphore(4 + 4 + 2)
    session.jobs.generate_all()
    wait_until(session, lambda: bool(session.job and session.job.retry))
    assert session.job and (session.job.retry, session.job.retries, session.job.index, session.job.audition) == (1, 2, 1, ())
    told = progress_value(session.job)
    assert (told["retry"], told["retries"]) == (1, 2), "programs are, too"
    head = session.project.head
    assert head == session.project.path()[1].id, "the first one can be seen meanwhile"
    session.jobs.cancel()
    engine.gate = None
    assert wait_for_job(session).state == "cancelled"
    assert session.project.head == head and amounts(session, engine) == [0, 2] and len(session.project.takes) == 2


def test_a_retry_that_was_paused_goes_on_also_after_a_restart(tmp_path: Path) -> None:
    session, engine = blurring(tmp_path, 2, sections=2, a=[0], b=[2, 0], c=[0])
    engine.gate = threading.Semaphore(8 + 8 + 2)
    session.jobs.generate_all()
    wait_until(session, lambda: bool(session.job and session.job.retry and session.job.step == 2))
    session.jobs.pause()
    engine.gate = None
    assert wait_for_job(session).state == "paused"
    assert len(session.project.path()) == 2 and len(session.project.takes) == 3
    session.store.close()
    other = BlurringEngine(a=[0], b=[0], c=[0])
    again = Studio(session.folder.parent, other, (card(),)).open(session.id)
    again.jobs.resume()
    assert wait_for_job(again).state == "done"
    path = again.project.path()
    assert [take.segment.prompt for take in path] == ["a", "b", "c"] and len(again.project.branches) == 1
    assert path[1].id in other.made and again.project.head == path[2].id, "the film goes on from the retry, which is better"


def test_what_is_not_retried(tmp_path: Path) -> None:
    session, engine = blurring(tmp_path, 4, a=[3], b=[3])
    session.edit(set_shot, 1, Shot())
    render_all(session)
    assert len(engine.requests) == 2, "the first take of a shot is the measure of the others"
    session, engine = blurring(tmp_path / "choices", 4, a=[0], b=[3])
    session.jobs.generate_next()
    wait_for_job(session)
    session.audition(None, Variations(seeds=2))
    wait_for_job(session)
    assert len(engine.requests) == 3, "the artist chooses among an audition's takes"
    flat = make_film(make_studio(tmp_path / "flat"), "a", "b")
    flat.edit(set_retries, 4, "sharpness", 0.99)
    render_all(flat)
    assert len(flat.project.takes) == 2, "nothing can be said of a picture without detail"


def test_what_was_asked_for_is_not_retried_and_the_rest_is_compared_with_it(tmp_path: Path) -> None:
    blurs: dict[str, Sequence[float]] = {"a": [0], "fog rolls in": [1], "b": [1.1], "c": [3, 1]}
    session, engine = blurring(tmp_path, 4, **blurs)
    render_all(session)
    assert amounts(session, engine) == [0, 1, 1.1, 1] and len(engine.requests) == 5


def test_dropping_the_take_meanwhile_ends_the_retries(tmp_path: Path) -> None:
    session, engine = blurring(tmp_path, 4, a=[0], b=[2, 0, 0, 0])
    engine.gate = threading.Semaphore(4 + 4 + 2)
    session.jobs.generate_all()
    wait_until(session, lambda: bool(session.job and session.job.retry))
    session.edit(drop_takes, [session.project.path()[1].id])
    engine.gate = None
    assert wait_for_job(session).state == "done"
    assert len(session.project.path()) == 1 and len(engine.requests) == 3


def pair() -> tuple[Project, Take, Take]:
    project = generated(film("a", "b"), 2)
    worse = project.path()[1]
    better = rendered(project, replace(worse.segment, seed=99), worse.parent)
    return keep_take(project, better), worse, better


def test_swapping_takes() -> None:
    project, worse, better = pair()
    swapped = swap_take(project, worse.id, better.id)
    assert swapped.path()[1] == better and swapped.head == better.id and worse.id in swapped.takes
    assert swapped.current().segments[1].seed == 99
    elsewhere = swap_take(edits.rewind(project, project.path()[0].id), worse.id, better.id)
    assert elsewhere.head == project.path()[0].id and elsewhere.path()[1] == better
    gone_on = generated(edits.add_segment(project, prompt="c"), 1)
    assert swap_take(gone_on, worse.id, better.id) == gone_on
    with pytest.raises(EditError, match="not of the same place"):
        swap_take(project, worse.id, project.path()[0].id)
    with pytest.raises(EditError, match="not of the same place"):
        swap_take(drop_takes(project, [better.id]), worse.id, better.id)


@pytest.mark.parametrize(("values", "words"), [
    ((5, "sharpness", 0.8), "0 to 4"), ((-1, "sharpness", 0.8), "0 to 4"), ((True, "sharpness", 0.8), "0 to 4"),
    ((1, "beauty", 0.8), "judged by one of"), ((1, "sharpness", 1.2), "from 0.5 to 0.99"), ((1, "contrast", "x"), "number"),
])
def test_settings_that_are_refused(values: tuple[int, str, float], words: str) -> None:
    with pytest.raises(EditError, match=words):
        set_retries(film("a"), *values)  # type: ignore[arg-type]


def test_the_setting_is_stored_and_documents_without_it_stay_as_they_were() -> None:
    project = film("a")
    assert "retries" not in project_table(project)
    table = project_table(set_retries(project, 2, "contrast", 0.9))
    assert parse_project(table).retries == Retries(2, "contrast", 0.9)
    table["retries"]["patience"] = 3
    assert project_table(set_retries(parse_project(table), 0, "sharpness", 0.8))["retries"]["patience"] == 3
    good = table["retries"]
    for damage in (3, {}, {**good, "times": 9}, {**good, "measure": "beauty"}, {**good, "threshold": 7}):
        with pytest.raises(FormatError):
            parse_project({**table, "retries": damage})
