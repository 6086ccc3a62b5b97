"""Marks on the reference image as JSON values and back. Unknown fields, of a newer format, are kept and written back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from studio.marks import NO_MARKS, Flow, Marks, Stroke, Subject
from studio.project import mark_limits
from studio.project.limits import EditError
from studio.project.rules import FormatError

Table = dict[str, Any]
FIRST_GROUND = 1
"""How the ground was made when documents did not say it."""


def marks_table(marks: Marks) -> Table:
    """The field of marks; without marks there is none, as in documents from before there were marks."""
    if marks == NO_MARKS and not marks.unknown:
        return {}
    table: Table = {**marks.unknown, "beyond": marks.beyond}
    if marks.beyond and marks.ground != FIRST_GROUND:
        table["ground"] = marks.ground
    if marks.subject:
        table["subject"] = _subject_table(marks.subject)
    if marks.flows:
        table["flows"] = [
            {**flow.unknown, "name": flow.name, "stroke": _points(flow.stroke), "width": flow.width, "speed": flow.speed}
            for flow in marks.flows
        ]
    return {"marks": table}


def parse_marks(table: object, where: str) -> Marks:
    """The marks in a JSON object; None: no marks.

    Raises:
        FormatError: a field is missing, of the wrong kind or out of range. `where` is the object that they belong to.
    """
    if table is None:
        return NO_MARKS
    try:
        known = _object(table)
        subject, flows = known.get("subject"), known.get("flows", [])
        return mark_limits.marks(Marks(
            known.get("beyond", False), None if subject is None else _subject(subject), tuple(_flow(flow) for flow in _list(flows)),
            _rest(known, "beyond", "subject", "flows", "ground"), known.get("ground", FIRST_GROUND),
        ))  # fmt: skip
    except (EditError, FormatError) as error:
        raise FormatError(f"{where}: 'marks': {error}") from None


def _subject_table(subject: Subject) -> Table:
    ground = {"ground": [_points(stroke) for stroke in subject.ground]} if subject.ground else {}
    return {**subject.unknown, "strokes": [_points(stroke) for stroke in subject.strokes], **ground, "depth": subject.depth}


def _subject(table: object) -> Subject:
    known = _object(table)
    strokes, ground = (tuple(_stroke(entry) for entry in _list(known.get(key, []))) for key in ("strokes", "ground"))
    return Subject(strokes, ground, known.get("depth", 2.0), _rest(known, "strokes", "ground", "depth"))


def _flow(table: object) -> Flow:
    known = _object(table)
    name, stroke, width, speed = (known.get(key) for key in ("name", "stroke", "width", "speed"))
    rest = _rest(known, "name", "stroke", "width", "speed")
    return Flow(name, _stroke(stroke), width, speed, rest)  # type: ignore[arg-type]  # mark_limits checks each of them


def _points(stroke: Iterable[Iterable[float]]) -> list[list[float]]:
    return [list(point) for point in stroke]


def _stroke(value: object) -> Stroke:
    return tuple(_list(value))       # mark_limits checks the points


def _object(value: object) -> Table:
    if not isinstance(value, dict):
        raise FormatError("not an object")
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise FormatError("not a list")
    return value


def _rest(table: Table, *known: str) -> Mapping[str, Any]:
    return {key: value for key, value in table.items() if key not in known}
