"""Reading the captions of a folder of videos, from text files beside the videos or from one table of them all.

Each file has a `name.txt` beside `name.mp4`, or one `captions.toml` or `captions.jsonl` holds the captions of all files:

    "harbour.mp4" = "the camera pans left over a harbour"            # TOML: for the whole file
    [["walk.mp4"]]                                                   # or for parts of it, in seconds
    from = 0.0
    to = 12.5
    caption = "a man walks along the beach"

    {"file": "walk.mp4", "from": 0, "to": 12.5, "caption": "..."}    # JSON lines: the same

Names are paths below the folder. Files whose names begin with a dot are ignored, as are pictures and texts.
"""

# Not read by `studio.tables`: a table of captions may be larger than it allows, and both formats share one check of an entry.

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

TABLES = ("captions.toml", "captions.jsonl")
NOT_VIDEOS = {".txt", ".toml", ".json", ".jsonl", ".md", ".csv", ".srt", ".vtt", ".jpg", ".jpeg", ".png", ".webp"}
"""Endings of files that are ignored. Other files that are no videos are reported."""


class FootageError(Exception):
    """A folder of footage or its captions cannot be used. The message says where, and what to do."""


@dataclass(frozen=True)
class Caption:
    """A caption for a part of a file, in seconds."""

    begin: float
    end: float
    caption: str


def read_captions(folder: Path, skipped: list[str]) -> dict[str, list[Caption]]:
    """The captions of each file in a folder and its subfolders, by the file's path below the folder.

    Args:
        folder: of the videos.
        skipped: a sentence is appended for each file without a caption, and for each file in a table that is not there.

    Raises:
        FootageError: a text or table cannot be read, or there are two tables.
    """
    tables = [folder / name for name in TABLES if (folder / name).is_file()]
    if len(tables) > 1:
        raise FootageError(f"{folder} holds {' and '.join(TABLES)}. Keep one of them.")
    table = {} if not tables else _toml(tables[0]) if tables[0].suffix == ".toml" else _lines(tables[0])
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix.lower() not in NOT_VIDEOS
                   and not any(part.startswith(".") for part in path.relative_to(folder).parts))
    found: dict[str, list[Caption]] = {}
    for path in files:
        name = path.relative_to(folder).as_posix()
        if name in table:
            found[name] = table.pop(name)
            continue
        sidecar = path.with_suffix(".txt")
        try:
            text = " ".join(sidecar.read_text("utf-8-sig").split()) if sidecar.is_file() else ""
        except (OSError, UnicodeDecodeError) as error:
            raise FootageError(f"{sidecar} cannot be read as UTF-8 text ({error}).") from error
        if text:
            found[name] = [Caption(0.0, np.inf, text)]
        else:
            skipped.append(f"{name}: it has no caption; write one into {sidecar.name} beside it.")
    skipped += [f"{name}: {tables[0].name} names it, but it is not there." for name in table]
    return found


def _toml(path: Path) -> dict[str, list[Caption]]:
    """The captions of a TOML file."""
    try:
        entries: dict[str, Any] = tomllib.loads(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise FootageError(f"{path} is not TOML: {error}. File names need quotation marks: \"walk.mp4\" = \"...\"") from error
    found = {}
    for name, entry in entries.items():
        parts = [{"caption": entry}] if isinstance(entry, str) else entry if isinstance(entry, list) and entry else [entry]
        found[name] = [_caption(part, f"{path}, \"{name}\"") for part in parts]
    return found


def _lines(path: Path) -> dict[str, list[Caption]]:
    """The captions of a file of JSON lines."""
    found: dict[str, list[Caption]] = {}
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise FootageError(f"{path} cannot be read as UTF-8 text ({error}).") from error
    for count, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        where = f"{path}, line {count}"
        try:
            entry = json.loads(line)
        except ValueError as error:
            raise FootageError(f"{where}: not JSON ({error}).") from error
        if not isinstance(entry, dict) or not isinstance(name := entry.pop("file", None), str):
            raise FootageError(f"{where}: needs a \"file\" and a \"caption\".")
        found.setdefault(name, []).append(_caption(entry, where))
    return found


def _caption(entry: object, where: str) -> Caption:
    """One entry of a table as a caption; `where` begins the message of an error."""
    if not isinstance(entry, dict) or not isinstance(text := entry.get("caption"), str) or not text.strip():
        raise FootageError(f"{where}: needs a caption, a text in quotation marks.")
    if strangers := sorted(set(entry) - {"caption", "from", "to"}):
        raise FootageError(f"{where}: unknown key '{strangers[0]}'; known are caption, from and to.")
    begin, end = entry.get("from", 0.0), entry.get("to", np.inf)
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (begin, end))
    if not numbers or not 0 <= begin < end:
        raise FootageError(f"{where}: from and to are seconds, from before to, not {begin!r} and {end!r}.")
    return Caption(float(begin), float(end), " ".join(text.split()))
