"""What a segment takes over from a take."""

from __future__ import annotations

from dataclasses import replace

import pytest

from studio.project import edits
from studio.project.choices import drop_takes
from studio.project.limits import EditError
from studio.project.lora_edits import set_lora
from studio.project.model import Project, RenderSettings
from studio.project.reuse import Part, take_over
from studio.project.sources import Lora, Video
from tests.project.builders import film, generated

LORA = Lora("ink.safetensors", "a" * 64, 0.5)


def made() -> tuple[Project, str]:
    """A film whose first take was made with everything; the second segment is not rendered."""
    project = edits.edit_segment(film("the sea", "the land"), 0, frames=72, seed=7)
    project = set_lora(project, 0, LORA)
    project = edits.set_settings(project, RenderSettings("fine", 16, 2.0))
    project = generated(project)
    return edits.set_settings(project, RenderSettings("draft", 4, 1.0)), project.path()[0].id


@pytest.mark.parametrize("part", ["all", "prompt", "seed", "remix"])
def test_a_part_of_a_take(part: Part) -> None:
    project, take = made()
    before = project.current().segments[1]
    after = take_over(project, 1, take, part)
    segment = after.current().segments[1]
    whole = part in ("all", "remix")
    assert segment.id == before.id and segment.shot == before.shot
    assert (segment.prompt == "the sea") == (part != "seed")
    assert (segment.seed == 7) == (part in ("all", "seed"))
    assert (segment.loras, segment.frames) == (((LORA,), 72) if whole else (before.loras, before.frames))
    assert after.settings.steps == (16 if whole else 4)
    if part == "remix":
        assert segment.seed not in (7, before.seed)


def test_settings_of_another_model_stay() -> None:
    project, take = made()
    assert take_over(replace(project, model="other"), 1, take, "all").settings.steps == 4


def test_what_cannot_be_taken_over_is_said() -> None:
    project, take = made()
    with pytest.raises(EditError, match="not in the film"):
        take_over(project, 1, "nothing", "all")
    with pytest.raises(EditError, match="video"):
        video = replace(project.takes[take], segment=replace(project.takes[take].segment, video=Video("media/x", "", 1.0)))
        take_over(replace(project, takes={take: video}), 1, take, "prompt")
    with pytest.raises(EditError, match="trash"):
        take_over(drop_takes(project, [take]), 0, take, "all")
