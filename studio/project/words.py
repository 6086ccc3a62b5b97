"""What takes are asked for in words, and the words that wildcards give them."""

from __future__ import annotations

from dataclasses import replace

from studio.full_prompt import Words
from studio.project.model import Take
from studio.project.wildcards import Wildcards


def words_of(take: Take) -> Words:
    """The words that a take was asked for."""
    return Words(take.words or take.segment.prompt, take.cast, take.style)


def fill_words(take: Take, wildcards: Wildcards) -> Take:
    """The take with the words that its prompt's wildcards give; one that has sections already keeps those that it has.

    Raises:
        EditError: see `Wildcards.fill`.
    """
    if take.sections:
        return take
    filled = wildcards.fill(take.segment.prompt, take.segment.seed)
    return replace(take, words="" if filled == take.segment.prompt else filled)
