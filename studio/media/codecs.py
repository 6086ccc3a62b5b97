"""Whether this machine's PyAV can write films: builds of it differ in what they can encode."""

from __future__ import annotations

NEEDED = {"libx264": "H.264 video", "aac": "AAC sound"}
"""The encoders that films need, and what they write."""


def film_problem() -> str:
    """What keeps this machine from writing films, in a sentence with its remedy; empty: nothing does."""
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
    return ""
