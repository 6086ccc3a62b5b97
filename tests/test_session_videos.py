"""Films that go on from a video, in a session: what is kept, what the engine is asked for, and what is refused."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from studio.engine.take_folder import LAST
from studio.media import MediaError
from studio.media.clip import read_clip
from studio.media.export import read_lineage
from studio.project import edits
from studio.project.auditions import Variations
from studio.project.model import Shot
from studio.project.store import Store
from studio.session import EditError, Session, Studio, early_changes
from studio.ui.api import PageApi
from studio.ui.context_views import memory_view
from studio.ui.views import board
from tests.fake_engine import FPS, FakeEngine, card
from tests.media.videos import video
from tests.shelves import make_film, make_studio, picture, render_all, wait_for_job, wait_until


def begun(studio: Studio, count: int = 8, folder: str = "") -> Session:
    """An empty film that begins with a video of so many frames; its take is made."""
    session = studio.create("Going on")
    session.apply_preset("draft")
    session.begin_with_video(video(studio.home / f"waves{folder}.mp4", count, FPS))
    assert wait_for_job(session).state == "done", session.job
    return session


def levels(image: Image.Image) -> int:
    """The number of a picture of a test's video, read off its grey."""
    return round((float(np.asarray(image)[-8:, -8:].mean()) - 40) / 3)


def test_a_film_goes_on_from_a_video(studio: Studio, engine: FakeEngine) -> None:
    session = begun(studio)
    project = session.project
    first, second = project.current().segments
    take, = project.film()
    assert (first.prompt, first.frames, second.prompt) == ("", 8, "") and (take.sections, take.frames) == (2, 8)
    kept = take.segment.video
    assert kept and kept.name == "waves.mp4"
    assert (session.folder / kept.file).read_bytes() == (studio.home / "waves.mp4").read_bytes()
    assert project.reference and project.reference.name == "waves.mp4"
    assert levels(Image.open(session.folder / project.reference.file)) == 0
    assert engine.requests[0].video and engine.requests[0].video.name == "waves.mp4"
    assert engine.requests[0].reference == session.folder / project.reference.file

    session.edit(edits.edit_segment, 1, prompt="the wave breaks")
    session.edit(edits.add_segment, prompt="calm")
    render_all(session)
    _, b, c = engine.requests
    last = session.folder / "takes" / take.id / LAST
    assert b.video is None and b.parent == last.parent and b.reference == c.reference == last
    assert levels(Image.open(last)) == 7, "later takes show the video's last frame"
    assert not edits.stale_takes(session.project) and Store(session.folder).open().project == session.project
    session.set_shot(2, Shot())
    session.jobs.retake(session.project.path()[2].id)
    wait_for_job(session)
    assert engine.requests[-1].reference == engine.requests[0].reference, "a cut to the reference goes to the first frame"
    lineage = read_lineage(session.films.export_film())
    assert lineage and lineage["takes"][0]["video"] == {"name": "waves.mp4", "sha256": kept.sha256}


def test_the_end_of_a_long_video_is_kept_and_a_short_one_is_held(studio: Studio) -> None:
    session = studio.create()
    session.apply_preset("draft")
    note = session.begin_with_video(video(studio.home / "a.mp4", 22, FPS))
    assert note.startswith("The film begins with the last 1.67 seconds of a.mp4; the 0.17 before") and "whole sections" in note
    assert wait_for_job(session).state == "done" and session.project.reference
    assert levels(Image.open(session.folder / session.project.reference.file)) == 2
    other = studio.create("Long")
    assert "40 sections at most" in other.begin_with_video(video(studio.home / "b.mp4", 180, FPS))
    assert wait_for_job(other).state == "done" and other.project.film()[0].sections == 40
    third = studio.create("Short")
    assert "held until the section is full" in third.begin_with_video(video(studio.home / "c.mp4", 1, FPS))
    assert wait_for_job(third).state == "done" and third.project.film()[0].frames == 4


