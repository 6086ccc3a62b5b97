"""What takes were asked for in words."""

from __future__ import annotations

from studio.full_prompt import Words
from studio.project.model import Take


def words_of(take: Take) -> Words:
    """The words that a take was asked for."""
    return Words(take.segment.prompt, take.cast, take.style)
