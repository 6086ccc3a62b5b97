"""Writing media files: `studio.disk.atomic_write` with room checks, and with errors as MediaError."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from studio import disk
from studio.language import sentence
from studio.media import MediaError
from studio.media.allowance import check_allowance
from studio.names import is_reserved

ON_WINDOWS = os.name == "nt"
RESERVE = 16 * 2**20
"""Bytes left free on the disk for the project document, which must always be savable."""


def check_room(folder: Path, need: int = 0) -> None:
    """Check that the disk of `folder` has room for `need` more bytes and the reserve, and that its user may still write them.

    Raises:
        MediaError: it has not, or the user may not.
    """
    check_allowance(folder, need)
    free = shutil.disk_usage(folder).free
    if free < need + RESERVE:
        raise MediaError(sentence(
            "The disk is nearly full: {free:.0f} MB are free in {folder}, {need:.0f} MB are needed. Free some space and try "
            "again; nothing was lost.", free=free / 2**20, folder=folder, need=(need + RESERVE) / 2**20))


def check_writable(path: Path) -> None:
    """Check, before long work, that a file can be written at `path`; makes its folder.

    Raises:
        MediaError: `path` is a folder, its name cannot be used, or the disk is full or cannot be written.
    """
    if ON_WINDOWS and is_reserved(path.name):
        raise MediaError(sentence(
            "{name} cannot be saved: Windows keeps that name for a device. Choose another one.", name=path.name))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            if stat.S_ISDIR(path.stat().st_mode):           # and not is_dir: a name that is too long must not pass
                raise MediaError(sentence("{path} is a folder. Name a file in it.", path=path))
        check_room(path.parent)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise MediaError(disk.explain(path, error)) from error


@contextmanager
def atomic_write(path: Path, need: int = 0) -> Iterator[Path]:
    """A temporary path in the folder of `path`, which is made. When the block ends well, its file becomes `path`.

    Args:
        path: of the file.
        need: bytes that the file will take, as far as known.

    Raises:
        MediaError: there is no room for `need` bytes, or the system raised an OSError before or in the block.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        check_room(path.parent, need)
        with disk.atomic_write(path) as temporary:
            yield temporary
    except OSError as error:
        raise MediaError(disk.explain(path, error)) from error
