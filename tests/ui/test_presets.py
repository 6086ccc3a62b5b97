"""The menu of presets, and the sheet of one's own: a model that can skip nothing is offered no quicker draft."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from studio.project.model import RenderSettings
from studio.project.preset import find_presets
from studio.project.preset_shelf import PresetShelf
from studio.ui.model_views import preset_choices, settings_view
from tests.fake_engine import card

EMBEDDED, LARGE = card(), card("large", kind="framepack")


def names(chosen: str, *known: object) -> list[str]:
    return [preset["name"] for preset in preset_choices(find_presets(), chosen, *known)]  # type: ignore[arg-type]


def test_only_where_it_means_something() -> None:
    assert names("standard", LARGE) == ["draft", "calibrated", "quick", "standard", "fine"]
    assert names("standard", EMBEDDED) == names("standard", None) == ["draft", "standard", "fine"]
    assert "quick" in names("quick", EMBEDDED), "what is chosen is never missing from the menu"


def test_the_sheet_asks_for_what_the_model_has(tmp_path: Path) -> None:
    shelf = PresetShelf(tmp_path)
    asked = [settings_view(RenderSettings(), shelf, known) for known in (EMBEDDED, replace(LARGE, guidance=10.0), None)]
    assert [(view["guided"], view["rules"]) for view in asked] == [
        (False, []), (True, ["first-block", "magnitude"]), (True, [])]
