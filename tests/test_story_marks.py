"""Marks on the picture in story files: written and read back, rendered, and refused with the name of their key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.marks import NO_MARKS, Flow, Marks, Stroke, Subject
from studio.project.mark_limits import marks
from studio.project.story import StoryError, read_story
from studio.session import Studio
from studio.session.stories import StoryChanges
from tests.fake_engine import FakeEngine, card
from tests.shelves import picture

MARKED = """
beyond = true
[subject]
strokes = [[[0.4, 0.5], [0.5, 0.6]], [[0.45, 0.4]]]
ground = [[[0.1, 0.1]]]
depth = 3
[[flows]]
name = "Water"
stroke = [[0.1, 0.8], [0.9, 0.8]]
width = 0.2
speed = 0.1
[[flows]]
name = "clouds"
stroke = [[0, 0.1], [1, 0.1]]
"""
MARKS = Marks(
    True, Subject((((0.4, 0.5), (0.5, 0.6)), ((0.45, 0.4),)), (((0.1, 0.1),),), 3.0),
    (Flow("water", ((0.1, 0.8), (0.9, 0.8)), 0.2, 0.1), Flow("clouds", ((0, 0.1), (1, 0.1)), 0.1, 0.05)),
)  # fmt: skip
SIZES = ((640, 384), (320, 192))


@pytest.fixture()
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path / "projects", FakeEngine(), (card(sizes=SIZES), card("large", kind="framepack", sizes=SIZES)))


def story(folder: Path, more: str) -> Path:
    path = folder / "story.toml"
    path.write_text(f'image = "teal.png"\n{more}\n[[segment]]\nprompt = "the water flows"', "utf-8")
    return path


def as_toml(value: Marks) -> str:
    """A story's keys for marks."""
    text = f"beyond = {json.dumps(value.beyond)}\n"
    if value.subject:
        text += f"[subject]\nstrokes = {points(value.subject.strokes)}\nground = {points(value.subject.ground)}\n"
        text += f"depth = {value.subject.depth}\n"
    for flow in value.flows:
        text += f"[[flows]]\nname = {json.dumps(flow.name)}\nstroke = {points((flow.stroke,))[1:-1]}\n"
        text += f"width = {flow.width}\nspeed = {flow.speed}\n"
    return text


def points(strokes: tuple[Stroke, ...]) -> str:
    return json.dumps([[list(point) for point in stroke] for stroke in strokes])


SHARES = st.floats(0, 1)
STROKE = st.lists(st.tuples(SHARES, SHARES), min_size=2, max_size=5).map(tuple)
MANY = st.lists(STROKE, min_size=1, max_size=3).map(tuple)
NAMES = st.sampled_from(["water", "clouds"])
FLOWS = st.builds(Flow, NAMES, st.just(((0.1, 0.2), (0.3, 0.4))), st.floats(0.01, 0.5), st.floats(0.005, 0.5))
SUBJECTS = st.none() | st.builds(Subject, MANY, MANY, st.floats(1, 5))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(st.builds(Marks, st.booleans(), SUBJECTS, st.lists(FLOWS, max_size=2).map(tuple)))
def test_marks_are_written_and_read_back(tmp_path: Path, value: Marks) -> None:
    (tmp_path / "teal.png").write_bytes(b"not looked into here")
    clean = marks(value)
    assert read_story(story(tmp_path, as_toml(clean))).marks == clean


def test_a_story_marks_its_picture(studio: Studio, tmp_path: Path) -> None:
    picture(tmp_path, "teal", (1600, 1200))
    assert studio.from_story(story(tmp_path, MARKED)).project.marks == MARKS
    assert studio.from_story(story(tmp_path, "")).project.marks == NO_MARKS
    other = StoryChanges(picture(tmp_path, "olive", (1600, 1200)))
    session = studio.from_story(story(tmp_path, MARKED), changes=other)
    assert session.project.marks == Marks(beyond=True), "subject and flows are on the story's own picture"
    small = Studio(tmp_path / "small", FakeEngine(), (card(),))
    assert small.from_story(story(tmp_path, MARKED), changes=StoryChanges(any_size=True)).project.marks == NO_MARKS


@pytest.mark.parametrize(
    ("more", "model", "told"),
    [
        ("beyond = 1", None, "'beyond' must be true or false"),
        ("subject = 7", None, "'subject' is a table"),
        ("[subject]\ndepth = 2.0", None, "subject: 'strokes' is missing"),
        ("[subject]\nstrokes = [[0.1, 0.2]]", None, "must be a list of strokes"),
        ("[subject]\nstrokes = [[[0.1, 1.2]]]", None, "inside the picture"),
        ("[subject]\nstrokes = [[[0.1, 0.2]]]\ndepth = 7", None, "depth of the ground is a number from 1 to 5"),
        ("[subject]\nstrokes = [[[0.1, 0.2]]]\ndeep = 2", None, "'deep'"),
        ("flows = 3", None, "'flows' is a list of tables"),
        ('[[flows]]\nname = "water"', None, "flow 1: 'stroke' is missing"),
        ('[[flows]]\nname = "water"\nstroke = [[0, 0], [1, 1]]\nspeed = 2.0', None, "flow 1: The speed of a flow is a number from"),
        ('[[flows]]\nname = ""\nstroke = [[0, 0], [1, 1]]', None, "flow 1: A flow needs a name"),
        ('[[flows]]\nname = "water"\nstroke = [[0, 0]]', None, "flow 1: A flow needs a direction"),
        ("size = [320, 192]\nbeyond = true", None, "cannot follow in films of 320×192 pixels. Write size = [640, 384]"),
        ("beyond = true", "large", "cannot follow in films of 640×384 pixels. Leave them out."),
    ],
)
def test_wrong_marks_of_stories(studio: Studio, tmp_path: Path, more: str, model: str | None, told: str) -> None:
    picture(tmp_path, "teal", (1600, 1200))
    with pytest.raises(StoryError) as refused:
        studio.from_story(story(tmp_path, more), model)
    assert told in str(refused.value) and "story.toml" in str(refused.value)
    assert not studio.home.exists(), "nothing is written"
