"""The frame: inside the picture and in the film's shape whatever is asked, undoable, and part of what a take is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from studio.project import edits, history, limits
from studio.project.codec import parse_project, project_table
from studio.project.edits import EditError
from studio.project.frames import Size, camera_room, default_frame, fit_frame, least_width, whole_frame
from studio.project.history import UndoHistory
from studio.project.model import Frame, Project
from studio.project.rules import FormatError
from studio.project.sources import Reference
from studio.project.take_requests import finish, next_request
from tests.project.builders import film, generated, rendered

SIDES = st.integers(16, 4096)
PICTURES = st.tuples(SIDES, SIDES)
FILMS = st.sampled_from([(320, 192), (192, 320), (256, 256), (640, 384), (384, 640), (1280, 768), (768, 768)])
SHARES = st.floats(0, 1)
LARGE = Reference("media/0123456789abcdef.png", "0123456789abcdef" * 4, 1600, 1200, "sea.png")
WORDS = st.lists(st.text("abc pan left right up down zoom out slowly", max_size=40), max_size=5)


def shape(frame: Frame, picture: Size) -> float:
    return frame[2] * picture[0] / (frame[3] * picture[1])


def middle(frame: Frame) -> tuple[float, float]:
    return frame[0] + frame[2] / 2, frame[1] + frame[3] / 2


def area(frame: Frame) -> float:
    return frame[2] * frame[3]


def check(frame: Frame, picture: Size, size: Size) -> None:
    """The frame is one that a document holds: inside, in the film's shape, not too small, and stays as it is."""
    assert limits.frame(frame) == frame
    assert frame[0] + frame[2] <= 1 + limits.EDGE and frame[1] + frame[3] <= 1 + limits.EDGE
    assert shape(frame, picture) == pytest.approx(size[0] / size[1], rel=0.005)
    assert frame[2] >= least_width(picture, size) - limits.EDGE
    assert fit_frame(frame, picture, size) == frame


@given(x=SHARES, y=SHARES, width=st.floats(0.001, 1), height=st.floats(0.001, 1), picture=PICTURES, size=FILMS)
def test_any_frame_gets_the_films_shape(x: float, y: float, width: float, height: float, picture: Size, size: Size) -> None:
    assume(x + width <= 1 and y + height <= 1)
    check(fit_frame((x, y, width, height), picture, size), picture, size)


@given(picture=PICTURES, size=FILMS, prompts=WORDS)
def test_the_default_and_the_whole_are_frames_too(picture: Size, size: Size, prompts: list[str]) -> None:
    check(whole_frame(picture, size), picture, size)
    frame = default_frame(picture, size, prompts)
    check(frame, picture, size)
    whole = whole_frame(picture, size)
    assert frame[2] < whole[2] and frame[0] > 0 < frame[1] and frame[0] + frame[2] < 1 > frame[1] + frame[3], "room on all sides"


def test_a_frame_keeps_its_middle_and_its_area_in_another_shape() -> None:
    picture = (1600, 1200)
    wide = fit_frame((0.3, 0.3, 0.4, 0.32), picture, (640, 384))
    assert wide == (0.3, 0.3, 0.4, 0.32), "the same shape: nothing changes"
    upright = fit_frame(wide, picture, (384, 640))
    assert middle(upright) == pytest.approx(middle(wide), abs=1e-5) and area(upright) == pytest.approx(area(wide), rel=1e-4)
    assert fit_frame(upright, picture, (640, 384)) == pytest.approx(wide, abs=1e-5), "and back again"
    corner = fit_frame((0.6, 0.68, 0.4, 0.32), picture, (384, 640))
    assert corner[1] + corner[3] == pytest.approx(1) and area(corner) == pytest.approx(area(wide), rel=1e-4), "moved to fit"
    large = fit_frame((0, 0, 1, 0.8), picture, (384, 640))
    assert (large[1], large[3]) == (0, 1), "smaller, where the picture is not high enough"


@pytest.mark.parametrize(
    ("prompts", "larger", "smaller"),
    [
        (["the camera pans left"], 0, 1), (["The camera pans to the right, warm light"], 1, 0), (["tilt up"], 2, 3),
        (["the camera sinks slowly"], 3, 2), (["hold", "pan right", "pan left"], 1, 0), (["look down", "the sun rises"], 3, 2),
    ],
)  # fmt: skip
def test_there_is_more_room_where_the_camera_goes(prompts: list[str], larger: int, smaller: int) -> None:
    x, y, width, height = default_frame((1600, 1200), (640, 384), prompts)
    room = x, 1 - x - width, y, 1 - y - height
    assert room[larger] > 1.5 * room[smaller] > 0.02


def test_moves_are_added_up() -> None:
    assert camera_room([]) == (0, 0, 0, 0, 0)
    assert camera_room(["pan right", "pan right slowly", "pan left", "pan left", "pan left"]) == (1.5, 1.5, 0, 0, 0)
    assert camera_room(["zoom in", "zoom out", "The camera pulls back slowly"])[4] == 0.5
    assert camera_room(["A boat on the right", "night falls, the sun goes down"]) == (0, 0, 0, 0, 0), "these move no camera"
    still, back = (default_frame((1600, 1200), (640, 384), [prompt]) for prompt in ("static shot", "the camera zooms out"))
    assert back[2] < still[2] and middle(back) == pytest.approx(middle(still))


