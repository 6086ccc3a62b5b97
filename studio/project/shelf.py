"""The projects in the studio's home folder: listing and finding them, also unused ones, and removing one.

A folder may have any name that a person or a file manager gave it. The page calls a project by the name of its folder (see
`address`), so that two copies are two projects; the id within the document is what films remember.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from studio.project.codec import parse_project
from studio.project.files import claim, read_json
from studio.project.folder_care import BACKUP, DOCUMENT
from studio.project.limits import fresh_id
from studio.project.model import Project
from studio.project.store import CLAIM
from studio.project.undo_log import LOG

TRASH = "film-trash"
"""The folder in the home folder into which projects are moved that are thrown away; see `film_trash`."""
ADDRESS = re.compile(r"[^/\\\0.][^/\\\0]{0,199}")
ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}")


@dataclass(frozen=True)
class ProjectSummary:
    """A project for the list to choose from. `id` is its address, the name of its folder; `changed` counts seconds since 1970."""

    id: str
    name: str
    poster: Path | None
    changed: float
    folder: Path


def find_projects(home: Path) -> tuple[ProjectSummary, ...]:
    """The projects in `home`, the one changed last first. One that is damaged is listed by the name of its folder."""
    return tuple(sorted(map(_summary, project_folders(home)), key=lambda summary: -summary.changed))


def project_folders(home: Path) -> Iterator[Path]:
    """The folders in `home` that hold a project, whole or damaged.

    A ZIP unzipped by hand may lie in a folder of its own: where a folder holds no project, those in it are looked at.
    """
    for folder in _folders(home):
        if _holds_project(folder):
            yield folder
        else:
            yield from filter(_holds_project, _folders(folder))


def address(folder: Path) -> str:
    """What the page calls the project in `folder`: the folder's name, or a checksum of one that no address can hold."""
    try:
        folder.name.encode()
    except UnicodeEncodeError:
        fits = False
    else:
        fits = ADDRESS.fullmatch(folder.name) is not None
    return folder.name if fits else f"folder-{hashlib.sha256(os.fsencode(folder.name)).hexdigest()[:16]}"


def find_folder(home: Path, key: str, id_of: Callable[[Path], str | None] | None = None) -> Path | None:
    """The project's folder that has this address, or the one whose document has this id; None: there is none.

    `id_of`: reads a document's id.
    """
    with contextlib.suppress(OSError, ValueError):        # some names no system can hold
        if ADDRESS.fullmatch(key) and _holds_project(home / key):
            return home / key
    for folder in project_folders(home):
        if address(folder) == key:
            return folder
    return next(iter(folders_by_id(home, key, id_of)), None)


def folders_by_id(home: Path, project_id: str, id_of: Callable[[Path], str | None] | None = None) -> tuple[Path, ...]:
    """Folders whose document has this id, the one with the best claim to it first. `id_of`: reads a document's id."""
    claimants = [folder for folder in project_folders(home) if (id_of or read_id)(folder) == project_id]
    return tuple(sorted(claimants, key=lambda folder: _claim_to_id(folder, project_id)))


def read_id(folder: Path) -> str | None:
    """The id in a project's document; None where it cannot be read."""
    for name in (DOCUMENT, BACKUP):
        with contextlib.suppress(OSError, ValueError):
            found = read_json(folder / name).get("id")
            if isinstance(found, str):
                return found
    return None


def as_own_project(
    project: Project, folder: Path, home: Path, opened: Collection[Path], id_of: Callable[[Path], str | None] = read_id
) -> Project:
    """The project, with a new id if its folder is the copy of another one: two copies with one id are two projects.

    Args:
        project: the project in `folder`.
        folder: where it lies.
        home: the folder of all projects.
        opened: folders of projects that are open now; they keep their ids.
        id_of: reads the id in a project's document.
    """
    rivals = [other for other in folders_by_id(home, project.id, id_of) if other != folder]
    mine = _claim_to_id(folder, project.id)
    if all(other not in opened and mine < _claim_to_id(other, project.id) for other in rivals):
        return project
    named = ID.fullmatch(folder.name) and not folders_by_id(home, folder.name, id_of)
    return replace(project, id=folder.name if named else fresh_id())


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
    written = written or bool(project.style or project.cast)
    return not (kept or written or project.takes or project.reference or project.name != Project("").name)


def last_use(folder: Path) -> float:
    """When a project was changed or opened last, in seconds since 1970; now, where that cannot be found out."""
    try:
        return max(path.stat().st_mtime for path in (folder, folder / DOCUMENT) if path.exists())
    except (OSError, ValueError):
        return time.time()


def note_use(folder: Path) -> None:
    """Note that a project is used now. Where the disk refuses, the last change counts."""
    with contextlib.suppress(OSError):
        os.utime(folder)


def used_loras(home: Path) -> frozenset[str]:
    """Checksums of all LoRAs that projects in `home` may use, also after an undo: every checksum in their documents and logs."""
    found: set[bytes] = set()
    shelves = ("*", f"{TRASH}/*/*")
    for path in [path for name in (DOCUMENT, BACKUP, LOG) for shelf in shelves for path in home.glob(f"{shelf}/{name}")]:
        with contextlib.suppress(OSError):
            found.update(re.findall(rb'"sha256"\s*:\s*"([0-9a-f]{64})"', path.read_bytes()))
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


def _folders(folder: Path) -> Iterator[Path]:
    """The folders in a folder, without hidden ones."""
    with contextlib.suppress(OSError):
        yield from (inner for inner in sorted(folder.iterdir()) if not inner.name.startswith(".") and inner.is_dir())


def _holds_project(folder: Path) -> bool:
    if any((folder / name).is_file() for name in (DOCUMENT, BACKUP)):
        return True
    return any(folder.glob("takes/*/*"))


def _claim_to_id(folder: Path, project_id: str) -> tuple[bool, int, str]:
    """Sorts folders whose documents have one id: first the one named so, then shorter names: "film" before "film (1)"."""
    return folder.name != project_id, len(folder.name), folder.name


def _summary(folder: Path) -> ProjectSummary:
    document = next((folder / name for name in (DOCUMENT, BACKUP) if (folder / name).is_file()), folder / DOCUMENT)
    shown = os.fsencode(folder.name).decode("utf-8", "replace")
    try:
        table, changed = read_json(document), document.stat().st_mtime
    except (OSError, ValueError):
        return ProjectSummary(address(folder), f"{shown} (damaged)", None, 0.0, folder)
    name = table.get("name")
    return ProjectSummary(address(folder), name if isinstance(name, str) else shown, _poster(folder, table), changed, folder)


def _poster(folder: Path, table: dict[str, Any]) -> Path | None:
    """The poster of the take at the head, else the reference image."""
    head, reference = table.get("head"), table.get("reference")
    candidates = []
    if isinstance(head, str) and head.isalnum():
        candidates.append(folder / "takes" / head / "poster.webp")
    if isinstance(reference, dict) and isinstance(reference.get("sha256"), str) and reference["sha256"].isalnum():
        candidates.append(folder / "media" / f"{reference['sha256'][:16]}.png")
    return next((path for path in candidates if path.is_file()), None)
