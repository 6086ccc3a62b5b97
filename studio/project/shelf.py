"""The projects in the studio's home folder: listing them, finding unused ones, removing one."""

from __future__ import annotations

import contextlib
import re
import secrets
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.project.codec import parse_project
from studio.project.files import claim, read_json
from studio.project.model import Project
from studio.project.store import BACKUP, CLAIM, DOCUMENT


@dataclass(frozen=True)
class ProjectSummary:
    """A project for the list to choose from. `id` is the name of its folder; `changed` counts seconds since 1970."""

    id: str
    name: str
    poster: Path | None
    changed: float


def find_projects(home: Path) -> tuple[ProjectSummary, ...]:
    """The projects in `home`, the one changed last first. One that is damaged is listed by the name of its folder."""
    found = []
    for folder in home.iterdir() if home.is_dir() else ():
        document = next((folder / name for name in (DOCUMENT, BACKUP) if (folder / name).is_file()), None)
        if document and not folder.name.startswith("."):
            found.append(_summary(folder, document))
    return tuple(sorted(found, key=lambda summary: -summary.changed))


def is_unused(folder: Path, age: float) -> bool:
    """Whether a project is empty (no name, picture, prompt or take) and was not changed for `age` seconds.

    A damaged project counts as used.
    """
    try:
        if time.time() - (folder / DOCUMENT).stat().st_mtime < age:
            return False
        project = parse_project(read_json(folder / DOCUMENT))
        kept = [path for room in ("media", "takes") if (folder / room).is_dir() for path in (folder / room).iterdir()]
    except (OSError, ValueError):
        return False
    written = any(segment.prompt or segment.loras for branch in project.branches for segment in branch.segments)
    return not (kept or written or project.takes or project.reference or project.name != Project("").name)


def used_loras(home: Path) -> frozenset[str]:
    """Checksums of all LoRAs that projects in `home` may use: every checksum in their documents."""
    found: set[bytes] = set()
    for path in [*home.glob(f"*/{DOCUMENT}"), *home.glob(f"*/{BACKUP}")]:
        with contextlib.suppress(OSError):
            found.update(re.findall(rb'"sha256": "([0-9a-f]{64})"', path.read_bytes()))
    return frozenset(content.decode() for content in found)


def remove(folder: Path) -> bool:
    """Remove a whole project; False: another studio has it open, or the disk refuses."""
    try:
        lock = claim(folder / CLAIM)
        if lock is None:
            return False
        renamed = folder.with_name(f".removed-{secrets.token_hex(4)}")
        with lock:
            folder.rename(renamed)      # in one step: nobody sees half a project
    except OSError:
        return False
    shutil.rmtree(renamed, ignore_errors=True)
    return True


def _summary(folder: Path, document: Path) -> ProjectSummary:
    try:
        table, changed = read_json(document), document.stat().st_mtime
    except (OSError, ValueError):
        return ProjectSummary(folder.name, f"{folder.name} (damaged)", None, 0.0)
    name = table.get("name")
    return ProjectSummary(folder.name, name if isinstance(name, str) else folder.name, _poster(folder, table), changed)


def _poster(folder: Path, table: dict[str, Any]) -> Path | None:
    """The poster of the take at the head, else the reference image."""
    head, reference = table.get("head"), table.get("reference")
    candidates = []
    if isinstance(head, str) and head.isalnum():
        candidates.append(folder / "takes" / head / "poster.webp")
    if isinstance(reference, dict) and isinstance(reference.get("sha256"), str) and reference["sha256"].isalnum():
        candidates.append(folder / "media" / f"{reference['sha256'][:16]}.png")
    return next((path for path in candidates if path.is_file()), None)
