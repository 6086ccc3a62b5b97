"""Stories: a film in one file, and what is said about wrong ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.project.model import Clock, RenderSettings
from studio.project.story import StoryError, read_story, to_project

GOOD = """
name = "The lighthouse"
image = "lighthouse.png"
preset = "fine"
size = [64, 32]
seed = 4294967295

[[segment]]
prompt = "Dawn"
seconds = 3.0

[[segment]]
prompt = "Night"
frames = 108
seed = 5

[[segment]]
"""


def written(folder: Path, text: str, image: bool = True) -> Path:
    path = folder / "story.toml"
    path.write_text(text, "utf-8")
    if image:
        (folder / "lighthouse.png").write_bytes(b"not looked into here")
    return path


def test_a_story_becomes_a_project(tmp_path: Path) -> None:
    story = read_story(written(tmp_path, GOOD))
    assert story.image == tmp_path / "lighthouse.png"
    project = to_project(story, "a-model", (320, 192), Clock(12, 36), RenderSettings("fine", 16))
    assert (project.name, project.size, project.settings.steps) == ("The lighthouse", (64, 32), 16)
    segments = project.current().segments
    assert [(s.prompt, s.frames) for s in segments] == [("Dawn", 36), ("Night", 108), ("", 36)]
    assert [s.seed for s in segments] == [2**32 - 1, 5, 1]


def test_a_story_may_name_its_frame(tmp_path: Path) -> None:
    assert read_story(written(tmp_path, GOOD)).frame is None
    assert read_story(written(tmp_path, "frame = [0, 0.2, 0.5, 0.5]" + GOOD)).frame == (0, 0.2, 0.5, 0.5)


def test_a_story_may_say_how_the_whole_film_looks_and_who_is_in_it(tmp_path: Path) -> None:
    story = read_story(written(tmp_path, 'style = " dusk\tand fog "\ncast = "Anna"' + GOOD))
    project = to_project(story, "a-model", (320, 192), Clock(12, 36), RenderSettings())
    assert (project.style, project.cast) == ("dusk and fog", "Anna")
    with pytest.raises(StoryError, match="'style': A film's style is text"):
        read_story(written(tmp_path, "style = 3" + GOOD))
    with pytest.raises(StoryError, match="'cast': This cast has 2,001 characters"):
        read_story(written(tmp_path, f'cast = "{"x" * 2001}"' + GOOD))


def test_without_size_and_seed(tmp_path: Path) -> None:
    text = 'image = "lighthouse.png"\n[[segment]]\nprompt = "a"'
    story = read_story(written(tmp_path, "\ufeff" + text))
    project = to_project(story, "a-model", (320, 192), Clock(), RenderSettings())
    assert (project.name, project.size, story.preset) == ("story", (320, 192), "standard")
    assert 0 <= project.current().segments[0].seed < 2**32


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("name =", "nmae ="), "unknown key 'nmae'"),
        (('prompt = "Dawn"', 'promt = "Dawn"'), "segment 1: unknown key 'promt'"),
        (("seconds = 3.0", "seconds = 3.0\nframes = 36"), "segment 1: 'seconds' and 'frames'"),
        (("seconds = 3.0", "seconds = nan"), "segment 1: 'seconds'"),
        (("seconds = 3.0", "seconds = -inf"), "segment 1: 'seconds'"),
        (("seconds = 3.0", "seconds = 0"), "segment 1: 'seconds'"),
        (("frames = 108", "frames = 1.5"), "segment 2: 'frames'"),
        (("frames = 108", "frames = 99999999999999999999999999"), "segment 2: 'frames'"),
        (("seed = 5", "seed = -5"), "segment 2: 'seed'"),
        (('prompt = "Dawn"', f'prompt = "{"x" * 2001}"'), "segment 1: 'prompt'"),
        (('prompt = "Dawn"', "prompt = 7"), "segment 1: 'prompt'"),
        (("size = [64, 32]", "size = [64]"), "'size'"),
        (("size = [64, 32]", 'size = ["64", "32"]'), "'size'"),
        (("seed = 4294967295", "seed = true"), "'seed'"),
        (("seed = 4294967295", "frame = [0, 0, 1]"), "'frame': A frame is four numbers"),
        (("seed = 4294967295", 'frame = "all"'), "'frame': A frame is four numbers"),
        (("seed = 4294967295", "frame = [0.5, 0.5, 0.6, 0.4]"), "'frame': A frame lies inside the picture"),
        (("seed = 4294967295", "frame = [0, 0, nan, 1]"), "'frame'.* is a number"),
        (("seed = 4294967295", "frame = [0, 0, 0, 0]"), "'frame': A frame lies inside"),
        (('preset = "fine"', "preset = 3"), "'preset'"),
        (('name = "The lighthouse"', 'name = ""'), "'name'"),
        (("lighthouse.png", "elsewhere.png"), "'image'"),
        (("lighthouse.png", "."), "'image'"),
        (("lighthouse.png", "/dev/zero"), "'image'"),
        (('"lighthouse.png"', '"a\\u0000b"'), "'image'"),
        (('image = "lighthouse.png"', "frame = [0, 0, 0.5, 0.5]"), "'frame', .* there is no 'image'"),
        (('image = "lighthouse.png"', 'image = ""'), "'image'"),
        (("[[segment]]", "[segment]"), "TOML|segment"),
        (('name = "The', 'name = The'), "TOML"),
    ],
)  # fmt: skip
def test_wrong_stories_are_told_by_file_and_key(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    assert change[0] in GOOD
    path = written(tmp_path, GOOD.replace(*change))
    with pytest.raises(StoryError, match=told) as error:
        read_story(path)
    assert str(path) in str(error.value)


def test_a_story_without_a_picture_begins_from_words_alone(tmp_path: Path) -> None:
    assert read_story(written(tmp_path, GOOD.replace('image = "lighthouse.png"', ""))).image is None


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\xff\xff", b"a = " + b"[" * 50_000, b"x" * (2**20 + 1), b'image = "l"\nsegment = [1, 2]',
        b"n = " + b"9" * 9999,
    ],
)
def test_hostile_files(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "story.toml"
    path.write_bytes(content)
    with pytest.raises(StoryError, match=r"story\.toml"):
        read_story(path)


def test_no_file_and_no_picture(tmp_path: Path) -> None:
    with pytest.raises(StoryError, match=r"story\.toml cannot be read"):
        read_story(tmp_path / "story.toml")
    with pytest.raises(StoryError, match=r"there is no file .*lighthouse\.png"):
        read_story(written(tmp_path, GOOD, image=False))


def test_a_length_the_model_cannot_render(tmp_path: Path) -> None:
    story = read_story(written(tmp_path, GOOD.replace("seconds = 3.0", "seconds = 3000")))
    with pytest.raises(StoryError, match=r"segment 1: .*120 seconds"):
        to_project(story, "a-model", (64, 32), Clock(12, 36), RenderSettings())


def test_too_many_segments(tmp_path: Path) -> None:
    with pytest.raises(StoryError, match="400"):
        read_story(written(tmp_path, GOOD + "[[segment]]\n" * 398))
