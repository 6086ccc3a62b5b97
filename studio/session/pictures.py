"""Copies a picture from anywhere into a project, where it is the reference image."""

from __future__ import annotations

import hashlib
from pathlib import Path

from PIL import Image

from studio.media.picture import read_layers, save_png
from studio.names import readable
from studio.project.sources import Reference
from studio.project.store import Store


def import_picture(path: Path, store: Store, name: str | None = None) -> Reference:
    """Copy the picture at `path` into the project's media folder, upright, under a name made from its content.

    Where it is transparent, a neutral colour is in its place; its opacity lies beside it, see `opacity_file`.

    `name`: of the file for people; None: that of `path`.

    Raises:
        MediaError: it is no picture, too small, too large or damaged, or the disk is full.
    """
    picture, opacity = read_layers(path)
    content = hashlib.sha256(f"{picture.width}x{picture.height}".encode() + picture.tobytes()).hexdigest()
    copy = store.media / f"{content[:16]}.png"
    if not copy.is_file():
        save_png(picture, copy)
    beside = opacity_file(copy)
    if opacity and not beside.is_file():
        clear = Image.new("LA", picture.size)
        clear.putalpha(opacity)
        save_png(clear, beside)
    return Reference(f"media/{copy.name}", content, picture.width, picture.height, readable(path.name) if name is None else name)


def opacity_file(picture: Path) -> Path:
    """Where the opacity of a project's picture lies: the alpha of a black PNG of the same size. An opaque picture has none."""
    return picture.with_name(f"{picture.stem}-opacity.png")
