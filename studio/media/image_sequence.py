"""A film as numbered PNG pictures in a ZIP."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from PIL import Image

from studio.media.clip import frames_of, open_clip, probe
from studio.media.disk import atomic_write

DIGITS = 4
"""Digits of a picture's number, at least."""
COMPRESSION = 3
"""zlib's level: higher ones take twice the time for some percent."""


def write_sequence(film: Path, out: Path, name: str, first: int = 1) -> None:
    """Write each frame of a film as a PNG into the ZIP `out`: name/name.0001.png and so on.

    Args:
        film: a clip.
        out: the ZIP.
        name: of the folder in it and of its files.
        first: the number of the first frame. All numbers have the same digits, four or more.

    Raises:
        MediaError: the film cannot be read, or the disk is full.
    """
    facts = probe(film)
    digits = max(DIGITS, len(str(first + facts.frames - 1)))
    need = facts.frames * facts.width * facts.height          # a third of the pixels' bytes, as PNG shrinks films
    with open_clip(film) as container, atomic_write(out, need) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for number, frame in enumerate(frames_of(container, film), first):
            png = io.BytesIO()
            Image.fromarray(frame).save(png, "PNG", compress_level=COMPRESSION)
            archive.writestr(f"{name}/{name}.{number:0{digits}d}.png", png.getvalue())
