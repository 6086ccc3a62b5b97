"""What goes wrong: killed studios, damaged files, two tabs at once. Nothing that was made is lost, and it is told."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.engine.jobs import Job
from studio.media.clip import probe
from studio.project import edits
from studio.project.rules import check_project
from studio.session import EditError, MediaError, StoreError, Studio
from tests.fake_engine import LIGHTER, FakeEngine
from tests.processes import started
from tests.shelves import make_film, make_studio, picture, render_all, wait_for_job, wait_until

ROOT = Path(__file__).parents[1]


KILLED = """
import sys, threading
from pathlib import Path
from studio.project import edits
from tests.fake_engine import FakeEngine
from tests.shelves import make_film, render_all, make_studio, wait_until
engine = FakeEngine()
studio = make_studio(Path(sys.argv[1]), engine)
session = render_all(make_film(studio, "a"))
session.edit(edits.add_segment, prompt="b", frames=16)
engine.gate = threading.Semaphore(int(sys.argv[2]))
session.jobs.generate_next()
wait_until(session, lambda: session.job.section * 4 + session.job.step == int(sys.argv[2]))
print(session.id, flush=True)
threading.Event().wait()
"""


@pytest.mark.parametrize(("steps", "sections"), [(1, 0), (11, 2)])
def test_a_killed_studio_loses_no_finished_section(tmp_path: Path, steps: int, sections: int) -> None:
    asked = [sys.executable, "-c", KILLED, str(tmp_path), str(steps)]
    with started(asked, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        assert child.stdout
        project = child.stdout.readline().strip()
        child.kill()
    session = make_studio(tmp_path).open(project)
    takes = session.project.film()
    assert [t.segment.prompt for t in takes] == (["a", "b"] if sections else ["a"])
    assert len(list((session.folder / "takes").iterdir())) == len(takes), "what came to nothing leaves no folder"
    if sections:
        clip = session.films.clip(takes[1].id)
        assert clip and probe(clip).frames == 4 * sections and session.films.poster(takes[1].id)
        assert (takes[1].state, takes[1].sections) == ("partial", sections) and "stopped during a render" in session.findings[0]
    else:
        assert session.findings == ()
    render_all(session)
    assert [(t.sections, t.state) for t in session.project.film()] == [(1, "done"), (4, "done")]
    assert make_studio(tmp_path).open(project).findings == ()


def test_killed_between_the_last_frame_and_the_note(studio: Studio, tmp_path: Path) -> None:
    session = render_all(make_film(studio, "a", "b"))
    last = session.project.film()[-1]
    folder = session.folder / "takes" / last.id
    asked = json.loads((folder / "take.json").read_text())
    asked["take"] |= {"sections": 0, "frames": 0, "state": "partial"}
    (folder / "asked.json").write_text(json.dumps(asked))
    (folder / "take.json").unlink()
    session.undo()                                                # project.json as it was before the last take
    document = json.loads((session.folder / "project.json").read_text())
    document["takes"] = [take for take in document["takes"] if take["id"] != last.id]
    (session.folder / "project.json").write_text(json.dumps(document))
    again = make_studio(tmp_path).open(session.id)
    assert again.project.head == last.id and again.project.takes[last.id].state == "done"
    assert "was complete" in again.findings[0] and not (folder / "asked.json").exists()


def test_a_damaged_section_does_not_keep_the_project_closed(studio: Studio, engine: FakeEngine, tmp_path: Path) -> None:
    session = make_film(studio, "a", sections=2)
    engine.gate = threading.Semaphore(5)
    session.jobs.generate_next()
    wait_until(session, lambda: session.job is not None and session.job.section == 1)
    (section,) = session.folder.glob("takes/*/section-000.mp4")
    section.write_bytes(b"cut short")
    again = make_studio(tmp_path).open(session.id)
    assert again.project.takes == {} and "could not be brought back" in again.findings[0] and section.exists()
    session.jobs.cancel()
    wait_for_job(session)


def test_two_tabs_edit_at_once(studio: Studio) -> None:
    session = studio.create()
    tabs = [studio.open(session.id) for _ in range(4)]
    assert all(tab is session for tab in tabs)

    def write(tab: int) -> None:
        for number in range(10):
            tabs[tab].edit(edits.add_segment, prompt=f"{tab}-{number}")

    threads = [threading.Thread(target=write, args=(tab,)) for tab in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wanted = {f"{tab}-{number}" for tab in range(4) for number in range(10)}
    assert {s.prompt for s in session.project.current().segments} == {"", *wanted}
    for _ in range(40):
        session.undo()
    assert [s.prompt for s in session.project.current().segments] == [""] and not session.can_undo


def test_two_tabs_press_generate_at_once(studio: Studio, engine: FakeEngine) -> None:
    session = make_film(studio, "a", "b")
    engine.gate = threading.Semaphore(0)
    refused = []

    def press() -> None:
        try:
            session.jobs.generate_next()
        except EditError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=press) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.gate = None
    wait_for_job(session)
    assert len(refused) == 4 and len(session.project.takes) == 1


def test_a_newer_project_can_be_watched_and_not_changed(studio: Studio, tmp_path: Path) -> None:
    session = render_all(make_film(studio, "a", "b"))
    document = json.loads((session.folder / "project.json").read_text())
    (session.folder / "project.json").write_text(json.dumps(document | {"format": 9, "mood": "blue"}))
    before = (session.folder / "project.json").read_bytes()
    viewed = make_studio(tmp_path).open(session.id)
    assert viewed.store.read_only and "newer studio" in viewed.findings[0]
    path = viewed.films.film()
    assert path and probe(path).frames == 8
    for verb in (
        lambda: viewed.edit(edits.rename, "x"), lambda: viewed.edit(edits.add_segment), lambda: viewed.edit(edits.rewind, None),
        viewed.jobs.generate_next, lambda: viewed.jobs.retake(viewed.project.film()[0].id),
        lambda: viewed.set_reference(picture(tmp_path, "red")),
    ):  # fmt: skip
        with pytest.raises((StoreError, EditError)):
            verb()
    assert (session.folder / "project.json").read_bytes() == before


def test_a_wrong_picture_in_a_story_leaves_nothing_on_the_shelf(studio: Studio, tmp_path: Path) -> None:
    (tmp_path / "p.png").write_text("no picture")
    (tmp_path / "story.toml").write_text('image = "p.png"\n[[segment]]\n')
    with pytest.raises(MediaError):
        studio.from_story(tmp_path / "story.toml")
    assert studio.list() == ()


def test_files_that_are_gone_are_told_before_anything_waits(studio: Studio) -> None:
    session = render_all(make_film(studio, "a"))
    session.edit(edits.add_segment, prompt="b")
    next(session.folder.glob("media/*.png")).unlink()
    session.edit(edits.rewind, None)
    with pytest.raises(EditError, match="reference image is gone"):
        session.jobs.generate_next()


def test_an_engine_that_breaks_down_keeps_what_is_finished(studio: Studio, engine: FakeEngine) -> None:
    session = make_film(studio, "a", "b", sections=2)
    rendering = engine._worker._render

    def broken(request: Any, stop: threading.Event) -> Any:
        for event in rendering(request, stop):
            if getattr(event, "section", 0) == 1:
                raise RuntimeError("boom")
            yield event

    engine._worker._render = broken
    session.jobs.generate_all()
    job = wait_for_job(session)
    assert job.state == "failed" and "boom" in job.message
    assert [(t.state, t.sections) for t in session.project.film()] == [("partial", 1)]
    engine._worker._render = rendering
    assert len(render_all(session).project.film()) == 2


def test_a_card_that_ran_full_is_told_in_the_job_until_the_next_one(studio: Studio, engine: FakeEngine) -> None:
    session = make_film(studio, "a", "b", sections=2)
    engine.out_of_memory_at = (1, 3)
    notes: list[str] = []
    session.jobs.generate_all()
    wait_until(session, lambda: bool(session.job and (notes.append(session.job.note) or session.job.state == "done")))
    assert session.job and session.job.note == LIGHTER and session.job.message == "", "it is no failure"
    assert notes == sorted(notes) and len(session.project.film()) == 2, "once told, it is kept for the rest of the job"
    session.jobs.retake(session.project.head or "", seed=5)
    assert wait_for_job(session).note == "", "another job begins anew"


def test_trouble_of_ours_does_not_stop_the_worker(
    studio: Studio, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, other = make_film(studio, "a"), make_film(studio, "b")

    def unthinkable(*_: object, **__: object) -> None:
        raise ZeroDivisionError("unthinkable")

    with monkeypatch.context() as patch:
        patch.setattr("studio.project.edits.add_take", unthinkable)
        session.jobs.generate_next()
        job = wait_for_job(session)
    assert job.state == "failed" and "unthinkable" in job.message
    assert len(render_all(other).project.takes) == 1


def test_cancel_in_every_state(studio: Studio, engine: FakeEngine) -> None:
    session = make_film(studio, "a")
    session.jobs.cancel()                                              # nothing runs
    render_all(session)
    session.jobs.cancel()                                              # it is over
    assert session.job and session.job.state == "done"
    jobs: list[Job] = []
    submit = engine.submit
    engine.submit = lambda requests, listen: jobs.append(submit(requests, listen)) or jobs[-1]  # type: ignore[method-assign,func-returns-value]
    for _ in range(10):                                           # at any moment
        session.edit(edits.rewind, None)
        session.jobs.generate_next()
        session.jobs.cancel()
        assert wait_for_job(session).state == "cancelled" or session.project.head
        assert jobs[-1].wait(5)
    assert all(t.state == "done" for t in session.project.takes.values())


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_busy_artist_in_two_tabs(studio: Studio, engine: FakeEngine, tmp_path: Path, seed: int) -> None:
    """Everything at once, at random: afterwards the tree hangs together, and disk and memory agree."""
    session = make_studio(tmp_path, engine).open(make_film(studio, "a", "b", "c").id)  # now undo keeps the picture
    render_all(session)
    engine.step_seconds = 0.001
    unforeseen: list[Exception] = []

    def work(dice: random.Random) -> None:
        def take() -> str:
            return dice.choice(["", *session.project.takes])

        def branch() -> str:
            return dice.choice(session.project.branches).id

        def index() -> int:
            return dice.randrange(4)

        verbs: list[Callable[[], object]] = [
            session.jobs.generate_next, session.jobs.generate_all, session.jobs.generate_all, session.jobs.cancel,
            session.undo, session.redo, session.films.film, lambda: session.edit(edits.add_segment),
            lambda: session.edit(edits.remove_segment, index()), lambda: session.edit(edits.move_segment, index(), index()),
            lambda: session.edit(edits.edit_segment, index(), prompt=str(dice.random()), frames=dice.choice([4, 12])),
            lambda: session.edit(edits.rewind, take() or None), lambda: session.edit(edits.branch, take() or None),
            lambda: session.edit(edits.switch, branch()), lambda: session.edit(edits.drop_branch, branch()),
            lambda: session.jobs.retake(take()), lambda: session.jobs.finish(take()),
        ]  # fmt: skip
        for _ in range(60):
            try:
                dice.choice(verbs)()
            except EditError:
                pass
            except Exception as error:  # noqa: BLE001 - told below
                unforeseen.append(error)
            time.sleep(dice.choice([0, 0.002, 0.05]))

    tabs = [threading.Thread(target=work, args=(random.Random(seed * 10 + tab),)) for tab in range(2)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    if session.job:
        session.jobs.cancel()
        assert wait_for_job(session).state in ("done", "cancelled")
    idle = threading.Event()
    engine.submit(iter(()), lambda job, event: idle.set() if job.state == "done" else None)
    assert idle.wait(10) and unforeseen == []
    check_project(session.project)
    assert len(session.project.takes) > 3, "something was rendered"
    assert {p.name for p in session.folder.glob("takes/*")} == set(session.project.takes)
    assert not session.store.missing_clips(session.project) and not list(session.folder.rglob(".*.json-*"))
    again = make_studio(tmp_path).open(session.id)
    assert again.project == session.project and again.findings == ()
