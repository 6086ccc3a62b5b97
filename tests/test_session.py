"""The session: the shelf, verbs that are saved before they return, films and exports."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from studio.catalogue.cards import ModelFile
from studio.media import fonts
from studio.media.clip import probe, read_clip
from studio.media.export import read_lineage
from studio.project import edits
from studio.project.model import RenderSettings
from studio.session import EditError, MediaError, Session, StoreError, Studio
from tests.fake_engine import FakeEngine, card
from tests.shelves import make_film, make_studio, picture, render_all, wait_for_job


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
    assert (project.settings, session.id) == (RenderSettings("standard", 8, 1.0), project.id)
    assert session.findings == () and session.job is None and session.jobs.estimate_next() is None and session.films.film() is None


def test_projects_on_the_shelf(studio: Studio, tmp_path: Path) -> None:
    assert studio.list() == ()
    first, second = studio.create("One"), studio.create("Two")
    first.edit(edits.rename, "Uno")
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
    with pytest.raises(EditError, match=r"story\.toml.*draft, calibrated, quick, standard, fine"):
        studio.from_story(story)


# What is written


def test_every_verb_is_saved_before_it_returns(studio: Studio) -> None:
    session = studio.create()
    before = session.revision
    session.edit(edits.edit_segment, 0, prompt="Dawn", frames=8, seed=5)
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
    session.edit(edits.set_reference, None)
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
    assert session.project.settings == RenderSettings("fine", 16, 1.0)
    with pytest.raises(EditError, match="draft, calibrated, quick, standard, fine"):
        session.apply_preset("best")
    with pytest.raises(EditError, match="not installed"):
        session.set_model("other")


def test_another_model_keeps_seconds_and_preset(tmp_path: Path) -> None:
    large = card("large", fps=30, section_frames=36, sizes=((96, 64),), steps=25, guidance=10.0)
    session = Studio(tmp_path, FakeEngine(), (card(), large)).create()
    session.edit(edits.edit_segment, 0, frames=24)                            # 2 seconds
    session.set_model("large")
    project = session.project
    assert (project.model, project.size, project.clock.fps) == ("large", (96, 64), 30)
    assert project.current().segments[0].frames == 60 and project.settings == RenderSettings("standard", 25, 10.0)
    session.undo()
    assert session.project.model == "tiny" and session.project.settings == RenderSettings("standard", 8, 1.0)


def test_a_model_whose_weights_are_not_here_cannot_be_chosen(tmp_path: Path) -> None:
    away = card("away", title="Away", files=(ModelFile("vae/model.safetensors", 7, "0" * 64),))
    session = Studio(tmp_path, FakeEngine(), (card(), away)).create()
    with pytest.raises(EditError, match=r"weights of Away are not fetched\. Get the folder away again"):
        session.set_model("away")
    assert session.project.model == "tiny" and not session.can_undo


# Files


def test_films_are_joined_once_and_tell_how_they_were_made(studio: Studio) -> None:
    session = render_all(make_film(studio, "a", "b"))
    path = session.films.film()
    assert path and path == session.films.film() and len(read_clip(path)) == 8
    told = read_lineage(path)
    assert told and told["project"] == "A film" and [t["prompt"] for t in told["takes"]] == ["a", "b"]
    assert told["takes"][1]["parent"] == told["takes"][0]["id"]
    assert not {"style", "cast"} & told["takes"][0].keys()
    first = session.films.film(session.project.film()[0].id)
    assert first and first != path and probe(first).frames == 4
    with pytest.raises(EditError):
        session.films.film("nothere")


def test_exports(studio: Studio) -> None:
    session = render_all(make_film(studio, "a", "b"))
    session.edit(edits.rename, "Das Meer / é")
    take = session.project.film()[1].id
    assert session.films.export_film().name == "Das-Meer-é.mp4"
    for kind in ("gif", "webp", "mp4", "poster"):
        path = session.films.export_take(take, kind=kind)
        assert path.stat().st_size > 0 and path.suffix == {"poster": ".webp"}.get(kind, f".{kind}")
        if kind != "poster":
            told = read_lineage(path)
            assert told and [t["id"] for t in told["takes"]] == [take]
    with pytest.raises(EditError):
        session.films.export_take(take, kind="avi")
    with pytest.raises(EditError):
        session.films.export_take("nothere", kind="gif")


def test_fades_longer_than_the_film_are_told_and_letters_without_a_font_come_first(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = render_all(make_film(studio, "a", "b"))
    film = session.films.film()
    assert film
    half = probe(film).seconds / 2
    assert session.films.fade_aside(half) == session.films.fade_aside(0) == "" != session.films.fade_aside(half + 0.1)
    assert f"each was shortened to half of it: {half:.3g} seconds." in session.films.fade_aside(10)
    assert session.films.fade_aside(half + 1, "Title") == ""
    session.films.export_film(fade=10)
    film.unlink()
    monkeypatch.setattr(fonts, "system_fonts", lambda codes: [])
    with pytest.raises(MediaError, match="letters of the title: 東"):
        session.films.export_film(title="東")
    assert not film.exists(), "nothing is joined for a title that cannot be drawn"


def test_an_exported_project_opens_on_another_machine(studio: Studio, tmp_path: Path) -> None:
    session = render_all(make_film(studio, "a", "b"))
    elsewhere = tmp_path / "elsewhere" / "projects"
    with zipfile.ZipFile(session.films.export_project()) as archive:
        archive.extractall(elsewhere)
    other = make_studio(tmp_path / "elsewhere")
    (summary,) = other.list()
    opened = other.open(summary.id)
    assert opened.project.takes == session.project.takes and opened.findings == ()
    assert opened.store.missing_clips(opened.project) == frozenset()
    opened.edit(edits.add_segment, prompt="c")
    assert prompts(render_all(opened)) == ["a", "b", "c"]


def test_nothing_to_export_yet(studio: Studio) -> None:
    with pytest.raises(EditError, match="no film yet"):
        studio.create().films.export_film()


def test_a_missing_clip_is_told_and_the_rest_plays(studio: Studio) -> None:
    session = render_all(make_film(studio, "a", "b"))
    first, second = session.project.film()
    clip = session.films.clip(first.id)
    assert clip
    clip.unlink()
    assert session.store.missing_clips(session.project) == {first.id} and session.films.clip(first.id) is None
    rest = session.films.film()
    assert rest and probe(rest).frames == 4
    with pytest.raises(MediaError, match="segment 1 is missing"):
        session.films.export_film()
    with pytest.raises(MediaError, match="missing"):
        session.films.export_take(first.id, "gif")
    assert session.films.export_take(second.id, "gif")


def test_the_same_prompt_on_a_branch_draws_a_seed_and_is_not_stale(studio: Studio) -> None:
    session = render_all(make_film(studio, "one", "two", "three"))
    first, second = session.project.path()[0], session.project.path()[1]
    session.edit(edits.branch, first.id)
    session.jobs.generate_next()
    assert wait_for_job(session).state == "done"
    again = session.project.takes[session.project.head or ""]
    assert again.segment.prompt == second.segment.prompt
    assert again.segment.seed != second.segment.seed
    assert session.project.current().segments[1].seed == again.segment.seed
    assert edits.stale_takes(session.project) == frozenset()


def test_typing_is_undone_in_one_go(studio: Studio) -> None:
    session = studio.create()
    for word in ("a", "a sea", "a sea at dawn"):
        session.edit_in_stroke("visit1", edits.edit_segment, 0, prompt=word)
    session.edit_in_stroke("visit2", edits.edit_segment, 0, prompt="a sea at dusk")
    for word in ("S", "Sea"):
        session.edit_in_stroke("visit3", edits.rename, word)
    told = []
    while session.can_undo:
        told.append((session.project.name, session.project.current().segments[0].prompt))
        session.undo()
    assert told == [("Sea", "a sea at dusk"), ("Untitled film", "a sea at dusk"), ("Untitled film", "a sea at dawn")]
    assert on_disk(session)["branches"][0]["segments"][0]["prompt"] == ""
