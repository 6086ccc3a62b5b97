"""Sessions of users: each ends some time after it was last used, at the latest after a week, or when someone says so.

Kept in memory: a signed cookie, as Starlette's, could not be taken back when its owner logs out. A studio that is started again
asks everyone for the password.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from studio.access.users import User, Users, UsersError

IDLE_SECONDS = 24 * 3600.0
"""Seconds after its last use when a session ends."""
LONGEST_SECONDS = 7 * 24 * 3600.0
"""Seconds after its beginning when a session ends in any case."""
MOST = 50
"""Sessions of one user; the oldest one ends when another begins."""


@dataclass
class Session:
    """A browser, or a program, that somebody has logged in with. Times by the sessions' clock."""

    user: User
    began: float
    used: float


class Sessions:
    """The sessions of all users. Safe to call from several threads."""

    def __init__(self, users: Users, clock: Callable[[], float] = time.monotonic) -> None:
        self._users = users
        self._clock = clock
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}                # by the checksum of their keys, which are nowhere here

    def begin(self, user: User) -> str:
        """Begin a session of a user whose password was right; returns its key, for the cookie."""
        key, now = secrets.token_urlsafe(32), self._clock()
        with self._lock:
            self._sessions = {key: each for key, each in self._sessions.items() if not self._is_over(each, now)}
            own = [key for key, each in self._sessions.items() if each.user.name == user.name]
            for old in own[: max(0, len(own) - MOST + 1)]:
                del self._sessions[old]
            self._sessions[_sum(key)] = Session(user, now, now)
        return key

    def user(self, key: str) -> User | None:
        """The user of a session, which counts as a use of it. None: there is no such session, or it is over."""
        now = self._clock()
        with self._lock:
            session = self._sessions.get(_sum(key))
            if session is None:
                return None
            if self._is_over(session, now):
                del self._sessions[_sum(key)]
                return None
            session.used = now
            return session.user

    def end(self, key: str) -> None:
        """End a session."""
        with self._lock:
            self._sessions.pop(_sum(key), None)

    def _is_over(self, session: Session, now: float) -> bool:
        try:
            present = self._users.find(session.user.name)
        except UsersError:
            return True
        changed = present is None or present.password != session.user.password
        return changed or now - session.used > IDLE_SECONDS or now - session.began > LONGEST_SECONDS


def _sum(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
