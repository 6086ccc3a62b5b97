"""Reads marks on the picture from a message of the browser; `studio.project.mark_limits` checks where they lie, and how many."""

from __future__ import annotations

from typing import Any

from studio.language import sentence
from studio.marks import Flow, Marks, Stroke, Subject
from studio.ui.fields import MessageError

MOST_STROKES, MOST_POINTS = 100, 5000
"""Of one list of strokes and of one stroke, in a message: more is not what a hand draws."""


def read_marks(value: object) -> Marks:
    """The marks in a message, of the right kinds. Raises MessageError: the page does not send such values."""
    table = _object(value)
    subject, beyond = table.get("subject"), table.get("beyond", False)
    if not isinstance(beyond, bool):
        raise MessageError(sentence("'beyond' must be true or false"))
    flows = tuple(_flow(entry) for entry in _list(table.get("flows", []), MOST_STROKES))
    return Marks(beyond, None if subject is None else _subject(subject), flows)


def _subject(value: object) -> Subject:
    table = _object(value)
    strokes, ground = (tuple(map(_stroke, _list(table.get(key, []), MOST_STROKES))) for key in ("strokes", "ground"))
    return Subject(strokes, ground, _number(table.get("depth")))


def _flow(value: object) -> Flow:
    table = _object(value)
    name = table.get("name")
    if not isinstance(name, str) or len(name) > 200:
        raise MessageError(sentence("the name of a flow must be text"))
    return Flow(name, _stroke(table.get("stroke")), _number(table.get("width")), _number(table.get("speed")))


def _stroke(value: object) -> Stroke:
    pairs = [_list(point, 2) for point in _list(value, MOST_POINTS)]
    if any(len(pair) != 2 for pair in pairs):
        raise MessageError(sentence("a point must be two numbers"))
    return tuple((_number(x), _number(y)) for x, y in pairs)


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MessageError(sentence("marks, subject and flows must be objects"))
    return value


def _list(value: object, most: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise MessageError(sentence("strokes must be lists of {most} entries at most", most=most))
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 2**53:
        raise MessageError(sentence("a share must be a number"))
    return float(value)
