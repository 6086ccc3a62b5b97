"""The boards of films: the answer that changed a film and the streams of its pages show the same one, which is made once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from weakref import WeakKeyDictionary

from studio.session import EngineStatus, Session
from studio.ui.words import Json


class Boards:
    """What `make` makes of a film, and for each film the one that was made last. Safe for several threads."""

    def __init__(self, make: Callable[[Session], Json]) -> None:
        self._make = make
        self._last: WeakKeyDictionary[Session, tuple[int, EngineStatus, Json]] = WeakKeyDictionary()
        self._given: dict[str, Json] = {}           # by page: what it got last with an answer

    def fresh(self, session: Session) -> Json:
        """The board as it is now, with the revision that it shows at least: of two, the page draws the newer one."""
        revision, engine = session.revision, session.engine
        board = {"revision": revision, **self._make(session)}
        self._last[session] = revision, engine, board
        return board

    def changed(self, session: Session) -> Json:
        """The board after a change, for those who look on: the one that was made for it already, where there is one.

        What a board shows of files around a film may be older in it, so a page that is opened gets a fresh one.
        """
        last = self._last.get(session)
        return last[2] if last and last[:2] == (session.revision, session.engine) else self.fresh(session)

    @contextlib.contextmanager
    def page(self, page: str) -> Iterator[None]:
        """Within this context, note what a page gets with its answers. `page`: what it calls itself."""
        self._given[page] = {}
        try:
            yield
        finally:
            self._given.pop(page, None)

    def answered(self, page: str | None, board: Json) -> None:
        """Note that a page gets this board with an answer. Only pages that a stream goes to are noted."""
        if page in self._given:
            self._given[page] = board

    def has(self, page: str | None, board: Json) -> bool:
        """Whether this very board went to the page with an answer, so that its stream need not bring it."""
        return page is not None and self._given.get(page) is board
