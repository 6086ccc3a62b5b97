"""Folders that people name in environment variables, and whether files can be written in a folder.

Needs nothing but the standard library and `studio.language`: every room may import it, and it works before anything else does.
"""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from studio.language import sentence

ROOM = 2**16
"""Bytes that are written to find out whether a disk is full."""


class FolderError(Exception):
    """An environment variable names no folder. The message says which, why, and what to write instead."""


def named_folder(variable: str, otherwise: Path) -> Path:
    """The absolute path of the folder that an environment variable names; `otherwise` where it is unset or blank.

    `~` is the account's home folder, and a relative path starts from the folder that the command was given in. The folder may
    not be there yet.

    Raises:
        FolderError: the variable holds no path.
    """
    text = os.environ.get(variable, "").strip().strip('"')       # `set NAME="C:\films"` keeps its quotes on Windows
    if not text.strip():
        return otherwise.absolute()
    try:
        text.encode()
        return Path(text).expanduser().absolute()
    except UnicodeEncodeError:
        raise FolderError(sentence(
            "{variable} names a folder whose name is not in UTF-8. Rename it, or choose another one.", variable=variable)) from None
    except RuntimeError:
        raise FolderError(sentence(
            "{variable} is “{text}”, but there is no such account's home folder. Write the whole path.",
            variable=variable, text=text)) from None


def write_problem(folder: Path) -> str:
    """Why files cannot be written in `folder` (or, if it is not there, why it cannot be made), as part of a sentence.

    Returns "" if they can. Leaves nothing behind, and does not make the folder.
    """
    try:
        there = _nearest(folder)
        if not there.is_dir():
            return sentence("{path} is a file, not a folder", path=there)
        with tempfile.TemporaryFile(dir=there, buffering=0) as file:
            file.write(bytes(ROOM))
            return ""
    except OSError as error:
        if isinstance(error, PermissionError) or error.errno == errno.EROFS:
            return sentence("it cannot be written to")
        if error.errno == errno.ENAMETOOLONG:
            return sentence("its name is too long")
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return sentence("its disk is full")
        if error.errno == errno.ENOENT:
            return sentence("it cannot be written to") if folder.exists() else sentence("it is not there and cannot be made")
        return sentence("the system says “{reason}”", reason=error.strerror or str(error))


def _nearest(folder: Path) -> Path:
    """`folder`, or the nearest one above it that is there. Raises OSError: its name is too long, or it may not be looked at."""
    for path in (folder, *folder.parents):
        try:
            path.stat()
            return path
        except (FileNotFoundError, NotADirectoryError):
            continue
    return folder
