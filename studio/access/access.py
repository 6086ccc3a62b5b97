"""What a door needs: who may come in, a page for each of them, their sessions and limits."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field

from studio.access.limits import Limits
from studio.access.sessions import Sessions
from studio.access.user_pages import UserPages
from studio.access.users import Users


@dataclass
class Access:
    """What a door needs.

    Attributes:
        users: those who may come in.
        pages: a page for each of them.
        root_path: the studio's, behind a proxy.
        named: whether there are several users, so that a name is asked for.
    """

    users: Users
    pages: UserPages
    root_path: str = ""
    named: bool = True
    limits: Limits = field(default_factory=Limits)
    cookie: str = field(default_factory=lambda: f"studio-{secrets.token_hex(4)}")     # not that of a studio on another port
    hashing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))  # each takes 64 MB for a moment
    sessions: Sessions = field(init=False)

    def __post_init__(self) -> None:
        self.sessions = Sessions(self.users)
