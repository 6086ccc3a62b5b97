"""The sound of a film and its markers in the document: placed, kept, and segments that end at markers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.project import edits
from studio.project.codec import parse_project, project_table
from studio.project.limits import EditError
from studio.project.model import Clock, Project
from studio.project.rules import FormatError
from studio.project.sound_edits import add_marker, clear_markers, find_fit, fit_to_markers, place_sound, remove_marker, set_sound
from studio.project.sound_limits import MARKERS, known_markers
from studio.project.sources import Sound
from tests.project.builders import film, generated

SOUND = Sound(f"media/{'a' * 16}.m4a", "a" * 64, 12.5, "Walking.mp3")


def planned(*sections: int) -> Project:
    """A film of nothing but planned segments, with sections of three seconds."""
    project = replace(edits.new("Film"), clock=Clock(fps=4, section_frames=12))
    for index, count in enumerate(sections):
        if index:
            project = edits.add_segment(project)
        project = edits.edit_segment(project, index, frames=12 * count)
    return project


def test_a_sound_is_placed_and_kept() -> None:
    project = planned(1)
    assert "sound" not in project_table(project) and "markers" not in project_table(project), "documents are written as before"
    placed = place_sound(set_sound(project, SOUND), -1.23456, 3.14)
    assert placed.sound == replace(SOUND, offset=-1.235, gain=3.1)
    assert parse_project(project_table(placed)) == placed
    other = replace(SOUND, file=f"media/{'b' * 16}.m4a", sha256="b" * 64, name="Other.mp3")
    assert set_sound(placed, other).sound == replace(other, offset=-1.235, gain=3.1), "it begins where the one before began"
    assert set_sound(placed, None) == project
    with pytest.raises(EditError, match="no sound to place"):
        place_sound(project, 0, 0)
    for offset, gain in ((1e9, 0), (0, 13), (float("nan"), 0), ("1", 0), (True, 0)):
        with pytest.raises(EditError):
            place_sound(placed, offset, gain)


@pytest.mark.parametrize(
    "field", [{"file": "../../etc/passwd"}, {"file": "media/x.m4a"}, {"seconds": 0}, {"gain": 99}, {"offset": None}])
def test_a_sound_of_nonsense_is_refused(field: dict[str, object]) -> None:
    table = project_table(set_sound(planned(1), SOUND))
    table["sound"].update(field)
    with pytest.raises(FormatError):
        parse_project(table)


def test_what_a_newer_studio_wrote_of_a_sound_is_kept() -> None:
    table = project_table(set_sound(planned(1), SOUND))
    table["sound"]["fade"] = 2
    assert project_table(parse_project(table))["sound"]["fade"] == 2


def test_markers_are_in_order_and_apart() -> None:
    project = add_marker(add_marker(planned(1), 4.0), 1.5004)
    assert project.markers == (1.5, 4.0) and parse_project(project_table(project)) == project
    with pytest.raises(EditError, match="already"):
        add_marker(project, 1.52)
    with pytest.raises(EditError, match="beginning"):
        add_marker(project, 0)
    assert remove_marker(project, 1.53).markers == (4.0,)
    with pytest.raises(EditError, match="not there any more"):
        remove_marker(project, 2.0)
    assert not clear_markers(project).markers
    full = replace(project, markers=tuple(float(n) for n in range(1, MARKERS + 1)))
    with pytest.raises(EditError, match=f"{MARKERS} markers at most"):
        add_marker(full, 0.5)


def test_markers_that_are_none_are_left_out() -> None:
    table = project_table(planned(1))
    table["markers"] = [3, "4", None, True, -1, 1e400, 2.0, 2.01]
    assert parse_project(table).markers == (2.0, 3.0)


def test_segments_end_at_markers() -> None:
    project = replace(planned(1, 1, 1, 1), markers=(6.2, 8.0, 15.0))
    fit = find_fit(project)
    assert fit.fitted == 3 and fit.off == pytest.approx(1.0)          # 6, 9, 15: the second misses its marker by a second
    fitted = fit_to_markers(project)
    assert [s.frames for s in fitted.current().segments] == [24, 12, 24, 12], "the one behind the last marker keeps its length"
    assert fit_to_markers(fitted) == fitted


def test_what_cannot_be_fitted_says_why() -> None:
    with pytest.raises(EditError, match="press M"):
        fit_to_markers(planned(1))
    done = generated(film("a", "b"), 2)
    behind = sum(done.clock.seconds(take.frames) for take in done.path())
    with pytest.raises(EditError, match="No marker lies behind"):
        fit_to_markers(replace(edits.add_segment(done), markers=(behind,)))


@given(st.lists(st.floats(0.06, 200), max_size=30), st.lists(st.integers(1, 6), min_size=1, max_size=8))
def test_a_fit_is_never_farther_off_than_half_a_section(markers: list[float], sections: list[int]) -> None:
    project = replace(planned(*sections), markers=known_markers(markers))
    fit = find_fit(project)
    assert fit.off <= 1.5 + 1e-9 or max(fit.lengths) == 40 * 12
    if fit.fitted:
        assert parse_project(project_table(fit_to_markers(project))) == fit_to_markers(project)
