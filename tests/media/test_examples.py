"""The sample stories: pictures of our own that the studio can read, and prompts the embedded model understands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from studio.media.picture import fit, read_picture
from studio.project.model import Clock, RenderSettings
from studio.project.story import read_story, to_project

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
