"""Verbs of the takes' looks: how they drift, when a take is made again, and which look one is held to."""

from __future__ import annotations

from collections.abc import Mapping

from studio.project import look_edits, retries
from studio.session import Session
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
    take, match, strength = fields.identifier("take"), fields.identifier("match"), fields.number("strength", 0, 1)
    check_look(session.project, session.looks, take, match)
    session.edit_in_stroke(stroke(fields, f"look {take}"), look_edits.set_look, take, match, strength, fields.flag("after"))


def _set_retries(session: Session, fields: Fields) -> None:
    times, threshold = fields.integer("times", 0, retries.MOST), fields.number("threshold", *retries.THRESHOLDS)
    session.edit(retries.set_retries, times, fields.one_of("measure", retries.MEASURES), threshold)


VERBS: Mapping[str, Verb] = {
    "drift": _drift,
    "set_retries": _set_retries,
    "set_look": _set_look,
    "drop_look": lambda s, f: s.edit(look_edits.drop_look, f.identifier("take"), f.flag("after")),
}
