"""Verbs of the takes' looks: how they drift, when a take is made again, and which look one is held to."""

from __future__ import annotations

from collections.abc import Mapping

from studio.project import look_edits, retries
from studio.session import EditError, Session
from studio.session.drift import drift_of
from studio.session.held_looks import check_look
from studio.ui.drift_views import drift_view
from studio.ui.fields import Fields
from studio.ui.verbs.verb import Answer, Verb, stroke


def _drift(session: Session, fields: Fields) -> Answer:
    """The looks of the current branch's takes, which are measured where they were not yet, and a take to rewind to."""
    rows, suggestion = drift_of(session.project, session.looks)
    identity = session.looks.identity
    return drift_view(rows, suggestion, identity.name, identity.problem)


def _set_look(session: Session, fields: Fields) -> None:
    """Hold a take to a look. Of a look that it has, the fields that are not there stay."""
    take = fields.identifier("take")
    known = session.project.looks.get(take)
    match = known.match if known and not fields.has("match") else fields.identifier("match")
    strength = fields.number("strength", 0, 1) if fields.has("strength") else known.strength if known else 1.0
    context = fields.flag("context") if fields.has("context") else None
    check_look(session.project, session.looks, take, match)
    if context and (problem := session.context_looks.problem):
        raise EditError(problem)
    session.edit_in_stroke(
        stroke(fields, f"look {take}"), look_edits.set_look, take, match, strength, fields.flag("after"), context)


def _set_retries(session: Session, fields: Fields) -> None:
    """Change the fields that are there: another tab, or a click just before, may have changed the others."""
    known = session.project.retries
    times = fields.integer("times", 0, retries.MOST) if fields.has("times") else known.times
    measure = fields.one_of("measure", retries.MEASURES) if fields.has("measure") else known.measure
    threshold = fields.number("threshold", *retries.THRESHOLDS) if fields.has("threshold") else known.threshold
    session.edit(retries.set_retries, times, measure, threshold)


VERBS: Mapping[str, Verb] = {
    "drift": _drift,
    "set_retries": _set_retries,
    "set_look": _set_look,
    "drop_look": lambda s, f: s.edit(look_edits.drop_look, f.identifier("take"), f.flag("after")),
}
