"""Who may use a studio on a network: users in a file, or one user with one password. Passwords are kept as hashes (argon2id).

    STUDIO_HOME/users/users.json     {"users": {"mira": {"password": "$argon2id$...", "tokens": ["<sha256>", ...]}}}
    STUDIO_HOME/users/mira/          mira's films, as `projects/` is for a studio with one user

Tokens stand for a password where a program asks: they are random, so their checksum is enough to know them by.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from studio.language import sentence
from studio.project.files import StoreError, read_json, write_json

if TYPE_CHECKING:
    from argon2 import PasswordHasher

FOLDER = "users"
FILE = "users.json"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
SHORTEST, LONGEST = 8, 1024
"""Characters of a password."""
MOST_TOKENS = 20
LOCK_SECONDS = 10.0
"""Seconds that a change of the file waits for another one."""
ONLY = ""
"""The name of the one user of a studio with a password and no users."""


class UsersError(Exception):
    """The users cannot be read or changed. The message says why, and what to do; nothing was changed."""


class PasswordError(UsersError):
    """A password cannot be one. Its sentence is for whoever chose it."""


@dataclass(frozen=True)
class User:
    """A user. `password` is its hash, `tokens` are the checksums of the user's tokens."""

    name: str
    password: str
    tokens: tuple[str, ...] = ()


class Users(Protocol):
    """Those who may use the studio."""

    def find(self, name: str) -> User | None:
        """The user of a name; None: there is none."""
        ...

    def by_token(self, token: str) -> User | None:
        """The user of a token; None: it is nobody's."""
        ...


def has_packages() -> bool:
    """Whether the packages are installed that passwords and limits need."""
    return all(importlib.util.find_spec(name) is not None for name in ("argon2", "limits"))


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher()


@cache
def _nobody() -> str:
    return _hasher().hash(secrets.token_urlsafe())


def hash_password(password: str) -> str:
    """The hash of a new password. Raises PasswordError: it is too short or too long, or cannot be written."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise PasswordError(sentence(
            "A password has {least} to {most} characters; this one has {length}. Choose another one.",
            least=SHORTEST, most=LONGEST, length=len(password)))
    try:
        return _hasher().hash(password)
    except UnicodeEncodeError:
        raise PasswordError(sentence("This password holds characters that cannot be written. Choose another one.")) from None


def check_password(user: User | None, password: str) -> bool:
    """Whether it is the user's password. Without a user it takes as long, so that nobody learns which names there are."""
    from argon2.exceptions import InvalidHashError, VerificationError

    if len(password) > LONGEST:
        return False
    try:
        _hasher().verify(user.password if user else _nobody(), password)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False
    return user is not None


def token_sum(token: str) -> str:
    """What a token is known by."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


class OnePassword:
    """One user without a name, whose password is kept in memory alone. It is the user's token too."""

    def __init__(self, password: str) -> None:
        """Raises UsersError: the password is too short or too long."""
        self._user = User(ONLY, hash_password(password), (token_sum(password),))

    def find(self, name: str) -> User | None:
        """The one user, whatever the name is."""
        return self._user

    def by_token(self, token: str) -> User | None:
        """The one user, where the token is the password."""
        # A password is no random token, but its checksum is in no file; and wrong tokens are counted as wrong passwords are.
        return self._user if secrets.compare_digest(self._user.tokens[0], token_sum(token)) else None


