"""Whether this machine's PyAV can write films: builds of it differ in what they can encode."""

from __future__ import annotations

from studio.language import sentence
from studio.language.lists import with_and

NEEDED = {"libx264": sentence("H.264 video"), "aac": sentence("AAC sound")}
"""The encoders that films need, and what they write."""


def film_problem() -> str:
    """What keeps this machine from writing films, in a sentence with its remedy; empty: nothing does."""
    try:
        import av
    except ImportError as error:
        return sentence(
            "PyAV, which writes the films, cannot be loaded ({error}). Install it again: pip install --force-reinstall av.",
            error=str(error))
    missing = [what for encoder, what in NEEDED.items() if encoder not in av.codecs_available]
    if missing:
        return sentence(
            "The PyAV of this machine cannot write {what}. Install the one from PyPI, which brings its own FFmpeg: pip install "
            "--force-reinstall av.", what=with_and(missing))
    return ""
