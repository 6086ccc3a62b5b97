"""LoRAs in the document: put on, weighed, taken off, undone; takes remember them and become stale; other formats keep them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from studio.project import edits, history, limits, take_requests
from studio.project.codec import parse_project, project_table
from studio.project.limits import EditError
from studio.project.model import Project, Segment
from studio.project.rules import FormatError
from studio.project.shelf import used_loras
from studio.project.sources import Lora
from studio.project.store import Store
from studio.project.story import StoryError, read_story
from tests.project.builders import film, rendered

INK, CLAY = Lora("ink.safetensors", "a" * 64, 0.8), Lora("clay.safetensors", "b" * 64)


def worn(project: Project, index: int = 0) -> tuple[Lora, ...]:
    return project.current().segments[index].loras


def test_put_on_weighed_and_taken_off() -> None:
    project = edits.set_lora(edits.set_lora(film("dawn", "noon"), 0, INK), 0, CLAY)
    assert worn(project) == (INK, CLAY) and worn(project, 1) == ()
    project = edits.set_lora(project, 0, replace(INK, strength=-1.257))
    assert [lora.strength for lora in worn(project)] == [-1.26, 1.0]
    project = edits.drop_lora(project, 0, INK.sha256)
    assert worn(project) == (CLAY,)
    with pytest.raises(EditError, match="not on the segment any more"):
        edits.drop_lora(project, 0, INK.sha256)
    with pytest.raises(EditError, match="no such segment"):
        edits.set_lora(project, 7, INK)
    with pytest.raises(EditError, match="8 LoRAs at most"):
        for k in range(9):
            project = edits.set_lora(project, 1, Lora(f"{k}", f"{k}" * 64))


def test_spread_over_all_segments_not_rendered() -> None:
    project = taken(edits.set_lora(film("dawn", "noon", "dusk"), 0, INK))
    project = edits.spread_lora(edits.set_lora(project, 1, replace(INK, strength=0.1)), 0, INK.sha256)
    assert [worn(project, k) for k in range(3)] == [(INK,)] * 3 and not edits.stale_takes(project)
    project = edits.spread_lora(edits.set_lora(project, 2, CLAY), 2, CLAY.sha256)
    assert [worn(project, k) for k in range(3)] == [(INK,), (INK, CLAY), (INK, CLAY)], "what is rendered stays"
    with pytest.raises(EditError, match="not on the segment any more"):
        edits.spread_lora(project, 0, CLAY.sha256)


@pytest.mark.parametrize("strength", [2.01, -3, float("nan"), float("inf"), "1", None, True])
def test_strengths_that_cannot_be(strength: Any) -> None:
    with pytest.raises(EditError, match="strength"):
        edits.set_lora(film("dawn"), 0, replace(INK, strength=strength))
    assert str(limits.strength(-0.001)) == "0.0"


def test_a_new_segment_has_those_of_the_one_before() -> None:
    project = edits.add_segment(edits.set_lora(film("dawn"), 0, INK))
    assert worn(project, 1) == (INK,)


def test_undo_and_redo() -> None:
    steps = history.UndoHistory(film("dawn"))
    steps = history.do(steps, edits.set_lora(steps.present, 0, INK))
    assert worn(history.undo(steps).present) == () and worn(history.redo(history.undo(steps)).present) == (INK,)


def taken(project: Project) -> Project:
    return edits.add_take(project, rendered(project, project.current().segments[0], None))


def test_a_take_is_stale_when_its_loras_are_not_the_segments() -> None:
    project = taken(edits.set_lora(edits.set_lora(film("dawn"), 0, INK), 0, CLAY))
    assert not edits.stale_takes(project)
    assert edits.stale_takes(edits.drop_lora(project, 0, INK.sha256)) == {project.head}
    assert edits.stale_takes(edits.set_lora(project, 0, replace(INK, strength=0.7)))
    turned = edits.set_lora(edits.drop_lora(project, 0, INK.sha256), 0, replace(INK, name="other.safetensors"))
    assert not edits.stale_takes(turned), "neither order nor name changes the film"
    plain = taken(film("dawn"))
    assert not edits.stale_takes(edits.set_lora(plain, 0, replace(INK, strength=0.0))), "none of it"
    assert edits.stale_takes(edits.set_lora(plain, 0, INK))


def test_what_is_rendered_next_wears_what_is_written_now() -> None:
    project = edits.set_lora(film("dawn"), 0, INK)
    ask = take_requests.next_request(project)
    assert ask.take.segment.loras == (INK,)
    project = edits.set_lora(project, 0, CLAY)
    assert take_requests.refresh(project, ask, project.branch).take.segment.loras == (INK, CLAY)
    made = taken(project)
    assert edits.find_same_take(made, project.current().segments[0], None)
    assert not edits.find_same_take(made, replace(project.current().segments[0], loras=()), None)


def test_documents_keep_them_and_those_without_are_as_before() -> None:
    project = taken(edits.set_lora(film("dawn"), 0, INK))
    table = json.loads(json.dumps(project_table(project)))
    assert parse_project(table) == project
    assert table["takes"][0]["segment"]["loras"] == [{"name": "ink.safetensors", "sha256": "a" * 64, "strength": 0.8}]
    assert "loras" not in json.dumps(project_table(film("dawn")))


def test_a_newer_formats_fields_survive_and_an_older_studio_keeps_ours() -> None:
    table = project_table(edits.set_lora(film("dawn"), 0, INK))
    table["branches"][0]["segments"][0]["loras"][0]["blocks"] = "all"
    assert project_table(parse_project(table))["branches"][0]["segments"][0]["loras"][0]["blocks"] == "all"
    older = Segment("a", unknown={"loras": [{"name": "x"}]})      # what a studio without LoRAs reads it as, and writes again
    assert older == Segment("a")


@pytest.mark.parametrize("loras", [
    7, ["ink"], [{"name": "x", "sha256": "../../etc", "strength": 1.0}], [{"name": "x", "sha256": "a" * 64}],
    [{"sha256": "a" * 64, "strength": 1.0}], [{"name": "x", "sha256": "a" * 64, "strength": "1"}],
])
def test_damaged_ones_are_told(loras: object) -> None:
    table = project_table(film("dawn"))
    table["branches"][0]["segments"][0]["loras"] = loras
    with pytest.raises(FormatError):
        parse_project(table)


def test_those_in_use_are_found(tmp_path: Path) -> None:
    store = Store(tmp_path / "one")
    store.create(taken(edits.set_lora(film("dawn"), 0, INK)))
    store.save(edits.set_lora(film("dawn"), 0, CLAY))
    store.close()
    assert {INK.sha256, CLAY.sha256} <= used_loras(tmp_path), "the document before counts too"
    assert used_loras(tmp_path / "nowhere") == frozenset()


def story(folder: Path, loras: str) -> Path:
    (folder / "sea.png").write_bytes(b"not looked into here")
    (folder / "ink.safetensors").write_bytes(b"nor here")
    path = folder / "story.toml"
    path.write_text(f'image = "sea.png"\n[[segment]]\nprompt = "a"\nloras = {loras}\n[[segment]]\n', "utf-8")
    return path


def test_stories_name_them_beside_themselves(tmp_path: Path) -> None:
    told = read_story(story(tmp_path, '[{file = "ink.safetensors", strength = 0.8}, {file = "ink.safetensors"}]'))
    assert told.segments[0].loras == ((tmp_path / "ink.safetensors", 0.8), (tmp_path / "ink.safetensors", 1.0))
    assert told.segments[1].loras == ()


@pytest.mark.parametrize(("loras", "said"), [
    ('"ink.safetensors"', r"segment 1: 'loras' is a list, such as \[\{file = \"ink.safetensors\""),
    ("[1]", "segment 1: 'loras' is a list"),
    ("[{}]", "segment 1: 'loras': 'file' is missing"),
    ('[{file = "none.safetensors"}]', r"segment 1: 'loras': there is no file .*none\.safetensors\. Put the LoRA there"),
    ('[{file = "ink.safetensors", strength = 3}]', "segment 1: 'loras': 'strength': A LoRA's strength is a number from -2 to 2"),
    ('[{file = "ink.safetensors", weight = 1}]', "segment 1: 'loras': unknown key 'weight'. Known ones: file, strength"),
    ("[" + '{file = "ink.safetensors"},' * 9 + "]", "segment 1: 9 LoRAs; 8 are the most"),
])
def test_what_is_wrong_in_a_story_is_named(tmp_path: Path, loras: str, said: str) -> None:
    with pytest.raises(StoryError, match=said):
        read_story(story(tmp_path, loras))
