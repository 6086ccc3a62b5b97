"""Writing a file whole or not at all; it does not know what is in the file."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from studio.media import MediaError

RESERVE = 16 * 2**20  # bytes left free for the project document, which must always be savable
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def check_room(folder: Path, need: int = 0) -> None:
    """MediaError unless `folder` has room for `need` more bytes."""
    free = shutil.disk_usage(folder).free
    if free < need + RESERVE:
        raise MediaError(
            f"The disk is nearly full: {free / 2**20:.0f} MB are free in {folder}, "
            f"{(need + RESERVE) / 2**20:.0f} MB are needed. Free some space and try again; nothing was lost."
        )


def check_place(path: Path) -> None:
    """MediaError unless a file can be written at `path` now: better told before the work than after it."""
    if path.is_dir():
        raise MediaError(f"{path} is a folder. Name a file in it.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        check_room(path.parent)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise refused(path, error) from error


@contextmanager
def whole(path: Path, need: int = 0) -> Iterator[Path]:
    """A temporary path beside `path`, renamed to it only when the block ends well: nobody ever sees half a file.

    Whatever the system refuses (a full disk, a folder without permission) becomes a MediaError with a remedy.
    """
    temporary = path.with_name(f".{path.stem[:64]}-{secrets.token_hex(4)}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        check_room(path.parent, need)
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise refused(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def refused(path: Path, error: OSError) -> MediaError:
    """What an operating system error means to the artist."""
    if error.errno in FULL:
        remedy = f"the disk of {path.parent} is full. Free some space and try again"
    elif isinstance(error, PermissionError) or error.errno == errno.EROFS:
        remedy = f"{path.parent} cannot be written to. Change its permissions or choose another folder"
    else:
        remedy = f"the system said “{error.strerror or error}”. Check that {path.parent} is a folder on a working disk"
    return MediaError(f"{path.name} could not be saved: {remedy}; nothing was lost.")
