"""Sessions end: after a day without use, after a week, with another password, without the user, and when someone says so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from studio.access.sessions import IDLE_SECONDS, LONGEST_SECONDS, MOST, Sessions
from studio.access.users import User


class Known:
    """Users in memory."""

    def __init__(self) -> None:
        self.users = {name: User(name, f"hash of {name}") for name in ("mira", "otto")}

    def find(self, name: str) -> User | None:
        return self.users.get(name)

    def by_token(self, token: str) -> User | None:
        return None


@pytest.fixture
def now() -> list[float]:
    return [1000.0]


def test_a_session_lives_as_long_as_it_is_used_but_a_week_at_most(now: list[float]) -> None:
    known = Known()
    sessions = Sessions(known, lambda: now[0])
    unused, used = sessions.begin(known.users["mira"]), sessions.begin(known.users["mira"])
    end = now[0] + LONGEST_SECONDS
    while now[0] + 0.9 * IDLE_SECONDS < end:
        now[0] += 0.9 * IDLE_SECONDS
        assert sessions.user(used) == known.users["mira"]
    assert sessions.user(unused) is None
    now[0] = end + 1
    assert sessions.user(used) is None


def test_it_ends_with_the_password_the_user_or_a_word(now: list[float]) -> None:
    known = Known()
    sessions = Sessions(known, lambda: now[0])
    mira, otto = (sessions.begin(known.users[name]) for name in ("mira", "otto"))
    third = sessions.begin(known.users["otto"])
    known.users["mira"] = replace(known.users["mira"], password="another hash")
    assert sessions.user(mira) is None and sessions.user(otto)
    sessions.end(otto)
    assert sessions.user(otto) is None and sessions.user(third)
    del known.users["otto"]
    assert sessions.user(third) is None
    assert sessions.user("") is None and sessions.user("\ud800") is None


def test_one_user_cannot_fill_the_memory(now: list[float]) -> None:
    known = Known()
    sessions = Sessions(known, lambda: now[0])
    other = sessions.begin(known.users["otto"])
    keys = [sessions.begin(known.users["mira"]) for _ in range(MOST + 5)]
    assert [sessions.user(key) is not None for key in keys] == [False] * 5 + [True] * MOST
    assert sessions.user(other)
