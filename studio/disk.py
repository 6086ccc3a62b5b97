"""Writing files so that a reader finds the old file or the new one, and what an operating system's error means in words.

Needs nothing but the standard library and `studio.language`: every room may import it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from studio.language import sentence

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Error numbers of a disk, a quota or a file that is full."""

UNFINISHED = re.compile(r"\..*-[0-9a-f]{8}\.part.*", re.DOTALL)
"""Names of files that are not finished: see `_temporary_beside`."""


# By hand: the package for this, atomicwrites, is no longer maintained.
@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """A temporary path in the folder of `path`. The block writes a file there; when it ends well, that file becomes `path`.

    The file and its folder are on the disk when this returns. If the block raises, the temporary file is removed and an older
    file at `path` stays as it was.

    Raises:
        OSError: the disk is full, or the folder is not there or cannot be written; `explain` turns it into a sentence.
    """
    with _temporary_beside(path) as temporary:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)


def link_as(path: Path, second: Path) -> None:
    """Give the file `path` the name `second` too, in one step and in place of the file that has it. Nothing is written.

    Both are one file from then on, so `path` must only be replaced, never written into. The name is on the disk once the folder is,
    as after the next `atomic_write` in it.

    Raises:
        OSError: the folder cannot be written, or its file system knows no second names.
    """
    with _temporary_beside(second) as temporary:
        temporary.hardlink_to(path)
        temporary.replace(second)           # it does nothing where both are one file already


def identity(path: Path) -> tuple[int, ...] | None:
    """What tells a file from another one of its name, and from itself before it was written into; None: it is not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


@contextmanager
def _temporary_beside(path: Path) -> Iterator[Path]:
    """A path in the folder of `path` that no file has; what has it at the end is removed."""
    # not with all of the name in front: a name of 255 bytes is full, and one byte more is refused
    stem = path.stem.encode("utf-8", "ignore")[:32].decode("utf-8", "ignore")
    temporary = path.with_name(f".{stem}-{secrets.token_hex(4)}.part{path.suffix[-16:]}")
    try:
        yield temporary
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def remove_unfinished(folder: Path, age: float = 0.0) -> None:
    """Remove what `atomic_write` had not finished, in `folder` and all folders in it, when its process was killed.

    `age`: seconds for which such a file must not have been written to. 0: only where nobody else writes.
    """
    for place, _, names in os.walk(folder):
        for path in (Path(place, name) for name in names if UNFINISHED.fullmatch(name)):
            with contextlib.suppress(OSError):
                if not age or time.time() - path.stat().st_mtime > age:
                    path.unlink()


def explain(path: Path, error: OSError) -> str:
    """A sentence for people: why `path` could not be written, and what to do about it."""
    folder = path.parent
    if error.errno in FULL:
        remedy = sentence("the disk of {folder} is full. Free some space and try again", folder=folder)
    elif isinstance(error, PermissionError) or error.errno == errno.EROFS:
        remedy = sentence("{folder} cannot be written to. Change its permissions or choose another folder", folder=folder)
    elif error.errno == errno.ENAMETOOLONG:
        return sentence(
            "A file could not be saved: the name is too long for the disk of {folder}. Choose a shorter one; nothing was lost.",
            folder=folder)
    elif error.errno == errno.ENOENT and not folder.exists():
        remedy = sentence("{folder} is not there any more. Put the folder back where it was", folder=folder)
    else:
        remedy = sentence(
            "the system said “{reason}”. Check that {folder} is a folder on a working disk",
            reason=error.strerror or str(error), folder=folder)
    return sentence(
        "{name} could not be saved: {remedy}; nothing was lost, and what was saved before is not touched.",
        name=path.name, remedy=remedy)


def _sync_folder(folder: Path) -> None:
    """Makes a rename in `folder` survive a power cut. Windows cannot open folders, and some file systems cannot sync them."""
    with contextlib.suppress(OSError, AttributeError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
