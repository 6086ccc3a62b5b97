"""What all functions for programs share: they open a film, let a verb of the page answer, follow jobs, and tell errors as the API
does.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, TypeVar

from studio.api.errors import ApiError, as_api_error
from studio.api.film_values import file_value, film_value, progress_value
from studio.api.values import File, Film, Progress
from studio.project import limits
from studio.session import Session, StoreError
from studio.ui.api import PageApi
from studio.ui.fields import Fields
from studio.ui.verbs.film import export

Event = TypeVar("Event", bound=Progress)
LONGEST = 1e6
"""Seconds that are read at all; what a segment may last is less, and told in a sentence."""
PAUSE = 0.05
"""Seconds between two events, at least: a job may change many times a second."""
BEAT = 10.0
"""Seconds after which an event comes even if nothing changed, so that a caller knows that it is still connected."""


class Calls:
    """Functions that call a page's own verbs. All raise ApiError; then nothing has changed.

    `film` is the film's id in all of them. What a function returns is written down where it is not the film, or its job's events.
    """

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
        """Let a verb of the page answer a message; returns what has to be said about it. Lengths in seconds become sections."""
        if "seconds" in named:
            named["sections"] = self._sections(session, named.pop("seconds"))
        answer = self.page.verbs[verb](session, self._fields(named)) or {}
        return str(answer.get("note") or answer.get("aside") or "")

    def _export(self, session: Session, **named: object) -> File:
        """Export something as the page does."""
        return file_value(export(session, self._fields(named)).path)

    def _fields(self, named: dict[str, Any]) -> Fields:
        return Fields(named, self.page.uploads, strict=True)

    def _sections(self, session: Session, seconds: object) -> int | None:
        """The whole sections of a length. Raises EditError: it is nothing, or too long. MessageError: it is no number."""
        clock = session.project.clock
        if seconds is None:
            return None
        wanted = Fields({"seconds": seconds}).number("seconds", -LONGEST, LONGEST)
        return clock.sections(limits.frames(wanted * clock.fps, clock))

    def _follow(self, film: str, verb: str | None, **named: object) -> AsyncIterator[Progress]:
        """Start a job with a verb of the page (None: take the one that is there), and yield events until it has ended."""
        return self._watch(film, verb, lambda session: progress_value(session.job), named)

    async def _watch(
        self, film: str, verb: str | None, look: Callable[[Session], Event], named: dict[str, object]
    ) -> AsyncIterator[Event]:
        """Start something with a verb of the page, and yield what `look` tells of it whenever that changes, until it has ended."""
        session = await asyncio.to_thread(self._start, film, verb, named)
        bell, loop = asyncio.Event(), asyncio.get_running_loop()

        def wake() -> None:
            """Ring the bell, from any thread."""
            with contextlib.suppress(RuntimeError):         # the server has stopped
                loop.call_soon_threadsafe(bell.set)

        last: Event | None = None
        with session.on_change(wake), self.page.studio.protect(session):
            while True:
                bell.clear()
                if session.gone:
                    raise ApiError("not_found", session.gone)
                event = look(session)
                if event != last:
                    yield event
                if event["state"] not in ("queued", "running"):
                    return
                last = event
                await asyncio.sleep(PAUSE)
                try:
                    await asyncio.wait_for(bell.wait(), BEAT)
                except TimeoutError:
                    last = None

    def _start(self, film: str, verb: str | None, named: dict[str, object]) -> Session:
        with self._answering(film, **named) as session:
            if verb:
                self._do(session, verb, **named)
            return session


def upload_path(upload: object) -> object:
    """The path of an uploaded file; anything else as it is, to be refused."""
    return upload.get("path") if isinstance(upload, dict) else upload
