"""How often a user, or an address, may ask: the counting is done by the library `limits`, in memory."""

from __future__ import annotations

import ipaddress
import math
import time

LOGINS = "10/5minutes"
"""Wrong passwords and tokens from one address."""
LOGINS_OF_A_USER = "300/hour"
"""Wrong passwords for one user, from anywhere."""
CALLS = "900/minute"
"""What changes something or asks for it (POST), of one user. Typing sends one after each pause."""
FILES = "6000/minute"
"""Everything else of one user: pictures and parts of clips."""
STRANGERS = "240/minute"
"""Requests from one address without a session."""


class Limits:
    """Counts what was asked. Every method returns the seconds to wait, 0: go on."""

    def __init__(self) -> None:
        from limits import parse
        from limits.storage import MemoryStorage
        from limits.strategies import MovingWindowRateLimiter

        self._window = MovingWindowRateLimiter(MemoryStorage())
        self._rules = {rule: parse(rule) for rule in (LOGINS, LOGINS_OF_A_USER, CALLS, FILES, STRANGERS)}

    def login(self, address: str, name: str | None) -> int:
        """Count a password (or, without a name, a token) that is about to be checked."""
        wait = self._hit(LOGINS, "login", place(address))
        return wait or (0 if name is None else self._hit(LOGINS_OF_A_USER, "login", f"user {name}"))

    def right(self, address: str) -> None:
        """Forget the wrong ones of an address: the password was right."""
        self._window.clear(self._rules[LOGINS], "login", place(address))

    def user(self, name: str, method: str) -> int:
        """Count a request of a user."""
        return self._hit(FILES if method in ("GET", "HEAD", "OPTIONS") else CALLS, "user", name)

    def stranger(self, address: str) -> int:
        """Count a request without a session."""
        return self._hit(STRANGERS, "stranger", place(address))

    def _hit(self, rule: str, *key: str) -> int:
        item = self._rules[rule]
        if self._window.hit(item, *key):
            return 0
        return max(1, math.ceil(self._window.get_window_stats(item, *key).reset_time - time.time()))


def place(address: str) -> str:
    """What an address is counted as: itself, or its network where one household has 2^64 of them (IPv6)."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
