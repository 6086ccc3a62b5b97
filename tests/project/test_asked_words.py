"""Words by which a take is asked for another look than the take before it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from studio.project.asked_words import asked_looks, asked_zooms
from tests.project.builders import film, generated


@pytest.mark.parametrize(("before", "now", "looks", "zooms"), [
    ("a lighthouse", "Night falls, fog rolls in", ("fog", "night"), ()),
    ("a lighthouse at night", "the camera pans at night", (), ()),
    ("a lighthouse at night", "the camera pans", (), ()),
    ("a", "the camera zooms in on the lantern", ("lantern",), ("zooms",)),
    ("a", "a knight in armour delights the crowd", (), ()),
    ("a", "", (), ()),
])
def test_new_words_alone_count(before: str, now: str, looks: tuple[str, ...], zooms: tuple[str, ...]) -> None:
    project = generated(film(before, now), 2)
    first, second = project.path()
    assert (asked_looks(project, second), asked_zooms(project, second)) == (looks, zooms)
    assert asked_looks(project, replace(first, style="Moonlit")) == tuple(sorted({*asked_looks(project, first), "moonlit"}))


def test_a_new_style_and_words_of_wildcards_count() -> None:
    project = generated(film("a", "b"), 2)
    second = project.path()[1]
    assert asked_looks(project, replace(second, style="heavy rain")) == ("rain",)
    assert asked_looks(project, replace(second, words="snow begins to fall")) == ("snow",)
