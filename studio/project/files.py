"""Reading and writing a project's small files, with errors of the disk as StoreError; and the claim on a project."""

from __future__ import annotations

import json
from pathlib import Path
from typing import IO, Any

from studio.disk import atomic_write, explain

LARGEST = 64 * 2**20


class StoreError(Exception):
    """A project could not be read or written; the message says what happened and what to do."""


def write_json(path: Path, table: dict[str, Any]) -> bytes:
    """Write a JSON object to `path` by `write_bytes`; returns what was written.

    Raises:
        StoreError: the disk is full, or the folder cannot be written.
    """
    text = json.dumps(table, ensure_ascii=False, indent=1, allow_nan=False).encode()
    write_bytes(path, text)
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
