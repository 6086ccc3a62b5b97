"""A segment's blend: refused or rounded, stored, part of what a take was asked for, and kept in seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.project import edits
from studio.project.codec import parse_project, project_table
from studio.project.limits import EditError
from studio.project.model import Clock, RenderSettings
from studio.project.rules import FormatError
from studio.project.story import StoryError, read_story, to_project
from tests.project.builders import film, generated


def test_it_is_rounded_or_refused_and_stored() -> None:
    project = edits.edit_segment(film("a", "b"), 1, blend=24.4)
    assert [s.blend for s in project.current().segments] == [0, 24]
    assert parse_project(project_table(project)) == project
    first, second = project_table(project)["branches"][0]["segments"]
    assert "blend" not in first and second["blend"] == 24, "a segment without a blend is written as before"
    for wrong in (-1, 1441, float("nan"), True, "12"):
        with pytest.raises(EditError, match="A blend is"):
            edits.edit_segment(project, 1, blend=wrong)  # type: ignore[arg-type]
    table = project_table(project)
    table["branches"][0]["segments"][1]["blend"] = -3
    with pytest.raises(FormatError, match="'blend'"):
        parse_project(table)


def test_a_take_becomes_stale_unless_it_is_the_first() -> None:
    project = generated(film("a", "b"), 2)
    first, second = project.film()
    assert edits.stale_takes(edits.edit_segment(project, 1, blend=12)) == {second.id}
    assert not edits.stale_takes(edits.edit_segment(project, 0, blend=12)), "there is nothing before it"
    again = generated(edits.rewind(edits.edit_segment(project, 1, blend=12), first.id))
    assert again.film()[-1].segment.blend == 12 and not edits.stale_takes(again)


def test_another_model_keeps_its_seconds() -> None:
    project = edits.edit_segment(film("a", "b"), 1, blend=24)
    assert edits.set_model(project, "other", Clock(30, 36), (320, 192)).current().segments[1].blend == 60


def test_in_a_story(tmp_path: Path) -> None:
    (tmp_path / "sea.png").write_bytes(b"not looked into here")
    path = tmp_path / "story.toml"

    def segments(blend: str) -> list[int]:
        path.write_text(f'image = "sea.png"\n[[segment]]\n[[segment]]\nblend = {blend}\n')
        project = to_project(read_story(path), "a-model", (320, 192), Clock(12, 36), RenderSettings())
        return [segment.blend for segment in project.current().segments]

    assert segments("18") == [0, 18]
    with pytest.raises(StoryError, match="segment 2: 'blend' must be a number of frames"):
        segments("-1")
    with pytest.raises(StoryError, match="segment 2: A blend is counted in frames, from 0"):
        segments("2000")
