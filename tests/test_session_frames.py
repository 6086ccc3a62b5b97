"""The frame from a session: given to new pictures where it counts, rendered, stored, sent, and refused in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from studio.media.export import read_lineage
from studio.project import edits
from studio.project.edits import EditError
from studio.project.frames import default_frame, whole_frame
from studio.project.story import StoryError
from studio.session import Session, Studio
from studio.session.pictures import opacity_file
from studio.session.stories import StoryChanges
from tests.fake_engine import FakeEngine, card
from tests.shelves import picture, render_all

SIZES = ((640, 384), (320, 192), (384, 640))
FRAME = (0.2, 0.2, 0.5, 0.4)


@pytest.fixture()
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path / "projects", FakeEngine(), (card(sizes=SIZES), card("large", kind="framepack", sizes=SIZES)))


def photograph(folder: Path, colour: str = "teal") -> Path:
    return picture(folder, colour, (1600, 1200))


def framed(studio: Studio, folder: Path) -> Session:
    session = studio.create("A film")
    session.set_size((640, 384))
    session.set_reference(photograph(folder), FRAME)
    session.apply_preset("draft")
    return session


def test_a_new_picture_gets_the_default_frame_where_the_film_knows_what_is_outside(studio: Studio, tmp_path: Path) -> None:
    session = studio.create()
    session.set_size((640, 384))
    session.edit(edits.edit_segment, 0, prompt="the camera pans left")
    session.set_reference(photograph(tmp_path))
    assert session.project.frame == default_frame((1600, 1200), (640, 384), ["the camera pans left"])
    session.undo()
    assert session.project.frame is None and session.project.reference is None
    session.set_size((320, 192))
    session.set_reference(photograph(tmp_path))
    assert session.project.frame is None, "at the sizes of before nothing has changed"
    session.set_size((640, 384))
    assert session.project.frame is None, "and the artist is asked before it does"
    session.set_model("large")
    session.set_reference(photograph(tmp_path, "olive"))
    assert session.project.frame is None, "a model that takes no frame begins with the middle"


def test_the_same_picture_again_keeps_its_frame(studio: Studio, tmp_path: Path) -> None:
    session = framed(studio, tmp_path)
    session.set_reference(photograph(tmp_path))
    assert session.project.frame == FRAME
    session.set_reference(photograph(tmp_path, "olive"))
    assert session.project.frame == default_frame((1600, 1200), (640, 384), [])


def test_a_model_without_frames_loses_it_and_undo_brings_it_back(studio: Studio, tmp_path: Path) -> None:
    session = framed(studio, tmp_path)
    session.set_model("large")
    assert session.project.frame is None
    with pytest.raises(EditError, match="begins with the middle"):
        session.set_frame(FRAME)
    session.undo()
    assert session.project.frame == FRAME


def test_frames_of_one_stroke_are_one_step(studio: Studio, tmp_path: Path) -> None:
    session = framed(studio, tmp_path)
    for x in (0.21, 0.22, 0.23):
        session.set_frame((x, 0.2, 0.5, 0.4), "drag")
    session.set_frame((0.3, 0.2, 0.5, 0.4), "another")
    session.undo()
    assert session.project.frame == (0.23, 0.2, 0.5, 0.4)
    session.undo()
    assert session.project.frame == FRAME


def test_the_frame_is_rendered_stored_and_told_in_the_film(studio: Studio, tmp_path: Path) -> None:
    session = render_all(framed(studio, tmp_path))
    take = session.project.film()[0]
    engine = studio._engine
    assert isinstance(engine, FakeEngine) and engine.requests[-1].frame == FRAME == take.frame
    lineage = read_lineage(session.films.export_film())
    assert lineage and lineage["takes"][0]["frame"] == list(FRAME)
    session.set_frame(None)
    assert edits.stale_takes(session.project) == {take.id}
    session.undo()
    session.store.close()
    again = Studio(studio.home, FakeEngine(), studio.models).open(session.id)
    assert again.project.frame == FRAME and not edits.stale_takes(again.project)


def test_a_lost_document_comes_back_with_its_frame(studio: Studio, tmp_path: Path) -> None:
    session = render_all(framed(studio, tmp_path))
    session.store.close()
    for name in ("project.json", "project.json.bak"):
        (session.folder / name).write_text("{")
    again = Studio(studio.home, FakeEngine(), studio.models).open(session.id)
    assert again.project.frame == FRAME and again.project.reference and not edits.stale_takes(again.project)


def test_a_picture_travels_with_its_opacity(studio: Studio, tmp_path: Path) -> None:
    image = Image.new("RGBA", (800, 600), "teal")
    image.paste((0, 0, 0, 0), (0, 0, 400, 600))
    image.save(tmp_path / "cut.png")
    session = studio.create("Cut")
    session.set_reference(tmp_path / "cut.png", FRAME)
    arrived = Studio(tmp_path / "there", FakeEngine(), studio.models).unpack(session.films.export_project())
    assert arrived.project == session.project and arrived.project.reference
    beside = opacity_file(arrived.folder / arrived.project.reference.file)
    with Image.open(beside) as opacity:
        assert opacity.getchannel("A").getpixel((10, 10)) == 0 and opacity.getchannel("A").getpixel((790, 10)) == 255
    session.set_reference(photograph(tmp_path))
    assert session.project.reference and not opacity_file(session.folder / session.project.reference.file).exists()


def story(folder: Path, more: str) -> Path:
    photograph(folder)
    path = folder / "story.toml"
    path.write_text(f'image = "teal.png"\n{more}\n[[segment]]\nprompt = "the camera pans right"')
    return path


def test_a_story_frames_its_picture(studio: Studio, tmp_path: Path) -> None:
    assert studio.from_story(story(tmp_path, "frame = [0.2, 0.2, 0.5, 0.4]")).project.frame == FRAME
    default = studio.from_story(story(tmp_path, "")).project
    assert default.frame == default_frame((1600, 1200), (640, 384), ["the camera pans right"])
    assert studio.from_story(story(tmp_path, "frame = [0, 0, 1, 1]")).project.frame in (None, whole_frame((1600, 1200), (640, 384)))
    assert studio.from_story(story(tmp_path, "size = [320, 192]")).project.frame is None
    small = studio.from_story(story(tmp_path, "size = [320, 192]\nframe = [0.2, 0.2, 0.5, 0.4]")).project
    assert small.frame == FRAME
    other = StoryChanges(photograph(tmp_path, "olive"))
    session = studio.from_story(story(tmp_path, "frame = [0.2, 0.2, 0.5, 0.4]"), changes=other)
    assert session.project.frame == default.frame, "the frame is of the story's own picture"


@pytest.mark.parametrize(
    ("more", "model", "told"),
    [
        ("frame = [0.1, 0.1, 0.02, 0.02]", None, "'frame': This frame is too small: it has 32×24 pixels"),
        ("frame = [0.1, 0.1, 0.5]", None, "'frame': A frame is four numbers"),
        ("frame = [0.7, 0.1, 0.5, 0.5]", None, "'frame': A frame lies inside the picture"),
        ("frame = [0.1, 0.1, 0.5, 0.5]", "large", "'frame': Tiny begins with the middle of the picture. Leave 'frame' out."),
    ],
)
def test_wrong_frames_of_stories(studio: Studio, tmp_path: Path, more: str, model: str | None, told: str) -> None:
    with pytest.raises(StoryError) as refused:
        studio.from_story(story(tmp_path, more), model)
    assert told in str(refused.value) and "story.toml" in str(refused.value)
    assert not studio.home.exists(), "nothing is written"
