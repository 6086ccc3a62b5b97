"""Marks on the picture: cleaned or refused, undoable, stored with fields of newer formats, and part of what a take is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from studio.marks import NEWEST_GROUND, NO_MARKS, Flow, Marks, Subject
from studio.project import edits, history
from studio.project.codec import parse_project, parse_take, project_table, take_table
from studio.project.edits import EditError
from studio.project.history import UndoHistory
from studio.project.mark_limits import POINTS, marks
from studio.project.model import Project
from studio.project.rules import FormatError
from studio.project.take_requests import next_request
from tests.project.builders import REFERENCE, film, generated, rendered

WATER = Flow("water", ((0.1, 0.8), (0.9, 0.8)), 0.1, 0.05)
BOAT = Subject((((0.4, 0.5), (0.6, 0.5)),), (((0.1, 0.1),),), 2.5)
MARKS = Marks(True, BOAT, (WATER,))


def marked() -> Project:
    return edits.set_marks(film("a", "b"), MARKS)


def test_marks_can_be_set_undone_and_stored() -> None:
    steps = UndoHistory(film("a"))
    steps = history.do(steps, edits.set_marks(steps.present, MARKS))
    assert steps.present.marks == MARKS
    assert history.undo(steps).present.marks == NO_MARKS and history.redo(history.undo(steps)) == steps
    assert parse_project(project_table(steps.present)) == steps.present
    assert "marks" not in project_table(history.undo(steps).present), "a project without marks is written as before"
    generated_before = generated(film("a"))
    assert not {"marks", "at_edge"} & project_table(generated_before)["takes"][0].keys()


def test_fields_of_a_newer_format_are_kept_at_every_place() -> None:
    before = marked()
    table = project_table(before)
    found: dict[str, Any] = table["marks"]
    found["light"] = {"x": 1}
    found["subject"]["rim"] = 3
    found["flows"][0]["phase"] = [1, 2]
    project = parse_project(table)
    assert project == before and project_table(project) == table
    moved = edits.set_marks(project, replace(project.marks, beyond=False))
    assert project_table(moved)["marks"]["flows"][0]["phase"] == [1, 2] and project_table(moved)["marks"]["light"] == {"x": 1}
    alone = parse_project(project_table(film("a")) | {"marks": {"light": 1}})
    assert project_table(alone)["marks"] == {"light": 1, "beyond": False}


def test_strokes_are_rounded_and_thinned() -> None:
    way = tuple((n / 999, 0.123456) for n in range(1000))
    clean = marks(Marks(subject=Subject((way, ((1 + 1e-7, -1e-7),) * 3))))
    assert clean.subject and len(clean.subject.strokes[0]) == POINTS
    assert clean.subject.strokes[0][0] == (0, 0.1235) and clean.subject.strokes[0][-1] == (1, 0.1235)
    assert clean.subject.strokes[1] == ((1.0, 0.0),), "points that repeat are one, and rounding errors lie inside"
    assert marks(Marks(subject=Subject(()))) == NO_MARKS, "nothing is marked"
    assert marks(Marks(flows=(replace(WATER, name="  The Water "),))).flows == (WATER,)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (Marks(subject=replace(BOAT, depth=0.5)), "depth of the ground is a number from 1 to 5"),
        (Marks(subject=replace(BOAT, depth=float("nan"))), "number"),
        (Marks(subject=replace(BOAT, strokes=(((0.5, 1.2),),))), "inside the picture, is a number from 0 to 1"),
        (Marks(subject=replace(BOAT, strokes=(((0.5,),),))), "two numbers"),        # type: ignore[arg-type]
        (Marks(subject=replace(BOAT, strokes=((),))), "at least one point"),
        (Marks(subject=replace(BOAT, strokes=BOAT.strokes * 24)), "24 strokes at most"),
        (Marks(flows=(WATER,) * 13), "12 flows at most"),
        (Marks(flows=tuple(replace(WATER, name=name) for name in ("a", "b", "c", "d", "e"))), "4 different names at most.*a, b"),
        (Marks(flows=(replace(WATER, name=" "),)), "needs a name"),
        (Marks(flows=(replace(WATER, name="water; 2"),)), "of letters"),
        (Marks(flows=(replace(WATER, name="w" * 25),)), "24 characters"),
        (Marks(flows=(replace(WATER, name=7),)), "is text"),                        # type: ignore[arg-type]
        (Marks(flows=(replace(WATER, speed=0.6),)), "speed of a flow is a number from 0.005 to 0.5"),
        (Marks(flows=(replace(WATER, width=0.0),)), "width of a flow's brush is a number from 0.01 to 0.5"),
        (Marks(flows=(replace(WATER, stroke=((0.5, 0.5), (0.50001, 0.5))),)), "needs a direction"),
        (Marks("yes"), "either true or false"),                                     # type: ignore[arg-type]
    ],
)  # fmt: skip
def test_wrong_marks_are_refused_in_a_sentence(wrong: Marks, told: str) -> None:
    with pytest.raises(EditError, match=told):
        edits.set_marks(film("a"), wrong)


@pytest.mark.parametrize("table", [
    7, [], {"beyond": 1}, {"subject": []}, {"subject": {"strokes": {}}}, {"flows": {}}, {"flows": [{}]},
    {"subject": {"strokes": [7]}},
    {"subject": {"strokes": [[[0, 0]]], "depth": None}}, {"flows": [{"name": "water", "stroke": [[0, 0], [1, 1]], "width": 0.1}]},
])  # fmt: skip
def test_documents_with_wrong_marks_are_not_read(table: object) -> None:
    known = project_table(generated(film("a")))
    with pytest.raises(FormatError, match="project: 'marks'"):
        parse_project(known | {"marks": table})
    with pytest.raises(FormatError, match="take: 'marks'"):
        parse_project(known | {"takes": [{**known["takes"][0], "marks": table}]})


def test_marks_belong_to_their_picture() -> None:
    project = marked()
    assert edits.set_reference(project, REFERENCE).marks == MARKS, "the same picture again"
    other = edits.set_reference(project, replace(REFERENCE, sha256="f" * 64))
    assert other.marks == Marks(beyond=True), "subject and flows go, leave to go beyond the edge stays"
    assert edits.set_reference(project, None).marks == Marks(beyond=True)
    with pytest.raises(EditError, match="Choose a reference image first"):
        edits.set_marks(edits.set_reference(project, None), MARKS)
    assert edits.set_marks(edits.set_reference(project, None), Marks(beyond=True)).marks.beyond


def test_takes_with_other_marks_are_stale() -> None:
    project = marked()
    index, parent = edits.next_segment(project)
    take = rendered(project, project.current().segments[index], parent, marks=project.marks)
    project = edits.add_take(project, take)
    assert not edits.stale_takes(project)
    moved = edits.set_marks(project, Marks(True, BOAT, (replace(WATER, speed=0.1),)))
    assert edits.stale_takes(moved) == {take.id}
    with pytest.raises(EditError, match="with other marks on the picture"):
        edits.next_segment(moved)
    anew = next_request(edits.rewind(moved, None))
    assert anew.take.marks == moved.marks and not anew.new_seed
    repeat = next_request(edits.rewind(project, None))
    assert repeat.take.marks == project.marks and repeat.new_seed
    assert not edits.stale_takes(edits.set_marks(moved, MARKS))


def test_a_take_keeps_that_the_edge_held_its_camera() -> None:
    project = film("a")
    take = rendered(project, project.current().segments[0], None, at_edge=True)
    assert parse_take(take_table(take)) == take and take_table(take)["at_edge"] is True
    assert not edits.stale_takes(edits.add_take(project, take))
    with pytest.raises(FormatError, match="at_edge"):
        parse_take(take_table(take) | {"at_edge": "yes"})


def test_a_film_keeps_the_method_that_made_its_ground() -> None:
    table = project_table(edits.set_marks(film("a"), Marks(True)))
    assert table["marks"] == {"beyond": True, "ground": NEWEST_GROUND}
    del table["marks"]["ground"]
    old = parse_project(table)
    assert old.marks.ground == 1 and project_table(old) == table, "a document that does not say it is from before the second one"
    begun = edits.add_take(old, rendered(old, old.current().segments[0], None, marks=old.marks))
    take = next(iter(begun.takes.values()))
    assert take.marks.ground == 1 and parse_take(take_table(take)) == take
    drawn = edits.set_marks(old, MARKS)
    assert drawn.marks.ground == 1, "what the page sends does not say how the ground is made"
    there_and_back = edits.set_marks(edits.set_marks(begun, NO_MARKS), Marks(True))
    assert there_and_back.marks == begun.marks
    assert edits.set_marks(edits.set_marks(film("a"), NO_MARKS), Marks(True)).marks.ground == NEWEST_GROUND
    with pytest.raises(FormatError, match="whole number"):
        parse_project(table | {"marks": {"beyond": True, "ground": "old"}})