def test_what_is_written_follows_the_video(studio: Studio) -> None:
    session = studio.create()
    session.edit(edits.edit_segment, 0, prompt="the wave breaks")
    session.begin_with_video(video(studio.home / "a.mp4", 8, FPS))
    assert [s.prompt for s in session.project.current().segments] == ["", "the wave breaks"]
    wait_for_job(session)
    session.undo()
    assert not session.project.film()


def test_a_film_with_takes_keeps_them(studio: Studio) -> None:
    session = render_all(make_film(studio, "a"))
    before = session.project
    with pytest.raises(EditError, match="has takes already"):
        session.begin_with_video(video(studio.home / "a.mp4", 8, FPS))
    assert session.project == before and not list(session.store.media.glob("*.video"))


def test_no_video_changes_nothing(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    session = studio.create()
    before = session.project
    with pytest.raises(MediaError, match="not a video"):
        session.begin_with_video(picture(studio.home))
    path = video(studio.home / "a.mp4", 8, FPS)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10_000))
    with pytest.raises(MediaError, match="disk is nearly full"):
        session.begin_with_video(path)
    assert session.project == before and session.job is None


def test_takes_of_a_video_are_alike(studio: Studio, engine: FakeEngine) -> None:
    session = begun(studio)
    take = session.project.film()[0].id
    with pytest.raises(EditError, match="would be the same"):
        session.jobs.retake(take)
    with pytest.raises(EditError, match="would be the same"):
        session.audition(take, Variations(seeds=2))
    session.edit(edits.edit_segment, 0, prompt="words change nothing in it", seed=5)
    assert not edits.stale_takes(session.project)
    session.set_size((48, 64))
    assert edits.stale_takes(session.project) == {take}
    session.jobs.retake(take)
    assert wait_for_job(session).state == "done"
    assert engine.requests[-1].video and engine.requests[-1].size == (48, 64)


def test_a_cancelled_video_is_completed(studio: Studio, engine: FakeEngine) -> None:
    session = studio.create()
    session.apply_preset("draft")
    engine.gate = threading.Semaphore(session.project.settings.steps + 1)
    session.begin_with_video(video(studio.home / "a.mp4", 12, FPS))
    with pytest.raises(EditError, match="already generating"):
        session.begin_with_video(studio.home / "a.mp4")
    wait_until(session, lambda: session.job is not None and session.job.section == 1)
    session.jobs.cancel()
    assert wait_for_job(session).state == "cancelled"
    part, = session.project.film()
    assert (part.state, part.sections) == ("partial", 1)
    engine.gate = None
    session.jobs.generate_next()
    assert wait_for_job(session).state == "done" and session.project.film()[0].frames == 12


def test_a_picture_takes_the_place_of_a_video_that_is_no_take_yet(studio: Studio, engine: FakeEngine) -> None:
    session = studio.create()
    engine.gate = threading.Semaphore(0)
    session.begin_with_video(video(studio.home / "a.mp4", 8, FPS))
    session.jobs.cancel()
    wait_for_job(session)
    engine.gate = None
    session.set_reference(picture(studio.home))
    assert all(s.video is None for s in session.project.current().segments)
    session.undo()
    (session.folder / str(session.project.current().segments[0].video.file)).unlink()      # type: ignore[union-attr]
    with pytest.raises(EditError, match=r"a\.mp4 is gone"):
        session.jobs.generate_next()


def test_a_frame_of_the_video_begins_a_shot_as_a_picture(studio: Studio) -> None:
    session = begun(studio)
    shot = session.frame_shot(session.project.film()[0].id, 7)
    assert shot.take is None and shot.picture


def test_a_project_with_a_video_is_packed_and_opened_elsewhere(studio: Studio, tmp_path: Path) -> None:
    session = begun(studio)
    (tmp_path / "other").mkdir()
    again = make_studio(tmp_path / "other", FakeEngine()).unpack(session.films.export_project())
    assert again.project.takes == session.project.takes
    again.set_size((48, 64))
    again.jobs.retake(again.project.film()[0].id)
    assert wait_for_job(again).state == "done"
    assert wait_for_job(render_all(again)).state == "done"


