"""What all functions for programs share: they open a film, let a verb of the page answer, and tell errors as the API does."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from studio.api.errors import ApiError, as_api_error
from studio.api.film_values import film_value
from studio.api.values import Film
from studio.project import limits
from studio.session import Session, StoreError
from studio.ui.api import PageApi
from studio.ui.fields import Fields

LONGEST = 1e6
"""Seconds that are read at all; what a segment may last is less, and told in a sentence."""


class Calls:
    """Functions that call a page's own verbs. All raise ApiError; then nothing has changed."""

    def __init__(self, page: PageApi) -> None:
        """Answer with the verbs of `page`."""
        self.page = page

    @contextlib.contextmanager
    def _answering(self, film: str | None, **named: object) -> Iterator[Session]:
        """The session of a film. What is raised inside becomes an ApiError. Without a film there is no session to use."""
        session: Session | None = None
        try:
            if film is not None:
                session = self._open(film)
            yield session  # type: ignore[misc]
        except Exception as error:
            raise as_api_error(error, session, named) from error

    def _open(self, film: str) -> Session:
        """The session of a film. Raises ApiError: there is none of this id."""
        folder = self._fields({"film": film}).folder("film")
        try:
            return self.page.studio.open(folder)
        except StoreError as error:
            missing = not self.page.studio.has(folder)
            raise ApiError("not_found" if missing else "file", error.args[0]) from error

    def _change(self, film: str, verb: str | None, **named: object) -> Film:
        """The film after a verb of the page."""
        with self._answering(film, **named) as session:
            return film_value(session, self._do(session, verb, **named) if verb else "")

    def _do(self, session: Session, verb: str, **named: object) -> str:
        """Let a verb of the page answer a message; returns what has to be said about it."""
        answer = self.page.verbs[verb](session, self._fields(named)) or {}
        return str(answer.get("note") or "")

    def _fields(self, named: dict[str, Any]) -> Fields:
        return Fields(named, self.page.uploads)

    def _sections(self, session: Session, seconds: float | None) -> int | None:
        """The whole sections of a length. Raises EditError: it is nothing, or too long. MessageError: it is no number."""
        clock = session.project.clock
        if seconds is None:
            return None
        wanted = self._fields({"seconds": seconds}).number("seconds", -LONGEST, LONGEST)
        return clock.sections(limits.frames(wanted * clock.fps, clock))
