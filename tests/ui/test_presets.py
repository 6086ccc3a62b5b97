"""The menu of presets: a model that can skip nothing is offered no quicker draft."""

from __future__ import annotations

from studio.project.preset import find_presets
from studio.ui.model_views import preset_choices
from tests.fake_engine import card

EMBEDDED, LARGE = card(), card("large", kind="framepack")


def names(chosen: str, *known: object) -> list[str]:
    return [preset["name"] for preset in preset_choices(find_presets(), chosen, *known)]  # type: ignore[arg-type]


def test_only_where_it_means_something() -> None:
    assert names("standard", LARGE) == ["draft", "calibrated", "quick", "standard", "fine"]
    assert names("standard", EMBEDDED) == names("standard", None) == ["draft", "standard", "fine"]
    assert "quick" in names("quick", EMBEDDED), "what is chosen is never missing from the menu"
