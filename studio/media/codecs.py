"""Whether this machine's PyAV can write films: builds of it differ in what they can encode."""

from __future__ import annotations

import os
import shutil

NEEDED = {"libx264": "H.264 video", "aac": "AAC sound"}
"""The encoders that films need, and what they write."""


def film_problem() -> str | None:
    """What keeps this machine from writing films, in a sentence with its remedy; None: nothing does."""
    try:
        import av
    except ImportError as error:
        return f"PyAV, which writes the films, cannot be loaded ({error}). Install it again: pip install --force-reinstall av."
    missing = [what for encoder, what in NEEDED.items() if encoder not in av.codecs_available]
    if missing:
        return (
            f"The PyAV of this machine cannot write {' and '.join(missing)}. Install the one from PyPI, which brings its own "
            "FFmpeg: pip install --force-reinstall av."
        )
    return None


def ffmpeg_note() -> str | None:
    """A sentence about `FFMPEG_BINARY` where it names no program; None: it is not set, or names one.

    The studio starts no ffmpeg program (PyAV brings FFmpeg as a library), so a wrong name keeps it from nothing.
    """
    named = os.environ.get("FFMPEG_BINARY", "")
    if not named or shutil.which(named):
        return None
    return (
        f"FFMPEG_BINARY names '{named}', which is no program here. The studio does not need it: films are written with PyAV. "
        "Other programs may; correct it or remove it."
    )
