"""A story that cannot be used is refused before anything is written, with a sentence that says what can be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from studio.media import MediaError
from studio.project.edits import EditError
from studio.project.model import Shot
from studio.project.story import StoryError
from studio.session import Session, Studio
from studio.session.stories import StoryChanges
from tests.fake_engine import FakeEngine
from tests.lora_shelves import lora, model
from tests.shelves import make_studio, picture, render_all


@pytest.fixture()
def studio(tmp_path: Path) -> Studio:
    models = model(tmp_path), model(tmp_path, "wide", 20, sizes=((128, 64), (96, 96)))
    return Studio(tmp_path / "projects", FakeEngine(), models)


def story(folder: Path, size: str | None = None, more: str = "") -> Path:
    picture(folder)
    path = folder / "story.toml"
    path.write_text(f'image = "teal.png"\n{f"size = {size}" if size else ""}\nseed = 5\n[[segment]]\nseed = 9\n[[segment]]\n{more}')
    return path


def lora_line(folder: Path, width: int = 20) -> str:
    return f'loras = [{{file = "{lora(folder, width=width).name}"}}]'


SIZES = {
    "[640, 360]": "the film cannot be 640×360 pixels", "[4096, 4096]": "cannot be 4096×4096 pixels", "[0, 0]": "from 16 to 4,096",
    '"320x192"': "a width and a height", "[64]": "a width and a height", "[64.5, 48]": "whole even numbers",
    "[-64, 48]": "even numbers",
    '["64", "48"]': "is a number", "[nan, 48]": "is a number", "[1e300, 48]": "is a number", "{a = 1}": "a width and a height",
    "true": "a width and a height", "[64, 48, 3]": "a width and a height", "[48, 66]": "cannot be 48×66 pixels",
}


@pytest.mark.parametrize("size", SIZES)
def test_a_size_that_the_model_does_not_make_names_those_that_it_makes(studio: Studio, tmp_path: Path, size: str) -> None:
    for name, title, known in ((None, "Tiny", "64×48, 48×64"), ("wide", "Wide", "128×64, 96×96")):
        with pytest.raises(StoryError) as refused:
            studio.from_story(story(tmp_path, size), name)
        text = str(refused.value)
        assert "story.toml: 'size'" in text and SIZES[size] in text and f"{title} makes films of {known} pixels" in text, text
        assert "or leave 'size' out" in text
    assert not studio.home.exists()


def test_a_size_of_the_model_is_used(studio: Studio, tmp_path: Path) -> None:
    assert studio.from_story(story(tmp_path, "[48, 64]")).project.size == (48, 64)
    assert studio.from_story(story(tmp_path, "[128.0, 64]"), "wide").project.size == (128, 64)
    assert studio.from_story(story(tmp_path), "wide").project.size == (128, 64)
    anyway = studio.from_story(story(tmp_path, "[640, 360]"), changes=StoryChanges(any_size=True))
    assert anyway.project.size == (64, 48), "a sample's story was written for another model"
    render_all(anyway)


def test_another_model_is_that_of_the_whole_project(studio: Studio, tmp_path: Path) -> None:
    session = studio.from_story(story(tmp_path), "wide")
    assert session.project.model == "wide"
    assert [segment.frames for segment in session.project.current().segments] == [4, 4]


def test_changes_are_those_of_the_options(studio: Studio, tmp_path: Path) -> None:
    changes = StoryChanges(picture(tmp_path, "red"), "fine", 2**32 - 1)
    session = studio.from_story(story(tmp_path), None, changes)
    assert [segment.seed for segment in session.project.current().segments] == [2**32 - 1, 0]
    assert session.project.settings.preset == "fine" and session.project.reference and session.project.reference.name == "red.png"
    plain = studio.from_story(story(tmp_path))
    assert [segment.seed for segment in plain.project.current().segments] == [9, 6]


WRONG: dict[str, tuple[type[Exception], Callable[[Studio, Path], Session]]] = {
    "is not installed": (EditError, lambda studio, folder: studio.from_story(story(folder), "none")),
    "There is no preset 'best'. There are: draft": (
        EditError, lambda studio, folder: studio.from_story(story(folder), None, StoryChanges(preset="best"))),
    "is not there any more": (
        MediaError, lambda studio, folder: studio.from_story(story(folder), None, StoryChanges(folder / "nowhere.png"))),
    "does not fit Tiny": (
        StoryError, lambda studio, folder: studio.from_story(story(folder, more=lora_line(folder, width=40)))),
}


@pytest.mark.parametrize("says", WRONG)
def test_whatever_is_wrong_leaves_nothing_behind(studio: Studio, tmp_path: Path, says: str) -> None:
    error, begin = WRONG[says]
    with pytest.raises(error, match=says.replace(".", r"\.")):
        begin(studio, tmp_path)
    assert studio.list() == () and not studio.home.exists()


def test_a_disk_that_is_full_halfway_leaves_no_half_made_project(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise MediaError("The disk is nearly full.")

    path = story(tmp_path, more=lora_line(tmp_path))
    with monkeypatch.context() as patch:
        patch.setattr("studio.session.loras.disk.atomic_write", full)
        with pytest.raises(MediaError, match="nearly full"):
            studio.from_story(path)
    assert studio.list() == () and not [p for p in studio.home.iterdir() if not p.name.startswith(".") and p.name != "loras"]
    assert studio.from_story(path).project.current().segments[1].loras


def test_a_story_with_shots(tmp_path: Path) -> None:
    studio = make_studio(tmp_path)
    picture(tmp_path, "navy")
    picture(tmp_path, "crimson")
    lines = (
        'name = "Shots"\nimage = "navy.png"\npreset = "draft"\n[[segment]]\nprompt = "a"\n'
        '[[segment]]\nprompt = "b"\nshot = {}\n'
    )
    story = tmp_path / "story.toml"
    story.write_text(lines.format('"crimson.png"') + '[[segment]]\nprompt = "c"\nshot = true\n')
    session = studio.from_story(story)
    first, second, third = (segment.shot for segment in session.project.current().segments)
    assert first is None and third == Shot()
    assert second and second.picture and second.picture.name == "crimson.png"
    assert (session.folder / second.picture.file).is_file()
    before = len(studio.list())
    wrong = {'"gone.png"': "there is no file", '"story.toml"': "story.toml", "3": "the name of a picture, or true"}
    for shot, message in wrong.items():
        story.write_text(lines.format(shot))
        with pytest.raises((StoryError, MediaError), match=message):
            studio.from_story(story)
    story.write_text(lines.format("true").replace('prompt = "a"', 'prompt = "a"\nshot = true'))
    with pytest.raises(StoryError, match="the first segment begins with 'image'"):
        studio.from_story(story)
    assert len(studio.list()) == before, "nothing is left behind"
