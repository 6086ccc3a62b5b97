"""The sample stories: pictures of our own that the studio can read, and prompts the embedded model understands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from studio.catalogue.cards import read_card
from studio.catalogue.fingerprint import fingerprint
from studio.media.clip import probe
from studio.media.picture import fit, read_picture
from studio.memory.snapshot import read_snapshot
from studio.project.model import Clock, RenderSettings
from studio.project.staleness import stale_takes
from studio.project.store import Store
from studio.project.story import read_story, to_project
from studio.session.project_zip import unpack
from studio.ui.gallery import find_samples

EXAMPLES = Path(__file__).parents[2] / "assets" / "examples"
STORIES = sorted(EXAMPLES.glob("*/story.toml"))
# what captions in training speak of; a prompt without any of it would do nothing
CAMERA = r"camera|shot|zoom"
LIGHT = r"light|sunset|golden hour|night falls|dawn breaks|darker|brighter|gets dark"
WEATHER = r"snow|rain|fog|mist|haze"


def test_there_are_landscapes_and_a_portrait() -> None:
    sizes = [read_story(path).size for path in STORIES]
    assert len(sizes) >= 3 and (640, 384) in sizes and (384, 640) in sizes


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.parent.name)
def test_a_story_is_ready_to_render(path: Path) -> None:
    story = read_story(path)
    assert 4 <= len(story.segments) <= 6
    for beat in story.segments:
        assert re.search(f"{CAMERA}|{LIGHT}|{WEATHER}", beat.prompt), beat.prompt
    project = to_project(story, "memorypack-mini", (320, 192), Clock(), RenderSettings())
    assert all(segment.frames in (36, 72) for segment in project.current().segments)
    said = " ".join(beat.prompt for beat in story.segments)
    assert all(re.search(words, said) for words in (CAMERA, LIGHT, WEATHER)), "every story shows all three"


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.parent.name)
def test_a_story_has_a_picture_of_its_own_shape(path: Path) -> None:
    story = read_story(path)
    picture = read_picture(story.image)
    assert story.image.stat().st_size <= 300_000
    assert story.size is not None
    assert picture.width / picture.height == pytest.approx(story.size[0] / story.size[1], rel=0.01)
    low, high = zip(*fit(picture, story.size).getextrema(), strict=True)
    assert min(high) - max(low) > 150, "a picture with depth, not a placeholder"


FILMS = sorted(EXAMPLES.glob("*/film.zip"))


@pytest.mark.parametrize("path", FILMS, ids=lambda path: path.parent.name)
def test_a_film_that_is_made_is_its_story_to_the_end(path: Path, tmp_path: Path) -> None:
    """Prompts, lengths and seeds of the takes are the story's, none is stale, and each has all that the film goes on from."""
    story = read_story(path.with_name("story.toml"))
    project = Store(tmp_path / unpack(path, tmp_path)).open().project
    takes = project.film()
    assert [take.segment.prompt for take in takes] == [segment.prompt for segment in story.segments]
    wanted = to_project(story, project.model, project.size, project.clock, project.settings)
    assert [(t.segment.seed, t.segment.frames) for t in takes] == [(s.seed, s.frames) for s in wanted.current().segments]
    assert project.size == story.size and not stale_takes(project)
    card = read_card(EXAMPLES.parents[1] / "models" / project.model)
    for take in takes:
        folder = tmp_path / project.id / "takes" / take.id
        assert probe(folder / "clip.mp4").frames == take.frames
        assert read_snapshot(folder / "snapshot.safetensors").model.startswith(fingerprint(card)), "made by the model that ships"


def test_the_first_story_is_a_film_that_plays() -> None:
    assert find_samples()[0].film, "a visitor's first click plays a film"
