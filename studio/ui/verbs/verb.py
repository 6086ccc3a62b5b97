"""What a verb is, and what verbs share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from studio.language import sentence
from studio.session import EditError, Session
from studio.session.models import lost_marks
from studio.ui.fields import Fields

Answer = dict[str, Any]
Verb = Callable[[Session, Fields], Answer | None]


def index(session: Session, fields: Fields) -> int:
    """The index of the segment that the message names by its id: another tab may have added one before it.

    Raises:
        EditError: it is not on the current branch.
    """
    wanted = fields.identifier("segment")
    for number, segment in enumerate(session.project.current().segments):
        if segment.id == wanted:
            return number
    raise EditError(sentence("This segment is not on the current branch any more. Nothing was changed."))


def stroke(fields: Fields, field: str) -> str | None:
    """A name for typing in one visit to `field`, if the message belongs to such a visit: see `Document.edit_in_stroke`."""
    visit = fields.optional_identifier("stroke")
    return visit and f"{field} {visit}"


def noting(verb: Verb) -> Verb:
    """The verb, whose answer also has a note on marks that went with the picture, the size or the model before."""

    def run(session: Session, fields: Fields) -> Answer:
        """Answer, and note which marks were lost."""
        before = session.project
        answer = verb(session, fields)
        note = lost_marks(before, session.project)
        return {**(answer or {}), **({"note": note} if note else {})}

    return run
