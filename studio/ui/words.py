"""How lengths, waits, files and refusals are put to the artist. It knows no project."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

Json = dict[str, Any]


def link(path: Path | None) -> str | None:
    """Address of a file under a static folder; the time in it makes a completed take's clip a new address."""
    try:
        return f"gradio_api/file={quote(str(path))}?v={path.stat().st_mtime_ns // 1_000_000}" if path else None
    except OSError:
        return None


def clock(seconds: float) -> str:
    """A length as an artist reads it: 3.0 s, 1:05."""
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def span(seconds: float) -> str:
    """A waiting time, no more exact than it is: 8 s, 2 min, 1 h 5 min."""
    if round(seconds) < 60:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def notice(message: str, remedy: str = "", kind: str = "error") -> Json:
    """Something to tell the artist."""
    return {"kind": kind, "message": message, "remedy": remedy}
