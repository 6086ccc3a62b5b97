"""The session: verbs that are saved, jobs that tell the truth, takes that are never lost."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from studio.media.clip import probe, read_clip
from studio.media.export import read_lineage
from studio.project.model import Settings
from studio.project.store import Store
from studio.session import EditError, MediaError, Session, StoreError, Studio
from tests.fake_engine import FakeEngine, card
from tests.shelves import ended, film, generated, picture, shelf, until


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def studio(tmp_path: Path, engine: FakeEngine) -> Studio:
    return shelf(tmp_path, engine)


def on_disk(session: Session) -> dict:  # type: ignore[type-arg]
    return json.loads((session.folder / "project.json").read_text())


def prompts(session: Session) -> list[str]:
    return [take.segment.prompt for take in session.project.film()]


def test_it_opens_without_torch() -> None:
    code = "import sys, studio.session; sys.exit(bool({'torch', 'gradio', 'diffusers'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parents[1]).returncode == 0


# The shelf


def test_a_new_project_is_by_the_first_model(studio: Studio) -> None:
    session = studio.create()
    project = session.project
    assert (project.model, project.size, project.clock.section_frames) == ("tiny", (64, 48), 4)
    assert (project.settings, session.id) == (Settings("standard", 8, 1.0), project.id)
    assert session.findings == () and session.job is None and session.estimate() is None and session.film() is None


def test_projects_on_the_shelf(studio: Studio, tmp_path: Path) -> None:
    assert studio.list() == ()
    first, second = studio.create("One"), studio.create("Two")
    first.rename("Uno")
    assert [s.name for s in studio.list()] == ["Uno", "Two"]
    assert studio.open(second.id) is second
    second.set_reference(picture(tmp_path))
    assert [(s.name, s.poster is not None) for s in studio.list()] == [("Two", True), ("Uno", False)]
    (second.folder / "project.json").write_text("{")
    assert "damaged" in studio.list()[-1].name


@pytest.mark.parametrize("project", ["nothere", "", "..", "../x", "/etc", "a\0b", ".hidden", "x" * 300])
def test_what_is_not_on_the_shelf(studio: Studio, project: str) -> None:
    studio.create()
    with pytest.raises(StoreError, match="not here"):
        studio.open(project)


def test_a_story_becomes_a_session(studio: Studio, tmp_path: Path) -> None:
    picture(tmp_path)
    story = tmp_path / "story.toml"
    story.write_text('name = "Sea"\nimage = "teal.png"\npreset = "fine"\n[[segment]]\nprompt = "a"\nseconds = 1.0\n')
    session = studio.from_story(story)
    assert session.project.settings.steps == 16 and session.project.current().segments[0].frames == 12
    assert session.project.reference and session.project.reference.name == "teal.png"
    story.write_text(story.read_text().replace("fine", "best"))
    with pytest.raises(EditError, match=r"story\.toml.*draft, standard, fine"):
        studio.from_story(story)


# What is written


def test_every_verb_is_saved_before_it_returns(studio: Studio) -> None:
    session = studio.create()
    before = session.revision
    session.edit_segment(0, prompt="Dawn", frames=8, seed=5)
    segment = on_disk(session)["branches"][0]["segments"][0]
    assert (segment["prompt"], segment["frames"], segment["seed"]) == ("Dawn", 8, 5)
    assert session.revision > before
    session.undo()
    assert on_disk(session)["branches"][0]["segments"][0]["prompt"] == ""
    session.redo()
    assert on_disk(session)["branches"][0]["segments"][0]["prompt"] == "Dawn"
    assert (session.can_undo, session.can_redo) == (True, False)


def test_a_picture_is_copied_and_named_by_its_content(studio: Studio, tmp_path: Path) -> None:
    session = studio.create()
    session.set_reference(picture(tmp_path))
    kept = session.project.reference
    assert kept and (session.folder / kept.file).is_file()
    assert (kept.width, kept.height, kept.name) == (80, 60, "teal.png")
    session.set_reference(picture(tmp_path, "red"))
    session.undo()
    assert session.project.reference == kept
    session.clear_reference()
    assert session.project.reference is None


def test_a_file_that_is_no_picture(studio: Studio, tmp_path: Path) -> None:
    session = studio.create()
    (tmp_path / "notes.txt").write_text("not a picture")
    for path in (tmp_path / "notes.txt", tmp_path / "nothere.png", tmp_path):
        with pytest.raises(MediaError):
            session.set_reference(path)
    assert session.project.reference is None and not session.can_undo


def test_sizes_presets_and_models_are_those_there_are(studio: Studio) -> None:
    session = studio.create()
    session.set_size((48, 64))
    with pytest.raises(EditError, match="64×48, 48×64"):
        session.set_size((100, 100))
    session.apply_preset("fine")
    assert session.project.settings == Settings("fine", 16, 1.0)
    with pytest.raises(EditError, match="draft, standard, fine"):
        session.apply_preset("best")
    with pytest.raises(EditError, match="not installed"):
        session.set_model("other")


def test_another_model_keeps_seconds_and_preset(tmp_path: Path) -> None:
    large = card("large", fps=30, section_frames=36, sizes=((96, 64),), steps=25, guidance=10.0)
    session = Studio(tmp_path, FakeEngine(), (card(), large)).create()
    session.edit_segment(0, frames=24)                            # 2 seconds
    session.set_model("large")
    project = session.project
    assert (project.model, project.size, project.clock.fps) == ("large", (96, 64), 30)
    assert project.current().segments[0].frames == 60 and project.settings == Settings("standard", 25, 10.0)
    session.undo()
    assert session.project.model == "tiny" and session.project.settings == Settings("standard", 8, 1.0)


# Rendering


def test_generate_next_renders_one_take(studio: Studio) -> None:
    session = film(studio, "a", "b", sections=2)
    session.generate_next()
    job = ended(session)
    assert (job.state, job.finished, job.planned, job.message, job.preview) == ("done", 1, 1, "", None)
    (take,) = session.project.film()
    assert (take.segment.prompt, take.sections, take.frames, take.state) == ("a", 2, 8, "done")
    clip, poster, joined = session.clip(take.id), session.poster(take.id), session.film()
    assert clip and poster and joined and probe(joined).frames == 8
    assert {p.name for p in session.folder.glob(f"takes/{take.id}/*")} == {
        "clip.mp4", "snapshot.safetensors", "poster.webp", "take.json",
    }  # fmt: skip
    assert Store(session.folder).open().project == session.project


def test_generate_all_goes_to_the_end_of_the_plan(studio: Studio, engine: FakeEngine) -> None:
    session = generated(film(studio, "a", "b", "c"))
    assert prompts(session) == ["a", "b", "c"] and len(session.project.branches) == 1
    assert [r.parent and r.parent.name for r in engine.requests] == [None, *(t.id for t in session.project.film()[:2])]
    assert session.job and (session.job.finished, session.job.planned) == (3, 3)
    with pytest.raises(EditError, match="Add a segment"):
        session.generate_next()


def test_without_a_picture_nothing_is_generated(studio: Studio) -> None:
    session = studio.create()
    for verb in (session.generate_next, session.generate_all):
        with pytest.raises(EditError, match="reference image"):
            verb()
    assert session.job is None


def test_one_job_at_a_time_and_progress_that_tells_the_truth(studio: Studio, engine: FakeEngine) -> None:
    engine.gate = threading.Semaphore(0)
    session = film(studio, "a", "b", sections=2)
    session.generate_all()
    with pytest.raises(EditError, match="already generating"):
        session.generate_next()
    for _ in range(5):                                    # one section of four steps, and one step
        engine.gate.release()
    until(session, lambda: session.job is not None and (session.job.section, session.job.step) == (1, 1))
    job = session.job
    assert job and (job.state, job.doing, job.index, job.sections, job.steps) == ("running", "denoising", 0, 2, 4)
    assert job.preview and job.seconds_left is not None and job.planned == 2
    engine.gate = None
    assert ended(session).state == "done"


def test_cancel_keeps_finished_sections_and_generate_completes_them(studio: Studio, engine: FakeEngine) -> None:
    engine.gate = threading.Semaphore(5)
    session = film(studio, "a", "b", sections=3)
    session.generate_all()
    until(session, lambda: session.job is not None and session.job.section == 1)
    session.cancel()
    assert ended(session).state == "cancelled"
    (take,) = session.project.film()
    assert (take.state, take.sections, take.frames) == ("partial", 1, 4)
    film_so_far = session.film()
    assert film_so_far and probe(film_so_far).frames == 4
    engine.gate = None
    session.generate_next()
    ended(session)
    (whole,) = session.project.film()
    assert (whole.id, whole.state, whole.sections) == (take.id, "done", 3) and whole.seconds >= take.seconds
    now = session.film()
    assert now and probe(now).frames == 12 and not list(session.folder.glob("takes/*/section-*"))


def test_cancel_in_the_first_section_leaves_nothing_behind(studio: Studio, engine: FakeEngine) -> None:
    engine.gate = threading.Semaphore(2)
    session = film(studio, "a")
    session.generate_next()
    until(session, lambda: session.job is not None and session.job.step == 2)
    session.cancel()
    assert ended(session).state == "cancelled"
    assert session.project.takes == {} and list((session.folder / "takes").iterdir()) == []


def test_a_failure_says_why_and_keeps_what_is_finished(studio: Studio, engine: FakeEngine) -> None:
    engine.fail_at = (1, 2)
    session = film(studio, "a", "b", sections=2)
    session.generate_all()
    job = ended(session)
    assert (job.state, job.message, job.remedy) == ("failed", "Out of memory.", "Choose a smaller size.")
    assert [t.state for t in session.project.film()] == ["partial"]
    engine.fail_at = None
    assert prompts(generated(session)) == ["a", "b"]


def test_finish_completes_a_partial_take(studio: Studio, engine: FakeEngine) -> None:
    engine.fail_at = (1, 1)
    session = film(studio, "a", sections=2)
    session.generate_next()
    ended(session)
    engine.fail_at = None
    (take,) = session.project.takes.values()
    session.rewind(None)
    session.finish(take.id)
    assert ended(session).state == "done"
    assert session.project.takes[take.id].state == "done" and session.project.head == take.id
    with pytest.raises(EditError, match="finished already"):
        session.finish(take.id)


def test_a_queued_job_is_cancelled_at_once(tmp_path: Path, engine: FakeEngine) -> None:
    engine.gate = threading.Semaphore(0)
    studio = shelf(tmp_path, engine)
    first, second = film(studio, "a"), film(studio, "b")
    first.generate_next()
    until(first, lambda: first.job is not None and first.job.state == "running")
    second.generate_next()
    assert second.job and second.job.state == "queued"
    second.cancel()
    assert second.job.state == "cancelled"
    second.generate_next()
    engine.gate = None
    assert ended(first).state == "done" and ended(second).state == "done"
    assert len(second.project.takes) == 1 and len(engine.requests) == 2


def test_segments_not_begun_can_be_edited_while_it_renders(studio: Studio, engine: FakeEngine) -> None:
    engine.gate = threading.Semaphore(1)
    session = film(studio, "a", "b", "c")
    session.generate_all()
    until(session, lambda: session.job is not None and session.job.step == 1)
    session.edit_segment(1, prompt="B", frames=8)
    session.remove_segment(2)
    session.add_segment(prompt="d")
    engine.gate = None
    assert ended(session).state == "done"
    assert prompts(session) == ["a", "B", "d"] and session.stale == frozenset()


def test_an_edit_of_the_segment_being_rendered_makes_it_stale(studio: Studio, engine: FakeEngine) -> None:
    engine.gate = threading.Semaphore(1)
    session = film(studio, "a")
    session.generate_next()
    until(session, lambda: session.job is not None and session.job.step == 1)
    session.edit_segment(0, prompt="A")
    engine.gate = None
    ended(session)
    assert prompts(session) == ["a"] and len(session.stale) == 1


def test_the_head_stays_where_the_artist_put_it(studio: Studio, engine: FakeEngine) -> None:
    session = generated(film(studio, "a"))
    first = session.project.head
    session.add_segment(prompt="b")
    session.add_segment(prompt="c")
    engine.gate = threading.Semaphore(1)
    session.generate_all()
    until(session, lambda: session.job is not None and session.job.step == 1)
    session.rewind(None)
    engine.gate = None
    ended(session)
    assert session.project.head is None
    assert [t.segment.prompt for t in session.project.path()] == ["a", "b", "c"] and len(session.project.branches) == 1
    session.rewind(first)
    assert prompts(session) == ["a"]


def test_switching_away_while_it_renders(studio: Studio, engine: FakeEngine) -> None:
    session = generated(film(studio, "a"))
    main = session.project.branch
    session.add_segment(prompt="b")
    engine.gate = threading.Semaphore(1)
    session.generate_all()
    until(session, lambda: session.job is not None and session.job.step == 1)
    session.branch(None, "Elsewhere")
    engine.gate = None
    ended(session)
    assert session.project.current().name == "Elsewhere" and session.project.head is None
    session.switch(main)
    assert prompts(session) == ["a", "b"]


def test_retake_is_another_seed_on_another_branch(studio: Studio) -> None:
    session = generated(film(studio, "a", "b", "c"))
    second = session.project.film()[1]
    session.edit_segment(1, prompt="B")
    session.retake(second.id, seed=77)
    ended(session)
    assert prompts(session) == ["a", "B"]
    again = session.project.film()[1]
    assert (again.parent, again.segment.seed, session.project.current().name) == (second.parent, 77, "Branch 2")
    assert [s.prompt for s in session.project.current().segments] == ["a", "B", "c"]
    session.retake(again.id)
    ended(session)
    assert session.project.film()[1].segment.seed not in (1, 77) and len(session.project.branches) == 3


def test_generating_the_same_again_draws_another_seed(studio: Studio) -> None:
    session = generated(film(studio, "a"))
    session.rewind(None)
    session.generate_next()
    ended(session)
    one, two = session.project.takes.values()
    assert one.segment.seed != two.segment.seed and session.project.head == two.id and session.stale == frozenset()


def test_undo_while_it_renders_loses_no_take(studio: Studio, engine: FakeEngine) -> None:
    session = film(studio, "a", "b")
    engine.gate = threading.Semaphore(4 + 1)
    session.generate_all()
    until(session, lambda: session.job is not None and (session.job.finished, session.job.step) == (1, 1))
    session.undo()
    assert session.project.film() == ()
    engine.gate = None
    assert ended(session).state == "done"
    assert len(session.project.takes) == 2 and session.project.head is None
    assert any(session.project.lineage(b.tip)[1:] for b in session.project.branches)


def test_what_no_longer_fits_stops_the_job_with_a_reason(studio: Studio, engine: FakeEngine) -> None:
    session = film(studio, "a", "b")
    engine.gate = threading.Semaphore(1)
    session.generate_all()
    until(session, lambda: session.job is not None and session.job.step == 1)
    session.set_size((48, 64))
    engine.gate = None
    job = ended(session)
    assert job.state == "failed" and "another size" in job.message and len(session.project.takes) == 1


def test_estimates_come_from_measured_takes(studio: Studio, engine: FakeEngine) -> None:
    engine.step_seconds = 0.01
    session = film(studio, "a")
    assert session.estimate() is None
    generated(session)
    assert session.estimate() is None, "nothing is next"
    session.add_segment(frames=8)
    estimate = session.estimate()
    assert estimate and 0.08 <= estimate < 5
    session.apply_preset("standard")
    twice = session.estimate()
    assert twice == pytest.approx(2 * estimate)


def test_watch_wakes_on_changes_and_in_time(studio: Studio) -> None:
    session = studio.create()
    revision = session.revision
    assert session.watch(revision, 0.01) == revision
    threading.Timer(0.05, lambda: session.rename("Sea")).start()
    assert session.watch(revision, 10) > revision


def test_the_engine_waking_up_is_a_change(tmp_path: Path) -> None:
    engine = FakeEngine(ready=False)
    session = shelf(tmp_path, engine).create()
    revision = session.revision
    assert session.engine.state == "starting"
    engine.wake()
    assert session.watch(revision, 1) > revision and session.engine.state == "ready"


# Files


def test_films_are_joined_once_and_tell_how_they_were_made(studio: Studio) -> None:
    session = generated(film(studio, "a", "b"))
    path = session.film()
    assert path and path == session.film() and len(read_clip(path)) == 8
    told = read_lineage(path)
    assert told and told["project"] == "A film" and [t["prompt"] for t in told["takes"]] == ["a", "b"]
    assert told["takes"][1]["parent"] == told["takes"][0]["id"]
    first = session.film(session.project.film()[0].id)
    assert first and first != path and probe(first).frames == 4
    with pytest.raises(EditError):
        session.film("nothere")


def test_exports(studio: Studio) -> None:
    session = generated(film(studio, "a", "b"))
    session.rename("Das Meer / é")
    take = session.project.film()[1].id
    assert session.export_film().name == "Das-Meer-é.mp4"
    for kind in ("gif", "webp", "mp4", "poster"):
        path = session.export_take(take, kind=kind)
        assert path.stat().st_size > 0 and path.suffix == {"poster": ".webp"}.get(kind, f".{kind}")
        if kind != "poster":
            told = read_lineage(path)
            assert told and [t["id"] for t in told["takes"]] == [take]
    with pytest.raises(EditError):
        session.export_take(take, kind="avi")
    with pytest.raises(EditError):
        session.export_take("nothere", kind="gif")


def test_an_exported_project_opens_on_another_machine(studio: Studio, tmp_path: Path) -> None:
    session = generated(film(studio, "a", "b"))
    elsewhere = tmp_path / "elsewhere" / "projects"
    with zipfile.ZipFile(session.export_project()) as archive:
        archive.extractall(elsewhere)
    other = shelf(tmp_path / "elsewhere")
    (summary,) = other.list()
    opened = other.open(summary.id)
    assert opened.project.takes == session.project.takes and opened.findings == () and opened.missing == frozenset()
    opened.add_segment(prompt="c")
    assert prompts(generated(opened)) == ["a", "b", "c"]


def test_nothing_to_export_yet(studio: Studio) -> None:
    with pytest.raises(EditError, match="no film yet"):
        studio.create().export_film()


def test_a_missing_clip_is_told_and_the_rest_plays(studio: Studio) -> None:
    session = generated(film(studio, "a", "b"))
    first, second = session.project.film()
    clip = session.clip(first.id)
    assert clip
    clip.unlink()
    assert session.missing == {first.id} and session.clip(first.id) is None
    rest = session.film()
    assert rest and probe(rest).frames == 4
    with pytest.raises(MediaError, match="segment 1 is missing"):
        session.export_film()
    with pytest.raises(MediaError, match="missing"):
        session.export_take(first.id, "gif")
    assert session.export_take(second.id, "gif")
