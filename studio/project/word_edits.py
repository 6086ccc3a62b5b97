"""Edits of the words for the whole film, its style and its cast, each a function Project -> Project."""

from __future__ import annotations

from dataclasses import replace

from studio.language import sentence
from studio.project import limits
from studio.project.model import Project


def set_style(project: Project, style: str) -> Project:
    """Change what is said of the look of the whole film; "" says nothing. Takes made with another style become stale.

    Raises:
        EditError: not text, or longer than 2000 characters.
    """
    return replace(project, style=limits.film_text(style, sentence("style")))


def set_cast(project: Project, cast: str) -> Project:
    """Change who and what appears in the whole film; "" names nobody. Takes made with another cast become stale.

    Raises:
        EditError: not text, or longer than 2000 characters.
    """
    return replace(project, cast=limits.film_text(cast, sentence("cast")))
