"""Small files, written whole or not at all, and what to say when the disk refuses. It does not know what they hold."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
from pathlib import Path
from typing import IO, Any

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
    beside = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        _settle(path.parent)
    except OSError as error:
        raise refused(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)


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


def refused(path: Path, error: OSError) -> StoreError:
    """What an error of the operating system means to the artist."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        remedy = f"the disk that holds {path.parent} is full. Free some space, then do it again"
    elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        remedy = f"{path.parent} cannot be written to. Change its permissions, or move the project to another folder"
    elif error.errno == errno.ENOENT:
        remedy = f"{path.parent} is not there any more. Put the folder back where it was"
    else:
        remedy = f"the system said “{error.strerror or error}”. Check that {path.parent} is on a working disk"
    return StoreError(f"{path.name} could not be saved: {remedy}. What was saved before is not touched.")


def _settle(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut, where the system can say so."""
    with contextlib.suppress(OSError, AttributeError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
