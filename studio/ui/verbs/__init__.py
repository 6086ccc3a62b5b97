"""What the artist can do from the page, a module for each part of it. A verb reads the message's fields and calls the session.

A new verb is an entry in the table of its module, and a test.
"""

from __future__ import annotations

from collections.abc import Mapping

from studio.ui.verbs import choices, film, looks, loras, memory, picture, segments, sound, takes, votes
from studio.ui.verbs.verb import Answer, Verb

__all__ = ["VERBS", "Answer", "Verb"]

VERBS: Mapping[str, Verb] = {
    **film.VERBS, **picture.VERBS, **segments.VERBS, **loras.VERBS, **takes.VERBS, **choices.VERBS, **votes.VERBS,
    **looks.VERBS, **memory.VERBS, **sound.VERBS,
}  # fmt: skip
"""All verbs of a project, by the names that the page's messages use."""
