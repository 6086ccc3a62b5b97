"""The captions of a folder of videos, read from the texts beside them. It opens no video.

For each file there is `name.txt` beside `name.mp4`, or one `captions.toml` or `captions.jsonl` speaks for all:

    "harbour.mp4" = "the camera pans left over a harbour"            # TOML: for the whole file
    [["walk.mp4"]]                                                   # or for parts of it, in seconds
    from = 0.0
    to = 12.5
    caption = "a man walks along the beach"

    {"file": "walk.mp4", "from": 0, "to": 12.5, "caption": "..."}    # JSON lines: the same

Names are paths below the folder. Files whose names begin with a dot are passed over, as are pictures and texts.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

TABLES = ("captions.toml", "captions.jsonl")
BESIDE = {".txt", ".toml", ".json", ".jsonl", ".md", ".csv", ".srt", ".vtt", ".jpg", ".jpeg", ".png", ".webp"}
"""Endings that nobody expects to be read as a video."""


class FootageError(Exception):
    """A folder or its captions cannot be used: the message says where and what to do."""


@dataclass(frozen=True)
class Captioned:
    """What is said of a part of a file, in seconds."""

    begin: float
    end: float
    caption: str


def captions(folder: Path, skipped: list[str]) -> dict[str, list[Captioned]]:
    """What is said of each file (its path below the folder); files of which nothing is said are skipped."""
    tables = [folder / name for name in TABLES if (folder / name).is_file()]
    if len(tables) > 1:
        raise FootageError(f"{folder} holds {' and '.join(TABLES)}. Keep one of them.")
    table = {} if not tables else _toml(tables[0]) if tables[0].suffix == ".toml" else _lines(tables[0])
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix.lower() not in BESIDE
                   and not any(part.startswith(".") for part in path.relative_to(folder).parts))
    said: dict[str, list[Captioned]] = {}
    for path in files:
        name = path.relative_to(folder).as_posix()
        if name in table:
            said[name] = table.pop(name)
            continue
        beside = path.with_suffix(".txt")
        try:
            text = " ".join(beside.read_text("utf-8-sig").split()) if beside.is_file() else ""
        except (OSError, UnicodeDecodeError) as error:
            raise FootageError(f"{beside} cannot be read as UTF-8 text ({error}).") from error
        if text:
            said[name] = [Captioned(0.0, np.inf, text)]
        else:
            skipped.append(f"{name}: it has no caption; write one into {beside.name} beside it.")
    skipped += [f"{name}: {tables[0].name} names it, but it is not there." for name in table]
    return said


def _toml(path: Path) -> dict[str, list[Captioned]]:
    """The captions of a TOML file."""
    try:
        entries: dict[str, Any] = tomllib.loads(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise FootageError(f"{path} is not TOML: {error}. File names need quotation marks: \"walk.mp4\" = \"...\"") from error
    said = {}
    for name, entry in entries.items():
        parts = [{"caption": entry}] if isinstance(entry, str) else entry if isinstance(entry, list) and entry else [entry]
        said[name] = [_part(part, f"{path}, \"{name}\"") for part in parts]
    return said


def _lines(path: Path) -> dict[str, list[Captioned]]:
    """The captions of a file of JSON lines."""
    said: dict[str, list[Captioned]] = {}
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
        said.setdefault(name, []).append(_part(entry, where))
    return said


def _part(entry: object, where: str) -> Captioned:
    """One caption and its range."""
    if not isinstance(entry, dict) or not isinstance(text := entry.get("caption"), str) or not text.strip():
        raise FootageError(f"{where}: needs a caption, a text in quotation marks.")
    if strangers := sorted(set(entry) - {"caption", "from", "to"}):
        raise FootageError(f"{where}: unknown key '{strangers[0]}'; known are caption, from and to.")
    begin, end = entry.get("from", 0.0), entry.get("to", np.inf)
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (begin, end))
    if not numbers or not 0 <= begin < end:
        raise FootageError(f"{where}: from and to are seconds, from before to, not {begin!r} and {end!r}.")
    return Captioned(float(begin), float(end), " ".join(text.split()))
