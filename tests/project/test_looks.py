"""Looks that takes are held to: set, spread, taken off, undone and stored."""

from __future__ import annotations

from typing import Any

import pytest

from studio.project import history
from studio.project.choices import drop_takes
from studio.project.codec import parse_project, project_table
from studio.project.edits import EditError
from studio.project.history import UndoHistory
from studio.project.look_edits import drop_look, set_look
from studio.project.model import FIRST_FRAME, REFERENCE, Look, Project
from studio.project.rules import FormatError
from tests.project.builders import film, generated


@pytest.fixture
def project() -> Project:
    return generated(film("a", "b", "c", "d"), 4)


def test_a_look_is_an_edit_that_is_undone(project: Project) -> None:
    second = project.path()[1].id
    before = UndoHistory(project)
    after = history.do(before, set_look(project, second, FIRST_FRAME, 0.7))
    assert after.present.looks == {second: Look(FIRST_FRAME, 0.7)} and after.present.takes == project.takes
    assert history.undo(after).present.looks == {}
    assert drop_look(after.present, second).looks == {}
    assert set_look(after.present, second, REFERENCE).looks == {second: Look(REFERENCE, 1.0)}


def test_all_takes_after_it_get_the_same_look_but_the_one_that_is_matched(project: Project) -> None:
    first, second, third, fourth = (take.id for take in project.path())
    assert set(set_look(project, second, FIRST_FRAME, 1, after=True).looks) == {second, third, fourth}
    matched = set_look(project, second, third, 0.5, after=True)
    assert matched.looks == {second: Look(third, 0.5), fourth: Look(third, 0.5)}
    assert set(drop_look(matched, fourth, after=True).looks) == {second}
    assert set(drop_look(set_look(matched, first, REFERENCE), second, after=True).looks) == {first}
    other = generated(film("x"), 1)
    loose = set_look(project, second, FIRST_FRAME, 1, after=False)
    assert set(loose.looks) == {second} and other.looks == {}


def test_what_cannot_be_matched(project: Project) -> None:
    first, second, *_, last = (take.id for take in project.path())
    for values, words in (
        ((second, second), "A take cannot be matched to itself"), ((second, "nothere"), "not in the film"),
        (("nothere", FIRST_FRAME), "not in the film"), ((second, first, 1.5), "from 0 to 1"),
        ((second, first, float("nan")), "a number"),
    ):
        with pytest.raises(EditError, match=words):
            set_look(project, *values)  # type: ignore[arg-type]
    with pytest.raises(EditError, match="not in the film"):
        drop_look(project, "nothere")
    with pytest.raises(EditError, match="in the trash"):
        set_look(drop_takes(project, [last]), first, last)


def test_looks_are_stored_and_documents_without_them_stay_as_they_were(project: Project) -> None:
    first, second, *_ = (take.id for take in project.path())
    assert "looks" not in project_table(project)
    held = set_look(set_look(project, second, first, 0.25), first, FIRST_FRAME)
    table = project_table(held)
    assert parse_project(table) == held
    table["looks"][second]["curve"] = "film"
    again = set_look(parse_project(table), second, REFERENCE, 1)
    assert project_table(again)["looks"][second] == {"curve": "film", "match": REFERENCE, "strength": 1}


def test_looks_of_takes_that_are_gone_are_left_out(project: Project) -> None:
    first, second, *_ = (take.id for take in project.path())
    table = project_table(set_look(project, second, FIRST_FRAME))
    good = table["looks"][second]
    table["looks"] = {second: good, "gone": good, first: {"match": "gone", "strength": 1}}
    assert set(parse_project(table).looks) == {second}


@pytest.mark.parametrize(
    "damage", [3, None, {"match": "first"}, {"match": "../x", "strength": 1}, {"match": "first", "strength": 2}])
def test_damaged_looks_are_found(project: Project, damage: Any) -> None:
    table = project_table(project)
    table["looks"] = {project.path()[0].id: damage}
    with pytest.raises(FormatError):
        parse_project(table)
