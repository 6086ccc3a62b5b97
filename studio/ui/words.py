"""How lengths, waiting times, files and errors are written for the artist."""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

from studio.language import Sentence, plain, sentence

Json = dict[str, Any]


def file_url(path: Path | None) -> str | None:
    """The URL of a file under a static folder; None without a file.

    It contains the time of the last change, so that a browser does not show an old version of a completed take's clip.
    """
    try:
        return f"gradio_api/file={quote(os.fsencode(path))}?v={path.stat().st_mtime_ns // 1_000_000}" if path else None
    except OSError:
        return None


def finding_key(finding: str) -> str:
    """What the page calls a finding by: a checksum, since its English text may name folders that visitors are not told."""
    return hashlib.sha256(plain(finding).encode("utf-8", "replace")).hexdigest()[:16]


def png_data(png: bytes | None) -> str | None:
    """The URL that holds a PNG itself; None without one."""
    return "data:image/png;base64," + base64.b64encode(png).decode() if png else None


def format_length(seconds: float) -> Sentence:
    """Seconds as the length of a clip: 3.0 s, 1:05."""
    if round(seconds, 1) < 60:
        return sentence("{seconds:.1f} s", seconds=seconds)
    minutes, rest = divmod(round(seconds), 60)
    return sentence("{minutes}:{seconds:02d}", minutes=minutes, seconds=rest)


def format_wait(seconds: float) -> Sentence:
    """Seconds as an estimated waiting time, roughly: 8 s, 2 min, 1 h 5 min."""
    if round(seconds) < 60:
        return sentence("{seconds} s", seconds=max(1, round(seconds)))
    minutes = round(seconds / 60)
    if minutes < 60:
        return sentence("{minutes} min", minutes=minutes)
    return sentence("{hours} h {minutes} min", hours=minutes // 60, minutes=minutes % 60)


def format_size(size: float) -> Sentence:
    """Bytes, roughly: 40 kB, 6 MB, 1.2 GB."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6)):
        if size >= factor:
            number = size / factor
            if number >= 10:
                return sentence("{number:.0f} {unit}", number=number, unit=unit)
            return sentence("{number:.1f} {unit}", number=number, unit=unit)
    return sentence("{number} {unit}", number=max(1, round(size / 1000)), unit="kB")


def format_decibels(value: float | None) -> Sentence:
    """How alike two pictures or clips are: 31.4 dB; None: the same."""
    return sentence("the same") if value is None else sentence("{decibels:.1f} dB", decibels=value)


def notice(message: str, remedy: str = "", kind: str = "error") -> Json:
    """A message for the artist: what happened, and what to do. `kind`: error, found or done."""
    return {"kind": kind, "message": message, "remedy": remedy}
