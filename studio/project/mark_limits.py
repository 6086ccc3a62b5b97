"""Which marks on the picture the document accepts: strokes are cleaned and thinned, other values are cleaned or refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from studio.language import sentence
from studio.marks import NEWEST_GROUND, Flow, Marks, Point, Stroke, Subject
from studio.project.limits import EDGE, EditError, printable, within

POINTS = 200
"""Points of one stroke, at most; a longer one is thinned."""
STROKES = 24
"""Strokes over the subject and its ground together, at most."""
FLOWS = 12
"""Flows of one picture, at most."""
NAMES = 4
"""Different names of flows, at most."""
NAME_LENGTH = 24
DEPTH = (1.0, 5.0)
SPEED = (0.005, 0.5)
WIDTH = (0.01, 0.5)
DIGITS = 4
"""Decimals of a share: less than a pixel of any picture."""


def marks(value: Marks) -> Marks:
    """The marks as the document keeps them: points rounded, long strokes thinned, a subject without strokes left out.

    Cleaning them again changes nothing.

    Raises:
        EditError: a value is of the wrong kind or out of range, or there are too many strokes, flows or names.
    """
    if not isinstance(value.beyond, bool):
        raise EditError(sentence("Whether the camera may leave the picture is either true or false."))
    if isinstance(value.ground, bool) or not isinstance(value.ground, int) or value.ground < 1:
        raise EditError(sentence("The method that makes up the ground is a whole number from 1."))
    flows = tuple(flow(entry) for entry in value.flows)
    if len(flows) > FLOWS:
        raise EditError(sentence(
            "A picture has {most} flows at most. Delete one before you draw another; those that are there stay.", most=FLOWS))
    names = list(dict.fromkeys(entry.name for entry in flows))
    if len(names) > NAMES:
        raise EditError(sentence(
            "Flows have {most} different names at most, and there are {names} already. Give the new one a name that is there, or "
            "delete a flow.", most=NAMES, names=", ".join(names[:NAMES])))
    ground = value.ground if value.beyond else NEWEST_GROUND         # without new ground none differs from another
    return replace(value, subject=subject(value.subject) if value.subject else None, flows=flows, ground=ground)


def subject(value: Subject) -> Subject | None:
    """The subject as the document keeps it; None if nothing is marked.

    Raises:
        EditError: a stroke leads out of the picture, there are too many, or the depth is out of range.
    """
    strokes = tuple(map(stroke, value.strokes))
    ground = tuple(map(stroke, value.ground))
    if len(strokes) + len(ground) > STROKES:
        raise EditError(sentence(
            "A subject is marked with {most} strokes at most. Undo some, and use longer ones; those that are there stay.",
            most=STROKES))
    depth = within(DEPTH, value.depth, sentence("The depth of the ground"))
    return replace(value, strokes=strokes, ground=ground, depth=round(depth, 2)) if strokes else None


def flow(value: Flow) -> Flow:
    """The flow as the document keeps it.

    Raises:
        EditError: it has no name or no direction, or its width or speed is out of range.
    """
    way = stroke(value.stroke)
    if len(way) < 2:
        raise EditError(sentence("A flow needs a direction: draw a stroke along which it moves, longer than a click."))
    width = round(within(WIDTH, value.width, sentence("The width of a flow's brush")), DIGITS)
    speed = round(within(SPEED, value.speed, sentence("The speed of a flow")), DIGITS)
    return replace(value, name=flow_name(value.name), stroke=way, width=width, speed=speed)


def flow_name(text: object) -> str:
    """The name of a flow in small letters, with one space between words: what prompts call it.

    Raises:
        EditError: it is not text, has no letter or other signs than letters, spaces and hyphens, or is too long.
    """
    if not isinstance(text, str):
        raise EditError(sentence("The name of a flow is text."))
    clean = " ".join(printable(text).lower().split()).removeprefix("the ")
    if not any(c.isalpha() for c in clean) or not all(c.isalpha() or c in " -'" for c in clean):
        raise EditError(sentence(
            "A flow needs a name of letters, such as water or clouds: prompts start and stop it by this word."))
    if len(clean) > NAME_LENGTH:
        raise EditError(sentence(
            "The name of a flow has {most} characters at most. Use one word that prompts can say.", most=NAME_LENGTH))
    return clean


def stroke(points: Iterable[Point]) -> Stroke:
    """A stroke of points inside the picture, rounded, without a point that repeats the one before, and of 200 points at most.

    Raises:
        EditError: it has no points, or one that is no pair of numbers inside the picture.
    """
    way: list[Point] = []
    for point in points:
        clean = _point(point)
        if not way or clean != way[-1]:
            way.append(clean)
    if not way:
        raise EditError(sentence("A stroke has at least one point."))
    last = len(way) - 1
    picked = way if last < POINTS else [way[round(n * last / (POINTS - 1))] for n in range(POINTS)]
    return tuple(picked)


def _point(value: object) -> Point:
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise EditError(sentence("A point of a stroke is two numbers, x and y, as shares of the picture from 0 to 1."))
    x, y = (within((-EDGE, 1 + EDGE), share, sentence(
        "Each share of a point, which lies inside the picture,"), (0, 1)) for share in value)
    return _share(x), _share(y)


def _share(number: float) -> float:
    return round(min(max(number, 0.0), 1.0), DIGITS) + 0.0
