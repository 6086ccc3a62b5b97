"""Reading and writing a project's small files, with errors of the disk as StoreError; and the claim on a project."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from studio.disk import atomic_write, explain
from studio.language import sentence

LARGEST = 64 * 2**20
"""Bytes of a project's document, at most."""
DEPTH = 100
"""Objects and lists within each other, at most."""
_SURROGATES = (b"\\ud", b"\\uD", b"\xed", b"\0")
"""What a file holds that may hold half of a surrogate pair: its escape, its byte in UTF-8, or bytes of UTF-16 and UTF-32."""
_CONTAINERS = frozenset((dict, list))


class StoreError(Exception):
    """A project could not be read or written; the message says what happened and what to do."""


def write_json(path: Path, table: dict[str, Any], check: Callable[[dict[str, Any]], None] | None = None) -> bytes:
    """Write a JSON object to `path` in one step, but only if it can be read again; returns what was written.

    Args:
        path: of the file.
        table: the object.
        check: gets what was read back from the disk, before it replaces an older file. It raises ValueError where that is not
            what was meant. None: any JSON object will do.

    Raises:
        StoreError: the disk is full, the folder cannot be written, or what was written cannot be read. An older file at `path`
            stays as it was.
    """
    try:
        text = json.dumps(table, ensure_ascii=False, indent=1, allow_nan=False).encode()
        with atomic_write(path) as temporary:
            temporary.write_bytes(text)
            again = read_json(temporary)
            if check:
                check(again)
    except OSError as error:
        raise StoreError(explain(path, error)) from error
    except (ValueError, TypeError, RecursionError) as error:
        raise StoreError(sentence(
            "{name} was not saved, because it could not be opened again ({error}). What was saved before is not touched. Undo "
            "what you did last, or tell the makers of the studio.", name=path.name, error=str(error))) from error
    return text


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` to `path` in one step: a reader finds the old file or the new one.

    Raises:
        StoreError: the disk is full, or the folder cannot be written.
    """
    try:
        with atomic_write(path) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        raise StoreError(explain(path, error)) from error


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in `path`, without what `write_json` could not write again.

    Numbers that are not finite become null, and halves of surrogate pairs become question marks.

    Raises:
        ValueError: it is not one, it is cut short, or it is nested too deeply.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ValueError("the file is too large to be a project")
    try:
        table = json.loads(content, parse_constant=lambda _: None, parse_float=_finite)
    except RecursionError:
        raise ValueError("the file is nested too deeply") from None
    if not isinstance(table, dict):
        raise ValueError("the file does not hold an object")
    _check_depth(table)
    if any(sign in content for sign in _SURROGATES):
        text = json.dumps(table, ensure_ascii=False)
        try:
            text.encode()
        except UnicodeEncodeError:
            table = json.loads(text.encode("utf-8", "replace"))
    return table


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def _check_depth(table: dict[str, Any]) -> None:
    """Raises ValueError: there are more objects and lists within each other than a JSON writer can handle."""
    level: list[Any] = [table]
    for _ in range(DEPTH):
        level = [inner for value in level for inner in (value.values() if type(value) is dict else value)
                 if type(inner) in _CONTAINERS]           # as JSON readers make them; `isinstance` takes twice as long
        if not level:
            return
    raise ValueError("the file is nested too deeply")


def claim(path: Path) -> IO[bytes] | None:
    """Lock `path` for this process until the returned file is closed; None: another process has locked it.

    The system unlocks it when the process ends. On systems without such locks nothing is locked.

    Raises:
        OSError: the file cannot be opened.
    """
    file = path.open("ab")
    try:
        import fcntl
    except ImportError:  # Windows
        return file
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        file.close()
        return None
    except OSError:  # a file system without locks
        pass
    return file


def is_free(path: Path) -> bool:
    """Whether `claim` of `path` would succeed now. Nothing is locked; this process must not have locked it."""
    try:
        file = claim(path)
    except OSError:
        return False
    if file:
        file.close()
    return file is not None
