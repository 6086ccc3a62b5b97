"""Shelves of many films, and films of many takes, written without rendering anything."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

from PIL import Image

from studio.project import edits
from studio.project.codec import project_table, take_table
from studio.project.limits import fresh_id
from studio.project.model import Branch, Project, Segment, Take
from studio.project.sources import Reference

DAY = 86_400


def long_film(takes: int, branches: int = 4, name: str = "A long film") -> Project:
    """A film of so many takes on so many branches, each of which forks from the middle of the one before it."""
    project = edits.new(name)
    project = replace(project, model="tiny", size=(64, 48), reference=Reference("media/0123456789abcdef.png", "0" * 64, 80, 60))
    project = replace(project, reference=Reference(f"media/{'0' * 16}.png", "0" * 64, 80, 60, "sea.png"))
    made: dict[str, Take] = {}
    lines: list[Branch] = []
    before: tuple[Take, ...] = ()
    for line in range(branches):
        path = list(before[: len(before) // 2])
        for _ in range(takes // branches):
            number = len(made)
            segment = Segment(fresh_id(), f"segment {number} of {name}, the camera pans left at dusk", 4, number)
            take = Take(
                fresh_id(), path[-1].id if path else None, segment, project.settings, "tiny", "0" * 64, 1, 4,
                created=f"2026-01-01T{number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d}.000+00:00", size=(64, 48))
            made[take.id] = take
            path.append(take)
        before = tuple(path)
        lines.append(Branch(fresh_id(), f"Line {line + 1}", tuple(take.segment for take in path), path[-1].id))
    return replace(project, takes=made, branches=tuple(lines), branch=lines[-1].id, head=before[-1].id)


def shelve(project: Project, home: Path, notes: bool = False) -> Path:
    """Write a film's folder, with a small clip for each take, dated a day ago. `notes`: with each take's own file."""
    folder = home / project.id
    (folder / "media").mkdir(parents=True)
    Image.new("RGB", (80, 60), "teal").save(folder / "media" / f"{'0' * 16}.png")
    for take in project.takes.values():
        place = folder / "takes" / take.id
        place.mkdir(parents=True)
        (place / "clip.mp4").write_bytes(b"x" * 1000)
        if notes:
            (place / "poster.webp").write_bytes(b"x")
            (place / "take.json").write_text(json.dumps({"format": 1, "take": take_table(take)}))
    spaced = json.dumps({"format": 1, **project_table(project)}, separators=(",\n  ", ": "))       # as long as the studio's
    (folder / "project.json").write_text(spaced)
    for path in (folder / "project.json", *(folder / "takes").iterdir(), folder / "takes", folder / "media"):
        when = path.stat().st_mtime_ns - DAY * 10**9
        os.utime(path, ns=(when, when))
    return folder
