"""The films that were exported from a project, by what their coded frames are: so that one that lost its tags is known again.

exports.json, beside the document: the newest last.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from studio.project.files import StoreError, read_json, write_json

NAME = "exports.json"
MOST = 500
"""Exports that are kept in mind."""


def note_export(folder: Path, packets: str, take: str) -> None:
    """Note an exported film in a project's folder. It never raises: then that film is only known by its tags.

    Args:
        folder: of the project.
        packets: the checksum of the film's coded frames.
        take: at which the film ends.
    """
    known = [each for each in _entries(folder) if each["packets"] != packets]
    with contextlib.suppress(StoreError):
        write_json(folder / NAME, {"films": [*known, {"packets": packets, "take": take}][-MOST:]})


def find_export(folder: Path, packets: str) -> str | None:
    """The take at which an exported film of a project ends; None: it is none of this project's."""
    return next((each["take"] for each in reversed(_entries(folder)) if each["packets"] == packets), None)


def _entries(folder: Path) -> list[dict[str, str]]:
    try:
        films = read_json(folder / NAME).get("films")
    except (OSError, ValueError):
        return []
    entries = films if isinstance(films, list) else []
    return [each for each in entries
            if isinstance(each, dict) and isinstance(each.get("packets"), str) and isinstance(each.get("take"), str)]
