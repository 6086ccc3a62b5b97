"""Presets: the ones that ship, and what is said about wrong ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.project.model import RenderSettings
from studio.project.preset import PresetError, find_presets, read_preset

GOOD = 'title = "Quick"\ndescription = "For trying."\nsteps = 4\n'


def test_the_presets_that_ship_go_from_quick_to_fine() -> None:
    presets = find_presets()
    assert [(p.name, p.steps) for p in presets] == [("draft", 4), ("calibrated", 8), ("quick", 8), ("standard", 8), ("fine", 16)]
    assert all(p.title and len(p.description) > 20 for p in presets)


def test_guidance_is_the_models_own_unless_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD)
    assert read_preset(path).settings(8, 10.0) == RenderSettings("mine", 4, 10.0)
    path.write_text(GOOD + "guidance = 2\n")
    assert read_preset(path).settings(8, 10.0) == RenderSettings("mine", 4, 2.0)


def test_a_model_that_wants_more_steps_gets_them_in_proportion() -> None:
    assert [preset.settings(25, 10.0).steps for preset in find_presets()] == [12, 25, 25, 25, 50]


def test_only_a_model_that_can_skip_blocks_is_asked_to(tmp_path: Path) -> None:
    calibrated, quick = (preset for preset in find_presets() if preset.cache)
    assert quick.settings(25, 10.0, ["first-block"]) == RenderSettings("quick", 25, 10.0, 0.06)
    assert calibrated.settings(25, 10.0, ["magnitude"]) == RenderSettings("calibrated", 25, 10.0, 0.06, "magnitude")
    assert quick.settings(25, 10.0, ["magnitude"]) == RenderSettings("quick", 25, 10.0), "Helios knows one rule of the two"
    assert not quick.fits(["magnitude"]) and calibrated.fits(["magnitude"]) and not calibrated.fits([])
    assert quick.settings(8, 1.0) == RenderSettings("quick", 8, 1.0), "the embedded one's takes are Standard's"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (GOOD + "stepz = 9", "unknown key 'stepz'"),
        (GOOD.replace("title", "titel"), "unknown key 'titel'"),
        (GOOD.replace('"Quick"', "7"), "'title'"),
        (GOOD.replace('"For trying."', '" "'), "'description'"),
        (GOOD.replace("steps = 4", ""), "steps"),
        (GOOD.replace("steps = 4", "steps = 0"), "steps"),
        (GOOD.replace("steps = 4", "steps = 201"), "steps"),
        (GOOD + "guidance = nan", "Guidance"),
        (GOOD + "cache = 1.5", "step cache is a number from 0 to 1"),
        (GOOD + 'cache = "mag"', "step cache is a number"),
        ("steps = ", "cannot be read"),
    ],
)
def test_wrong_presets_are_told_by_file_and_key(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(PresetError, match=told) as error:
        read_preset(path)
    assert str(path) in str(error.value)
