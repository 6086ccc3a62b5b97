"""The boards of films: the answer that changed a film and the streams of its pages show the same one, which is made once."""

from __future__ import annotations

from collections.abc import Callable
from weakref import WeakKeyDictionary

from studio.session import EngineStatus, Session
from studio.ui.words import Json


class Boards:
    """What `make` makes of a film, and for each film the one that was made last. Safe for several threads."""

    def __init__(self, make: Callable[[Session], Json]) -> None:
        self._make = make
        self._last: WeakKeyDictionary[Session, tuple[int, EngineStatus, Json]] = WeakKeyDictionary()

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
