"""What an artist writes: segments, lengths, prompts, seeds, sizes."""

from __future__ import annotations

import math

import pytest

from studio.project import edits
from studio.project.edits import EditError
from studio.project.limits import PROMPT_LENGTH
from studio.project.model import Clock, RenderSettings
from tests.project.builders import film, generated, prompts


def test_a_new_project_has_one_segment_to_write_in() -> None:
    project = edits.new("Sea", "a-model", (64, 32), Clock(24, 33), RenderSettings("fine", 16, 2.0))
    assert [s.frames for s in project.current().segments] == [33]
    assert (project.head, project.film(), project.settings.steps) == (None, (), 16)


def test_segments_are_added_moved_and_removed() -> None:
    project = film("a", "b", "c")
    assert prompts(edits.add_segment(project, 1, "x")) == ["a", "x", "b", "c"]
    assert prompts(edits.move_segment(project, 0, 2)) == ["b", "c", "a"]
    assert prompts(edits.move_segment(project, 2, 0)) == ["c", "a", "b"]
    assert prompts(edits.remove_segment(project, 1)) == ["a", "c"]


def test_a_new_segment_is_as_long_as_the_one_before() -> None:
    project = edits.add_segment(film("a"), frames=108)
    assert edits.add_segment(project).current().segments[-1].frames == 108


def test_rendered_segments_stay_where_they_are() -> None:
    project = generated(film("a", "b", "c"))
    for verb in (
        lambda: edits.remove_segment(project, 0),
        lambda: edits.move_segment(project, 0, 1),
        lambda: edits.move_segment(project, 2, 0),
        lambda: edits.add_segment(project, 0),
    ):
        with pytest.raises(EditError, match="Rewind"):
            verb()
    assert prompts(edits.move_segment(project, 2, 1)) == ["a", "c", "b"]


@pytest.mark.parametrize("index", [-1, 3, 1.0, "1", None, True])
def test_segments_that_are_not_there(index: int) -> None:
    project = film("a", "b", "c")
    with pytest.raises(EditError, match="no such segment"):
        edits.edit_segment(project, index, prompt="x")
    with pytest.raises(EditError, match="no such segment"):
        edits.remove_segment(project, index)


@pytest.mark.parametrize("frames", [0, -1, -0.5, math.nan, math.inf, -math.inf, 10**400, 40 * 36 + 1, "36", None, True])
def test_lengths_that_cannot_be(frames: object) -> None:
    project = film("a")
    with pytest.raises(EditError):
        edits.edit_segment(project, 0, frames=frames)


@pytest.mark.parametrize(("frames", "kept"), [(1, 36), (35.9, 36), (36, 36), (50.4, 50), (40 * 36, 40 * 36)])
def test_lengths_that_can_be(frames: float, kept: int) -> None:
    assert edits.edit_segment(film("a"), 0, frames=frames).current().segments[0].frames == kept


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, math.nan, "7", False])
def test_seeds_that_cannot_be(seed: object) -> None:
    with pytest.raises(EditError):
        edits.edit_segment(film("a"), 0, seed=seed)


def test_seeds_are_whole_32_bit_numbers_and_random_when_asked() -> None:
    project = edits.edit_segment(film("a"), 0, seed=2**32 - 1)
    assert project.current().segments[0].seed == 2**32 - 1
    dice = {edits.edit_segment(project, 0, seed=None).current().segments[0].seed for _ in range(4)}
    assert len(dice) > 1 and all(0 <= seed < 2**32 for seed in dice)


def test_prompts_lose_control_characters_and_keep_line_breaks() -> None:
    project = edits.edit_segment(film("a"), 0, prompt="\x00 one\r\ntwo\tthree \x1b[31m\ud800 👩‍🚀 \x7f")
    assert project.current().segments[0].prompt == "one\ntwo three [31m 👩‍🚀"


def test_long_prompts_are_refused_not_cut() -> None:
    project = film("a")
    assert edits.edit_segment(project, 0, prompt="x" * PROMPT_LENGTH)
    with pytest.raises(EditError, match="2,001 characters"):
        edits.edit_segment(project, 0, prompt="x" * (PROMPT_LENGTH + 1))


def test_a_segment_has_no_other_fields() -> None:
    with pytest.raises(EditError, match="'id'"):
        edits.edit_segment(film("a"), 0, id="x")


def test_names() -> None:
    project = film("a")
    assert edits.rename(project, "  The \n lighthouse ").name == "The lighthouse"
    for name in ("", " \n", "x" * 121, 7):
        with pytest.raises(EditError):
            edits.rename(project, name)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [(0, 64), (64, -2), (65, 64), (64, 10**6), (64,), "64x64", (math.nan, 64), (64.5, 64)])
def test_sizes_that_cannot_be(size: tuple[int, int]) -> None:
    with pytest.raises(EditError):
        edits.set_size(film("a"), size)


@pytest.mark.parametrize(
    "settings",
    [RenderSettings(steps=0), RenderSettings(steps=10**9), RenderSettings(guidance=math.nan), RenderSettings(cache=2)])
def test_settings_that_cannot_be(settings: RenderSettings) -> None:
    with pytest.raises(EditError):
        edits.set_settings(film("a"), settings)


def test_another_model_keeps_the_seconds() -> None:
    project = edits.edit_segment(film("a", "b"), 0, frames=72)       # 6 s at 12 frames per second
    longest = edits.edit_segment(project, 1, frames=40 * 36)         # 120 s
    other = edits.set_model(longest, "another", Clock(30, 36), (608, 640))
    assert other.current().segments[0].frames == 180
    assert other.current().segments[1].frames == 40 * 36             # more than 40 of its sections: cut
    assert (other.model, other.size, other.clock.fps) == ("another", (608, 640), 30)


def test_a_branch_does_not_grow_without_end() -> None:
    project = film()
    for _ in range(400):
        project = edits.add_segment(project)
    with pytest.raises(EditError, match="400 segments"):
        edits.add_segment(project)
