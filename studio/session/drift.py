"""The drift of a film: each take of a branch beside the first one of its shot, and a point to rewind to where it creeps.

A look changes for good reasons: night falls because the prompt says so. Such a change comes in one take and stays; drift creeps
from take to take. So a rewind is suggested only where a measure has got worse over at least TAKES takes, none of which was asked
for other light or weather, no single one of them brought most of it, and the newest is worse than the first of its shot as well.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from studio.language import sentence
from studio.media import MediaError
from studio.media.colour_match import FLAT
from studio.media.look import cosine, palette_distance
from studio.project.asked_words import asked_looks, asked_zooms
from studio.project.model import Project, Take
from studio.project.shots import begins_shot, place_of_take
from studio.session.looks import Looks, MeasuredLook

TAKES = 3
"""Takes, at least, over which a measure must have got worse."""
FALL = 0.2
"""By what share, at least, since the take before it began."""
FROM_FIRST = 0.1
"""By what share, at least, the newest take must be worse than the first one."""
JUMP = 0.7
"""A single take that brought more than this share of the change did what its prompt says."""
STEADY = 0.01
"""Changes from take to take of less than this share are none."""


@dataclass(frozen=True)
class TakeDrift:
    """A take beside the first take of its shot. Shares of 1 are the same as there; None: there is nothing to compare."""

    take: str
    segment: int                     # counts from 1
    sharpness: float | None = None   # over the first take's
    contrast: float | None = None    # over the first take's
    palette: float | None = None     # share of the colours that both have
    identity: float | None = None    # cosine of the features, or without an encoder of the edges, from -1 to 1
    reference: float | None = None   # the same with the picture that the shot shows
    cut: bool = False                # it begins a shot
    asked: tuple[str, ...] = ()      # words by which it was asked for other light or weather than the take before it
    zoomed: tuple[str, ...] = ()     # words by which it was asked for a zoom or another focus
    problem: str = ""                # why it was not measured


@dataclass(frozen=True)
class Suggestion:
    """A take to rewind to, and why."""

    take: str
    segment: int                     # counts from 1
    sentence: str


def film_drift(project: Project, takes: Sequence[Take], looks: Looks) -> list[TakeDrift]:
    """Takes of a branch, in film order, each beside the first one of its shot that can be measured."""
    first: MeasuredLook | None = None
    rows = []
    for number, take in enumerate(takes, 1):
        cut = begins_shot(take)
        first = None if cut else first
        try:
            look = looks.of(take)
        except MediaError as error:
            rows.append(TakeDrift(take.id, number, cut=cut, problem=error.message))
            continue
        first = first or look
        row = _beside(look, first, _picture(project, take, looks))
        asked, zoomed = ((), ()) if cut else (asked_looks(project, take), asked_zooms(project, take))
        rows.append(replace(row, take=take.id, segment=number, cut=cut, asked=asked, zoomed=zoomed))
    return rows


def _picture(project: Project, take: Take, looks: Looks) -> MeasuredLook | None:
    try:
        return looks.of_place(place_of_take(project, take), take.size)
    except MediaError:               # the picture is gone; the takes can be compared all the same
        return None


def _beside(look: MeasuredLook, first: MeasuredLook, reference: MeasuredLook | None) -> TakeDrift:
    now, then = look.measures, first.measures
    return TakeDrift(
        "", 0, None if now.contrast < FLAT or then.contrast < FLAT else now.sharpness / max(then.sharpness, 1e-6),
        None if then.contrast < FLAT else now.contrast / then.contrast,
        1 - palette_distance(now.palette, then.palette), _likeness(look, first),
        None if reference is None else _likeness(look, reference),
    )  # fmt: skip


def _likeness(one: MeasuredLook, other: MeasuredLook) -> float | None:
    if one.identity and other.identity:
        return cosine(one.identity, other.identity)
    return cosine(one.measures.edges, other.measures.edges)


def suggest(rows: Sequence[TakeDrift]) -> Suggestion | None:
    """The take to rewind to, by the measure that has got worst; None: nothing creeps.

    `rows`: of the film up to the head. Only the last shot counts: what was cut away from does not creep on.
    """
    cut = max((at for at, row in enumerate(rows) if row.cut), default=0)
    measured = [row for row in rows[cut:] if not row.problem]
    light = max((at for at, row in enumerate(measured) if row.asked), default=0)
    detail = max((at for at, row in enumerate(measured) if row.asked or row.zoomed), default=0)
    candidates = [
        ("less sharp", detail, [_log(row.sharpness, -1) for row in measured]),
        ("less contrast", light, [_log(row.contrast, -1) for row in measured]),
        ("more contrast", light, [_log(row.contrast, 1) for row in measured]),
    ]
    found = [(change, start, what) for what, since, course in candidates if (start := _start(course, since)) is not None
             for change in [float(course[-1] or 0) - float(course[start] or 0)]]
    if not found:
        return None
    change, start, what = max(found)
    row = measured[start]
    rise, fall = round(100 * math.expm1(change)), round(-100 * math.expm1(-change))
    if what == "more contrast":
        words = sentence("Contrast has risen by {share} % since segment {segment}. Rewind there?", share=rise, segment=row.segment)
    elif what == "less contrast":
        words = sentence("Contrast has fallen by {share} % since segment {segment}. Rewind there?", share=fall, segment=row.segment)
    else:
        words = sentence(
            "Sharpness has fallen by {share} % since segment {segment}. Rewind there?", share=fall, segment=row.segment)
    return Suggestion(row.take, row.segment, words)


def _log(ratio: float | None, sign: int) -> float | None:
    """How much worse a ratio is than 1: `sign` -1 where less is worse."""
    return sign * math.log(ratio) if ratio else None


def _start(course: Sequence[float | None], since: int) -> int | None:
    """Where the creep that ends with the newest take began, as an index; None: there is none.

    Args:
        course: how much worse each take is than the first one, as logarithms.
        since: the first take that counts.
    """
    values: list[float] = []
    for value in reversed(course[since:]):
        if value is None or (values and value > values[0] - STEADY):
            break
        values.insert(0, value)
    if len(values) < TAKES:
        return None
    steps = [after - before for before, after in pairwise(values)]
    total = values[-1] - values[0]
    least, from_first = -math.log(1 - FALL), -math.log(1 - FROM_FIRST)
    if total < least or values[-1] < from_first or max(steps) > JUMP * total:
        return None
    return len(course) - len(values)


def drift_of(project: Project, looks: Looks) -> tuple[list[TakeDrift], Suggestion | None]:
    """The drift of the current branch, and the suggestion for its film up to the head."""
    rows = film_drift(project, project.path(), looks)
    return rows, suggest(rows[: len(project.film())])
