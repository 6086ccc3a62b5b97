"""Verbs of the takes' looks: how they drift."""

from __future__ import annotations

from collections.abc import Mapping

from studio.session import Session
from studio.session.drift import drift_of
from studio.ui.drift_views import drift_view
from studio.ui.fields import Fields
from studio.ui.verbs.verb import Answer, Verb


def _drift(session: Session, fields: Fields) -> Answer:
    """The looks of the current branch's takes, which are measured where they were not yet, and a take to rewind to."""
    rows, suggestion = drift_of(session.project, session.looks)
    identity = session.looks.identity
    return drift_view(rows, suggestion, identity.name, identity.problem)


VERBS: Mapping[str, Verb] = {
    "drift": _drift,
}
