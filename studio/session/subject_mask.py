"""What of the reference image belongs to its marked subject, as a small picture that the page lays over it."""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from studio.language import sentence
from studio.marks import Stroke, Subject
from studio.media.picture import read_picture
from studio.media.subject import subject_alpha
from studio.project.edits import EditError
from studio.project.model import Project

LONGEST = 480
"""Pixels of a mask's longer side, at most."""


def subject_mask(folder: Path, project: Project) -> bytes | None:
    """A white PNG of the picture's shape, opaque where the subject is; None if no subject is marked.

    Args:
        folder: of the project.
        project: with picture and marks.

    Raises:
        EditError: nothing under the strokes can be told from its ground.
        MediaError: the picture cannot be read.
    """
    subject, picture = project.marks.subject, project.reference
    if subject is None or picture is None:
        return None
    mask = _mask(folder / picture.file, subject)
    if mask is None:
        raise EditError(sentence(
            "What you marked cannot be told from the rest of the picture. Mark more of it. The strokes are kept."))
    return mask


def _mask(file: Path, subject: Subject) -> bytes | None:
    """The PNG; None if the strokes give no mask."""
    return _cached(str(file), file.stat().st_mtime_ns if file.exists() else 0, subject.strokes, subject.ground)


@lru_cache(maxsize=16)
def _cached(file: str, _changed: int, strokes: tuple[Stroke, ...], ground: tuple[Stroke, ...]) -> bytes | None:
    picture = read_picture(Path(file))
    picture.thumbnail((LONGEST, LONGEST))
    try:
        alpha = subject_alpha(np.asarray(picture.convert("RGB")), strokes, ground)
    except ValueError:
        return None
    opacity = Image.fromarray((alpha * 255).round().astype(np.uint8))
    white = Image.new("L", opacity.size, 255)
    out = io.BytesIO()
    Image.merge("LA", (white, opacity)).save(out, "PNG")
    return out.getvalue()
