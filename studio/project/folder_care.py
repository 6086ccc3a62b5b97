"""What lies in a project's folder, by name, and what is done to it before it is written to: damage is set aside, leftovers go."""

from __future__ import annotations

import contextlib
from pathlib import Path

from studio import disk

DOCUMENT = "project.json"
BACKUP = "project.json.bak"
TRASH_NOTE = "trash.json"
"""Which takes are in the trash, for when the document is lost."""
TAKES, MEDIA, FILMS = "takes", "media", "films"


def set_aside(folder: Path, name: str) -> None:
    """Rename what is damaged in a project's folder, so that it can be examined. What was set aside before stays."""
    names = [f"{name}.damaged", *(f"{name}.damaged-{n}" for n in range(2, 100))]
    free = next((name for name in names if not (folder / name).exists()), names[0])
    with contextlib.suppress(OSError):
        (folder / name).replace(folder / free)


def make_ready(folder: Path) -> None:
    """Remove files that a killed studio had not finished writing, and rename what is in the way of those to be written."""
    for name in (TAKES, MEDIA, FILMS):
        if (folder / name).is_file():
            set_aside(folder, name)
    if (folder / BACKUP).is_dir():
        set_aside(folder, BACKUP)
    disk.remove_unfinished(folder)
