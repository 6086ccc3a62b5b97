"""The projects under one home folder, as a list to choose from. It opens none of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.project.files import read_json
from studio.project.store import BACKUP, DOCUMENT


@dataclass(frozen=True)
class ProjectSummary:
    """A project as it stands on the shelf. `id` is the name of its folder; `changed` counts seconds since 1970."""

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


def _summary(folder: Path, document: Path) -> ProjectSummary:
    try:
        table, changed = read_json(document), document.stat().st_mtime
    except (OSError, ValueError):
        return ProjectSummary(folder.name, f"{folder.name} (damaged)", None, 0.0)
    name = table.get("name")
    return ProjectSummary(folder.name, name if isinstance(name, str) else folder.name, _poster(folder, table), changed)


def _poster(folder: Path, table: dict[str, Any]) -> Path | None:
    """The picture at the head, else the reference image."""
    head, reference = table.get("head"), table.get("reference")
    candidates = []
    if isinstance(head, str) and head.isalnum():
        candidates.append(folder / "takes" / head / "poster.webp")
    if isinstance(reference, dict) and isinstance(reference.get("sha256"), str) and reference["sha256"].isalnum():
        candidates.append(folder / "media" / f"{reference['sha256'][:16]}.png")
    return next((path for path in candidates if path.is_file()), None)
