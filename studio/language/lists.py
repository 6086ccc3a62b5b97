"""Things that stand beside each other in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from studio.language.sentence import sentence


def with_and(parts: Sequence[str]) -> str:
    """One or more things: a and b and c."""
    return reduce(lambda first, second: sentence("{first} and {second}", first=first, second=second), parts)


def with_or(parts: Sequence[str]) -> str:
    """One or more things of which one is meant: a or b or c."""
    return reduce(lambda first, second: sentence("{first} or {second}", first=first, second=second), parts)


def with_or_else(parts: Sequence[str]) -> str:
    """One or more clauses of which one is meant: do a, or do b."""
    return reduce(lambda first, second: sentence("{first}, or {second}", first=first, second=second), parts)
