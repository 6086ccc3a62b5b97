"""Verbs of the film's memory: the test of what it is worth."""

from __future__ import annotations

from collections.abc import Mapping

from studio.session import Session
from studio.ui.fields import Fields
from studio.ui.memory_test_views import offer_view
from studio.ui.verbs.verb import Answer, Verb


def _prompt(fields: Fields) -> str | None:
    return fields.text("prompt") if fields.has("prompt") else None


def _offer(session: Session, fields: Fields) -> Answer:
    """What a memory test of a take would be, and its result if it was made before."""
    return offer_view(session.memory_tests.offer(fields.identifier("take"), _prompt(fields)))


VERBS: Mapping[str, Verb] = {
    "memory_test": _offer,
    "test_memory": lambda s, f: {"id": s.memory_tests.start(f.identifier("take"), _prompt(f))},
    "cancel_memory_test": lambda s, f: s.memory_tests.cancel(),
}
