"""How lengths, waiting times, files and errors are written for the artist."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

Json = dict[str, Any]


def file_url(path: Path | None) -> str | None:
    """The URL of a file under a static folder; None without a file.

    It contains the time of the last change, so that a browser does not show an old version of a completed take's clip.
    """
    try:
        return f"gradio_api/file={quote(os.fsencode(path))}?v={path.stat().st_mtime_ns // 1_000_000}" if path else None
    except OSError:
        return None


def png_data(png: bytes | None) -> str | None:
    """The URL that holds a PNG itself; None without one."""
    return "data:image/png;base64," + base64.b64encode(png).decode() if png else None


def format_length(seconds: float) -> str:
    """Seconds as the length of a clip: 3.0 s, 1:05."""
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def format_wait(seconds: float) -> str:
    """Seconds as an estimated waiting time, roughly: 8 s, 2 min, 1 h 5 min."""
    if round(seconds) < 60:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def format_size(size: float) -> str:
    """Bytes, roughly: 40 kB, 6 MB, 1.2 GB."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6)):
        if size >= factor:
            number = size / factor
            return f"{number:.0f} {unit}" if number >= 10 else f"{number:.1f} {unit}"
    return f"{max(1, round(size / 1000))} kB"


def notice(message: str, remedy: str = "", kind: str = "error") -> Json:
    """A message for the artist: what happened, and what to do. `kind`: error, found or done."""
    return {"kind": kind, "message": message, "remedy": remedy}
