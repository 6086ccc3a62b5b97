"""Copies a picture from anywhere into a project, where it is the reference image."""

from __future__ import annotations

import hashlib
from pathlib import Path

from studio.media.picture import read_picture, save_png
from studio.names import readable
from studio.project.model import Reference
from studio.project.store import Store


def import_picture(path: Path, store: Store) -> Reference:
    """Copy the picture at `path` into the project's media folder, upright, under a name made from its content.

    Raises:
        MediaError: it is no picture, too small, too large or damaged, or the disk is full.
    """
    picture = read_picture(path)
    content = hashlib.sha256(f"{picture.width}x{picture.height}".encode() + picture.tobytes()).hexdigest()
    copy = store.media / f"{content[:16]}.png"
    if not copy.is_file():
        save_png(picture, copy)
    return Reference(f"media/{copy.name}", content, picture.width, picture.height, readable(path.name))
