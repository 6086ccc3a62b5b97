"""What takes are asked for in words, and the words that wildcards give them."""

from __future__ import annotations

from dataclasses import replace

from studio.full_prompt import Words
from studio.project.model import Take
from studio.project.wildcards import Wildcards


def words_of(take: Take) -> Words:
    """The words that a take was asked for."""
    return Words(take.words or take.segment.prompt, take.cast_words or take.cast, take.style_words or take.style)


def fill_words(take: Take, wildcards: Wildcards, before: Take | None = None) -> Take:
    """The take with the words that the wildcards of its prompt, style and cast give, chosen by its segment's seed.

    A take that has sections already keeps the words that it has. Style and cast belong to the whole film, so they keep the words of
    the take `before` it as long as they are written as they were there: who has red hair has it in every take.

    Raises:
        EditError: see `Wildcards.fill`.
    """
    if take.sections:
        return take

    def filled(text: str) -> str:
        found = wildcards.fill(text, take.segment.seed)
        return "" if found == text else found

    return replace(
        take,
        words=filled(take.segment.prompt),
        style_words=before.style_words if before and before.style == take.style else filled(take.style),
        cast_words=before.cast_words if before and before.cast == take.cast else filled(take.cast),
    )