class UserFile:
    """Users in a file, which is read again when it has changed. Safe to call from several threads."""

    def __init__(self, home: Path) -> None:
        """Use the file in the folder of all projects."""
        self.path = home / FOLDER / FILE
        self._lock = threading.Lock()
        self._stamp: tuple[int, int, int] | None = None
        self._users: Mapping[str, User] = {}

    def all(self) -> Mapping[str, User]:
        """All users by name; none where there is no file. Raises UsersError: the file cannot be read."""
        with self._lock:
            try:
                found = self.path.stat()
                stamp = found.st_mtime_ns, found.st_size, found.st_ino
                if stamp != self._stamp:
                    self._users, self._stamp = _parse(read_json(self.path)), stamp
            except FileNotFoundError:
                self._users, self._stamp = {}, None
            except (OSError, ValueError) as error:
                self._users, self._stamp = {}, None            # nobody is let in by what cannot be read
                raise UsersError(
                    f"The users in {self.path} cannot be read ({error}). Repair the file, or remove it and add the users again."
                ) from error
            return self._users

    def find(self, name: str) -> User | None:
        """The user of a name."""
        return self.all().get(name)

    def by_token(self, token: str) -> User | None:
        """The user of a token."""
        wanted = token_sum(token)
        return next((user for user in self.all().values() if wanted in user.tokens), None)

    def add(self, name: str, password: str, keep_films: bool = False) -> None:
        """Add a user.

        Args:
            name: of the user, and of the folder of the user's films.
            password: at least 8 characters.
            keep_films: the user gets the films of an earlier user of that name.

        Raises:
            UsersError: the name is taken or no name, films of an earlier user lie there, or the password cannot be one.
        """
        if not NAME.fullmatch(name):
            raise UsersError(
                f"“{name[:100]}” cannot be a user's name. A name has 1 to 32 small letters, digits, hyphens and underscores.")
        if name in self.all():
            raise UsersError(f"There is a user {name} already. Choose another name.")
        folder = self.path.parent / name
        if not keep_films and any(path.is_file() for path in folder.rglob("*")):
            raise UsersError(
                f"There are files of an earlier {name} in {folder}, which a new user of that name would get. Is it the same "
                "person? Add the user with --keep-films. If not, choose another name, or stop the studio and move that folder away "
                "first. Nothing was changed.")
        made = User(name, hash_password(password))
        self._change(lambda users: {**users, name: made})

    def remove(self, name: str) -> None:
        """Remove a user; the films stay in their folder. Raises UsersError: there is no such user."""
        self._known(name)
        self._change(lambda users: {key: user for key, user in users.items() if key != name})

    def set_password(self, name: str, password: str) -> User:
        """Give a user another password, which ends all sessions and tokens; returns the user. Raises UsersError: see `add`."""
        user = replace(self._known(name), password=hash_password(password), tokens=())
        self._change(lambda users: {**users, name: user})
        return user

    def make_token(self, name: str) -> str:
        """A new token of a user, besides those that there are. Raises UsersError: there is no such user, or there are many."""
        user = self._known(name)
        if len(user.tokens) >= MOST_TOKENS:
            raise UsersError(f"{name} has {MOST_TOKENS} tokens already. A new password ends them all.")
        token = secrets.token_urlsafe(32)
        self._change(lambda users: {**users, name: replace(user, tokens=(*user.tokens, token_sum(token)))})
        return token

    def _known(self, name: str) -> User:
        if user := self.find(name):
            return user
        raise UsersError(f"There is no user “{name[:100]}”. Those that there are: {', '.join(sorted(self.all())) or 'none'}.")

    def _change(self, change: Callable[[Mapping[str, User]], Mapping[str, User]]) -> None:
        from filelock import FileLock  # late: a missing package is told by the commands that need it

        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with FileLock(self.path.with_suffix(".lock"), timeout=LOCK_SECONDS):       # the page and the command may both write
                users = change(self.all())
                table = {name: {"password": user.password, "tokens": list(user.tokens)} for name, user in sorted(users.items())}
                before = os.umask(0o077)                       # the file is its owner's from the first byte on
                try:
                    write_json(self.path, {"users": table})
                finally:
                    os.umask(before)
        except (OSError, StoreError) as error:
            raise UsersError(str(error)) from error


def _parse(table: Mapping[str, Any]) -> Mapping[str, User]:
    """The users in a file's table. Raises ValueError: they are not users."""
    entries = table.get("users")
    if not isinstance(entries, dict):
        raise ValueError("it names no users")
    users = {}
    for name, entry in entries.items():
        if not NAME.fullmatch(name) or not isinstance(entry, dict) or not isinstance(entry.get("password"), str):
            raise ValueError(f"the user {name!r:.50} is none")
        tokens = entry.get("tokens", [])
        if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
            raise ValueError(f"the tokens of {name} are none")
        users[name] = User(name, entry["password"], tuple(tokens))
    return users
