"""Verbs of the film's memory: what is pinned and forgotten, what it is worth, what it gives back, and what a take uses of it."""

from __future__ import annotations

from collections.abc import Mapping

from studio.language import sentence
from studio.project.memory_edits import CELLS
from studio.session import Session
from studio.ui.fields import Fields, MessageError
from studio.ui.memory_test_views import memory_test_offer_view
from studio.ui.memory_use_views import memory_use_offer_view
from studio.ui.verbs.verb import Answer, Verb, index


def _prompt(fields: Fields) -> str | None:
    return fields.text("prompt") if fields.has("prompt") else None


def _offer(session: Session, fields: Fields) -> Answer:
    """What a memory test of a take would be, and its result if it was made before."""
    return memory_test_offer_view(session.memory_tests.offer(fields.identifier("take"), _prompt(fields)))


def _forget(session: Session, fields: Fields) -> None:
    """Set the cells of the map that are forgotten before a segment: all of them, those that were set before included."""
    numbers = fields.numbers("cells", CELLS)
    if not all(number.is_integer() for number in numbers):
        raise MessageError(sentence("'cells' must be whole numbers"))
    session.memory_edits.forget(index(session, fields), map(int, numbers))


VERBS: Mapping[str, Verb] = {
    "pin": lambda s, f: s.memory_edits.pin(f.identifier("take")),
    "unpin": lambda s, f: s.memory_edits.unpin(f.identifier("take")),
    "forget": _forget,
    "forget_take": lambda s, f: s.memory_edits.forget_take(f.identifier("take")),
    "remember_take": lambda s, f: s.memory_edits.remember_take(f.identifier("take")),
    "memory_test": _offer,
    "test_memory": lambda s, f: {"id": s.memory_tests.start(f.identifier("take"), _prompt(f))},
    "ask_moment": lambda s, f: {"id": s.moments.ask(f.identifier("take"), f.integer("at", 0, 10**7))},
    "memory_use": lambda s, f: memory_use_offer_view(s.memory_uses.offer(f.identifier("take"))),
    "measure_memory_use": lambda s, f: {"id": s.memory_uses.start(f.identifier("take"))},
    "cancel_memory_use": lambda s, f: s.memory_uses.cancel(),
    "cancel_memory_test": lambda s, f: s.memory_tests.cancel(),
}