def test_a_panorama_stays_a_panorama() -> None:
    frame = default_frame((4096, 768), (640, 384), ["pan right"])
    assert 0.9 < frame[3] < 1 and frame[2] < 0.35 and frame[0] < 0.25
    tall = default_frame((600, 3000), (640, 384), ["tilt down"])
    assert 0.9 < tall[2] < 1 and tall[1] < 0.25
    small = default_frame((700, 420), (640, 384), [])
    assert small[2] == 0.9, "few pixels: most of them are shown"


def test_a_frame_can_be_set_undone_and_stored() -> None:
    steps = UndoHistory(edits.set_reference(film("a"), LARGE))
    steps = history.do(steps, edits.set_frame(steps.present, (0.2, 0.2, 0.5, 0.4)))
    assert steps.present.frame == (0.2, 0.2, 0.5, 0.4)
    assert history.undo(steps).present.frame is None and history.redo(history.undo(steps)) == steps
    table = project_table(steps.present) | {"lens": 35}
    project = parse_project(table)
    assert project == steps.present and project_table(project) == table, "with the fields of a newer format"
    assert "frame" not in project_table(history.undo(steps).present), "a project without a frame is written as before"


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        ((0, 0, 1), "four numbers"), ("0011", "four numbers"), ((0.5, 0.5, 0.6, 0.2), "inside"), ((-0.1, 0, 0.5, 0.5), "inside"),
        ((0, 0, 0, 0.5), "inside"), ((0, 0, -1, -1), "inside the picture"),
        ((float("nan"), 0, 0.5, 0.5), "a number"), ((0, 0, float("inf"), 0.5), "a number"), ((True, 0, 0.5, 0.5), "a number"),
        (("0", 0, 0.5, 0.5), "is a number"), ((0, 0, 0.01, 0.01), r"16×12 pixels of the picture, and at least 32×20"),
    ],
)  # fmt: skip
def test_wrong_frames_are_refused(frame: Frame, told: str) -> None:
    project = edits.set_reference(film("a"), LARGE)
    with pytest.raises(EditError, match=told):
        edits.set_frame(project, frame)
    with pytest.raises(EditError, match="Choose a reference image first"):
        edits.set_frame(edits.set_reference(project, None), (0, 0, 0.5, 0.5))


@pytest.mark.parametrize("frame", [[0, 0, 1], {"x": 0}, "all", 7, [0, 0, 2, 1], [None] * 4, [0, 0, 0, 0], [1e400, 0, 1, 1]])
def test_documents_with_a_wrong_frame_are_not_read(frame: object) -> None:
    table = project_table(generated(film("a")))
    with pytest.raises(FormatError, match="project: 'frame'"):
        parse_project(table | {"frame": frame})
    take = {**table["takes"][0], "frame": frame}
    with pytest.raises(FormatError, match="take: 'frame'"):
        parse_project(table | {"takes": [take]})


def test_the_largest_frame_in_the_middle_is_none() -> None:
    project = edits.set_reference(film("a"), LARGE)
    assert edits.set_frame(project, whole_frame((1600, 1200), project.size)) == project
    assert edits.set_frame(edits.set_frame(project, (0, 0, 0.5, 0.4)), (0, 0, 1, 1)) == project
    assert edits.set_frame(edits.set_frame(project, (0, 0, 0.5, 0.4)), None) == project


def test_the_frame_follows_size_model_and_picture() -> None:
    project = edits.set_frame(edits.set_reference(film("a"), LARGE), (0.2, 0.2, 0.5, 0.4))
    for other in (edits.set_size(project, (192, 320)), edits.set_model(project, "other", project.clock, (192, 320))):
        assert other.frame and shape(other.frame, (1600, 1200)) == pytest.approx(0.6, rel=0.001)
    assert edits.set_size(project, (640, 384)).frame == project.frame
    assert edits.set_reference(project, LARGE).frame is None, "another picture begins anew"
    assert edits.set_reference(project, LARGE, (0, 0, 0.5, 0.4)).frame == (0, 0, 0.5, 0.4)
    assert edits.set_reference(project, None).frame is None


def framed() -> Project:
    project = edits.set_frame(edits.set_reference(film("a", "b"), LARGE), (0.2, 0.2, 0.5, 0.4))
    for _ in range(2):
        index, parent = edits.next_segment(project)
        segment = project.current().segments[index]
        project = edits.add_take(project, rendered(project, segment, parent, frame=project.frame))
    return project


def test_takes_of_another_frame_are_stale() -> None:
    project = framed()
    assert not edits.stale_takes(project)
    moved = edits.set_frame(project, (0.3, 0.2, 0.5, 0.4))
    assert edits.stale_takes(moved) == {take.id for take in project.path()}
    assert not edits.stale_takes(edits.set_frame(moved, project.frame))
    with pytest.raises(EditError, match="another part of the picture"):
        edits.next_segment(edits.add_segment(moved))
    anew = next_request(edits.rewind(moved, None))
    assert anew.take.frame == moved.frame and not anew.new_seed
    repeat = next_request(edits.rewind(project, None))
    assert repeat.take.frame == project.frame and repeat.new_seed


def test_a_partial_take_is_finished_in_its_own_frame() -> None:
    project = edits.edit_segment(edits.set_reference(film("a"), LARGE), 0, frames=108)
    project = edits.set_frame(project, (0.2, 0.2, 0.5, 0.4))
    part = rendered(project, project.current().segments[0], None, sections=1, frames=36, state="partial", frame=project.frame)
    project = edits.set_frame(edits.add_take(project, part), (0, 0, 0.5, 0.4))
    assert finish(project, part.id).take.frame == (0.2, 0.2, 0.5, 0.4)
    assert edits.unfinished_take(project) is None, "Generate next begins anew with the new frame"
    assert replace(part, frame=None) != part
