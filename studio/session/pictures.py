"""A picture from anywhere becomes the reference image of a project: upright, in its folder, named by its content."""

from __future__ import annotations

import hashlib
from pathlib import Path

from studio.media.picture import read_picture, save_png
from studio.project.model import Reference
from studio.project.store import Store


def keep_picture(path: Path, store: Store) -> Reference:
    """Copy the picture at `path` into the project's media.

    Raises:
        MediaError: it is no picture, too small, too large or damaged, or the disk is full.
    """
    picture = read_picture(path)
    content = hashlib.sha256(f"{picture.width}x{picture.height}".encode() + picture.tobytes()).hexdigest()
    kept = store.media / f"{content[:16]}.png"
    if not kept.is_file():
        save_png(picture, kept)
    return Reference(f"media/{kept.name}", content, picture.width, picture.height, path.name[:120])
