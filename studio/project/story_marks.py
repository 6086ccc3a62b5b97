"""Marks on the picture in a story file: the keys `beyond`, `subject` and `flows`."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field

from studio.language import sentence
from studio.marks import Flow, Marks, Subject
from studio.project import mark_limits
from studio.project.limits import EditError
from studio.tables import parse, table

_STROKE = sentence("a list of points, such as [[0.2, 0.7], [0.5, 0.75]]")
_STROKES = sentence("a list of strokes, each a list of points, such as [[[0.4, 0.5], [0.5, 0.6]]]")
_Strokes = Annotated[tuple[tuple[tuple[float, float], ...], ...], Field(description=_STROKES)]


@table
class _SubjectTable:
    strokes: _Strokes
    ground: _Strokes = ()
    depth: Annotated[float, Field(description=sentence("a number from 1 to 5"))] = 2.0


@table
class _FlowTable:
    name: Annotated[str, Field(description=sentence("the word that prompts use, such as water"))]
    stroke: Annotated[tuple[tuple[float, float], ...], Field(description=_STROKE)]
    width: Annotated[float, Field(description=sentence("a number from 0.01 to 0.5"))] = 0.1
    speed: Annotated[float, Field(description=sentence("a number from 0.005 to 0.5"))] = 0.05


def read_marks(beyond: bool, subject: Any, flows: Any, where: str, error: type[Exception]) -> Marks:
    """The marks that a story names.

    Args:
        beyond: whether the camera may leave the picture.
        subject: a table with strokes, strokes over the ground, and depth; None: there is none.
        flows: tables with name, stroke, width and speed.
        where: begins a message: the file.
        error: is raised.

    Raises:
        error: a key is missing or unknown, or a value is not accepted; the message names it.
    """
    marks = Marks(beyond)
    if subject is not None:
        if not isinstance(subject, dict):
            raise error(sentence("{where}: 'subject' is a table, [subject], with strokes over what stands in front.", where=where))
        found = parse(subject, _SubjectTable, f"{where}: subject", error)
        marks = replace(marks, subject=Subject(found.strokes, found.ground, found.depth))
    if not isinstance(flows, tuple | list) or not all(isinstance(flow, dict) for flow in flows):
        raise error(sentence("{where}: 'flows' is a list of tables, [[flows]], each with a name and a stroke.", where=where))
    for number, entry in enumerate(flows, 1):
        flow = parse(entry, _FlowTable, f"{where}: flow {number}", error)
        marks = replace(marks, flows=(*marks.flows, Flow(flow.name, flow.stroke, flow.width, flow.speed)))
        try:
            mark_limits.flow(marks.flows[-1])
        except EditError as problem:
            raise error(sentence(
                "{where}: flow {number}: {problem}", where=where, number=number, problem=str(problem))) from None
    try:
        return mark_limits.marks(marks)
    except EditError as problem:
        raise error(sentence("{where}: {problem}", where=where, problem=str(problem))) from None