def test_a_story_needs_a_picture(studio: Studio) -> None:
    video(studio.home / "a.mp4", 8, FPS)
    (studio.home / "story.toml").write_text('name = "a"\nimage = "a.mp4"\npreset = "draft"\n[[segment]]\nprompt = "a"\n')
    with pytest.raises(MediaError, match="It is a video"):
        studio.from_story(studio.home / "story.toml")


def test_a_stopped_studio_keeps_the_finished_sections_and_goes_on(studio: Studio, engine: FakeEngine, tmp_path: Path) -> None:
    session = studio.create()
    session.apply_preset("draft")
    engine.gate = threading.Semaphore(session.project.settings.steps + 1)
    session.begin_with_video(video(studio.home / "a.mp4", 12, FPS))
    wait_until(session, lambda: session.job is not None and session.job.section == 1)
    other = make_studio(tmp_path / "other", FakeEngine())
    shutil.copytree(session.folder, other.home / session.id)           # as a killed studio would leave it
    engine.gate = None
    wait_for_job(session)
    again = other.open(session.id)
    part, = again.project.film()
    assert (part.state, part.sections) == ("partial", 1) and part.segment.video and "stopped during a render" in again.findings[0]
    again.jobs.resume()
    assert wait_for_job(again).state == "done" and again.project.film()[0].frames == 12
    clips = [one.films.clip(one.project.film()[0].id) for one in (session, again)]
    assert clips[0] and clips[1] and np.array_equal(read_clip(clips[0]), read_clip(clips[1]))


def test_the_page_says_what_the_model_sees_of_a_video(studio: Studio) -> None:
    project = begun(studio).project
    assert memory_view(project, card())["sentence"] == "The next take starts from the video’s last frame alone."
    seen = memory_view(project, card(kind="framepack"))
    assert seen["sentence"].startswith("The model sees the reference picture and all of the film so far") and seen["recent"] == 2


def test_the_verb_of_the_page(studio: Studio, tmp_path: Path) -> None:
    api = PageApi(studio, (), tmp_path / "uploads")
    session = studio.create()
    path = video(tmp_path / "uploads" / "waves.mp4", 9, FPS)
    message = {"verb": "begin_with_video", "project": session.id}
    assert "understand" in api.answer(message | {"path": str(picture(tmp_path))})["notice"]["message"]
    answer = api.answer(message | {"path": str(path)})
    assert answer["ok"] and answer["answer"] == {}
    wait_for_job(session)
    segment, _ = board(session, studio.models, studio.presets)["segments"]
    assert segment["video"] == {"name": "waves.mp4", "most": 2}
    assert "has takes already" in api.answer(message | {"path": str(path)})["notice"]["message"]


def test_a_segment_before_the_video_keeps_what_follows(studio: Studio, engine: FakeEngine) -> None:
    """The video and what follows it are copied behind a new first segment, with the last frame that later takes show."""
    session = begun(studio)
    render_all(session)
    video_take, after = session.project.film()
    wish = early_changes.Wish("insert", 0, prompt="the empty beach")
    session.jobs.change_early(early_changes.plan(session.project, wish, "keep"))
    assert wait_for_job(session).state == "done", session.job
    _, copy, last = session.project.film()
    assert (copy.copy_of, last.copy_of) == (video_take.id, after.id)
    assert (session.folder / "takes" / copy.id / LAST).is_file()
    session.edit(edits.add_segment, prompt="calm")
    session.jobs.generate_next()
    assert wait_for_job(session).state == "done"
    assert engine.requests[-1].reference == session.folder / "takes" / copy.id / LAST
    new = engine.requests[-2]
    assert new.video is None and new.parent is None and new.sections == 1
