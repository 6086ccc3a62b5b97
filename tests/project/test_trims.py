"""What the film shows of its takes: edits, how many frames that is, and the document."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.project.codec import parse_project, project_table
from studio.project.limits import EditError
from studio.project.model import Project, Trim
from studio.project.rules import FormatError
from studio.project.trash import forget_takes, heirs
from studio.project.trim_tables import LOOPS, MOST_TIMES
from studio.project.trims import film_frames, part, passes, set_trim, shown_frames
from tests.project.builders import film, generated


@pytest.fixture
def project() -> Project:
    """Two takes, of 36 frames each."""
    return generated(film("one", "two"), 2)


def test_a_part_of_a_take(project: Project) -> None:
    take = project.film()[1]
    trimmed = set_trim(project, take.id, 5, 30)
    assert trimmed.trims == {take.id: Trim(5, 30)} and trimmed.takes == project.takes
    assert (part(trimmed, take), shown_frames(trimmed, take)) == ((5, 30), 25)
    assert film_frames(trimmed, trimmed.film()) == 36 + 25
    assert set_trim(trimmed, take.id, 5, 36).trims == {take.id: Trim(5, 0)}, "to the end, whatever that will be"
    assert set_trim(trimmed, take.id).trims == {} and set_trim(trimmed, take.id, 0, 36, "repeat", 1).trims == {}


@pytest.mark.parametrize("values", [
    (-1, 10), (10, 10), (12, 4), (0, 37), (36, 0),
    (0, 0, "repeat", 0), (0, 0, "there and back", MOST_TIMES + 1), (0, 0, "never", 2),
])  # fmt: skip
def test_what_a_take_does_not_have_is_refused(project: Project, values: tuple[object, ...]) -> None:
    with pytest.raises(EditError, match="Nothing was changed"):
        set_trim(project, project.film()[0].id, *values)  # type: ignore[arg-type]
    with pytest.raises(EditError):
        set_trim(project, "nothere")


def test_there_and_back_shows_no_frame_twice_in_a_row() -> None:
    assert list(chain(*passes(2, 5, "there and back", 4))) == [2, 3, 4, 3, 2, 3, 4, 3, 2]
    assert list(chain(*passes(2, 5, "repeat", 2))) == [2, 3, 4, 2, 3, 4]
    assert list(chain(*passes(2, 5, "once", 1))) == [2, 3, 4]


@given(first=st.integers(0, 35), more=st.integers(1, 36), loop=st.sampled_from(LOOPS), times=st.integers(1, MOST_TIMES))
def test_the_film_has_as_many_frames_as_are_played(first: int, more: int, loop: str, times: int) -> None:
    project = generated(film("one"))
    take = project.film()[0]
    trimmed = set_trim(project, take.id, first, min(36, first + more), loop, times)  # type: ignore[arg-type]
    trim = trimmed.trims.get(take.id, Trim())
    played = list(chain(*passes(*part(trimmed, take), trim.loop, trim.times)))
    assert len(played) == shown_frames(trimmed, take) and set(played) <= set(range(36))
    assert parse_project(project_table(trimmed)) == trimmed


def test_a_take_that_is_deleted_for_good_leaves_no_trim(project: Project) -> None:
    first, second = (take.id for take in project.film())
    trimmed = set_trim(set_trim(project, first, 5), second, 7)
    assert forget_takes(trimmed, heirs(trimmed, {second})).trims == {first: Trim(5)}


def test_a_take_that_became_shorter(project: Project) -> None:
    take = project.film()[0]
    trimmed = set_trim(project, take.id, 20, 30)
    for frames, wanted in ((24, (20, 24)), (12, (11, 12))):
        shorter = replace(take, frames=frames)
        assert part(replace(trimmed, takes={**trimmed.takes, take.id: shorter}), shorter) == wanted


def test_the_document_keeps_trims_and_what_it_does_not_know(project: Project) -> None:
    take = project.film()[0].id
    table = project_table(set_trim(project, take, 2, 9, "there and back", 3))
    table["trims"][take]["ease"] = 2
    table["trims"]["gone"] = {"first": 0, "end": 3, "loop": "once", "times": 1}
    again = parse_project(table)
    assert again.trims == {take: Trim(2, 9, "there and back", 3)} and project_table(again)["trims"][take]["ease"] == 2
    assert "trims" not in project_table(project), "older studios read it"
    for wrong in ({"end": 1}, {"loop": "never"}, {"times": 99}, {"first": -1}, {"first": "0"}):
        with pytest.raises(FormatError):
            parse_project({**table, "trims": {take: {**table["trims"][take], **wrong}}})
