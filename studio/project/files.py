"""Small files, written whole or not at all, and what to say when the disk refuses. It does not know what they hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import IO, Any

from studio.disk import atomic_write, explain

LARGEST = 64 * 2**20


class StoreError(Exception):
    """A project could not be read or written; the message says what happened, what to do, and that nothing was lost."""


def write_json(path: Path, table: dict[str, Any]) -> bytes:
    """Put a JSON object at `path` in one step and down to the disk; returns what was written.

    Raises:
        StoreError: the disk is full, or the folder cannot be written.
    """
    text = json.dumps(table, ensure_ascii=False, indent=1, allow_nan=False).encode()
    write_bytes(path, text)
    return text


def write_bytes(path: Path, content: bytes) -> None:
    """Put `content` at `path` in one step and down to the disk: a reader sees the old file or the new one.

    Raises:
        StoreError: the disk is full, or the folder cannot be written.
    """
    try:
        with atomic_write(path) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        raise StoreError(explain(path, error)) from error


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in `path`.

    Raises:
        ValueError: it is not one, or it is cut short.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ValueError("the file is too large to be a project")
    try:
        table = json.loads(content)
    except RecursionError:
        raise ValueError("the file is nested too deeply") from None
    if not isinstance(table, dict):
        raise ValueError("the file does not hold an object")
    return table


def claim(path: Path) -> IO[bytes] | None:
    """An open file that keeps other processes from claiming `path` until it is closed; None: another one has claimed it.

    The system lets go of it when the process ends, however it ends. Where there are no such locks, it is an open file.

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
