"""Tags of a film: short words by which its artist finds it among many."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from studio.language import sentence
from studio.project.limits import EditError, printable
from studio.project.model import Project

TAGS, LENGTH = 20, 40
"""Tags of a film, and characters of a tag, at most."""


def set_tags(project: Project, tags: Iterable[str]) -> Project:
    """Give the film these tags instead of those that it has; blank ones and those that are there already are left out.

    Raises:
        EditError: there are more than 20, or one has more than 40 characters.
    """
    known = known_tags(tags)
    long = next((tag for tag in known if len(tag) > LENGTH), None)
    if long:
        raise EditError(sentence(
            "A tag has {length} characters at most, and “{tag}…” has {number}. The film keeps its tags.",
            length=LENGTH, tag=long[:LENGTH], number=len(long)))
    if len(known) > TAGS:
        raise EditError(sentence(
            "A film has {tags} tags at most, not {number}. It keeps those that it has.", tags=TAGS, number=len(known)))
    return replace(project, tags=known) if known != project.tags else project


def known_tags(tags: Iterable[object]) -> tuple[str, ...]:
    """Tags on one line each, without “#” in front; of two that differ only in capital letters the first stays."""
    found: dict[str, str] = {}
    for tag in tags:
        if isinstance(tag, str) and (clean := " ".join(printable(tag).split()).lstrip("#").strip()):
            found.setdefault(clean.casefold(), clean)
    return tuple(found.values())


def parse_tags(tags: object) -> tuple[str, ...]:
    """The tags in a document's field, without what is none."""
    return tuple(tag for tag in known_tags(tags) if len(tag) <= LENGTH)[:TAGS] if isinstance(tags, list) else ()
