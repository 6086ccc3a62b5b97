"""The trash of whole projects: a folder beside them, in which each has a folder of its own, named by when it was thrown away.

home/film-trash/<when>-<some letters>[-shared]/<the project's folder>

"-shared" is said of those that were thrown away in a studio that several people used.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import shutil
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from studio.disk import explain
from studio.language import sentence
from studio.project.files import StoreError, claim
from studio.project.shelf import TRASH, ProjectSummary, find_projects, note_use
from studio.project.store import CLAIM

KEPT_SECONDS = 7 * 86_400.0
"""How long a shared studio keeps a film that was thrown away there. What was thrown away in one's own stays until it is deleted."""
_PLACE = re.compile(r"(\d{8}T\d{6})-[0-9a-f]{8}(-shared)?")
_REMOVED = ".removed-"
SHARED = "-shared"


@dataclass(frozen=True)
class TrashedProject:
    """A project in the trash. `key` names it; `when` is ISO 8601, UTC."""

    key: str
    when: str
    summary: ProjectSummary


def throw_away(folder: Path, home: Path, shared: bool = False) -> None:
    """Move a project's folder into the trash, in one step. It must not be open in this studio, which is `shared` or one's own.

    Raises:
        StoreError: another studio has it open, or the disk refuses. The project is where it was.
    """
    place = home / TRASH / f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}{SHARED if shared else ''}"
    try:
        lock = claim(folder / CLAIM)
        if lock is None:
            raise StoreError(sentence("This film is open in another studio, so it stays. Close it there first."))
        with lock:
            place.mkdir(parents=True)
            folder.rename(place / folder.name)
    except OSError as error:
        with contextlib.suppress(OSError):
            place.rmdir()
        raise StoreError(explain(place, error)) from error


def list_trash(home: Path) -> tuple[TrashedProject, ...]:
    """The projects in the trash, the one thrown away last first. Each lies in its place's folder."""
    found = []
    for place, when in _places(home):
        found += [TrashedProject(place.name, when.isoformat(), summary) for summary in find_projects(place)[:1]]
    return tuple(sorted(found, key=lambda each: each.when, reverse=True))


def restore(home: Path, key: str) -> Path:
    """Put a project back beside the others; returns its folder. One with a name that is taken by now gets another.

    Raises:
        StoreError: it is not in the trash, or the disk refuses.
    """
    folder = _folder(home, key)
    target, number = home / folder.name, 2
    while target.exists():
        target, number = home / f"{folder.name}-{number}", number + 1
    try:
        folder.rename(target)
    except OSError as error:
        raise StoreError(explain(target, error)) from error
    with contextlib.suppress(OSError):
        (home / TRASH / key).rmdir()
    note_use(target)
    return target


def delete(home: Path, keys: Collection[str]) -> None:
    """Delete projects for good. It cannot be undone.

    Raises:
        StoreError: one is not in the trash, or the disk refuses; those before it are deleted.
    """
    _remove_leftovers(home)
    for key in keys:
        place = _folder(home, key).parent
        try:
            _remove(place)
        except OSError as error:
            raise StoreError(explain(place, error)) from error


def sweep(home: Path, age: float) -> int:
    """Delete for good what was thrown away in a shared studio `age` seconds ago or earlier; returns how many. It never raises.

    What the disk refuses to delete stays, and is tried again the next time.
    """
    removed = 0
    for place, when in _places(home):
        if place.name.endswith(SHARED) and time.time() - when.timestamp() >= age:
            with contextlib.suppress(OSError):
                _remove(place)
                removed += 1
    return removed


def tidy(home: Path, age: float) -> None:
    """Remove what a killed studio left in the trash: folders without a project, at least `age` seconds old, and what it had
    begun to delete. It never raises.
    """
    _remove_leftovers(home)
    for place, when in _places(home):
        if time.time() - when.timestamp() >= age:           # a younger one may be about to receive its project
            with contextlib.suppress(OSError):
                place.rmdir()                               # refused for any that holds something


def _remove(place: Path) -> None:
    """Delete a folder of the trash. Raises OSError: the disk refuses, and the folder is as it was."""
    renamed = place.with_name(f"{_REMOVED}{secrets.token_hex(4)}")
    place.rename(renamed)                                   # in one step: nobody sees half a project
    shutil.rmtree(renamed, ignore_errors=True)


def _remove_leftovers(home: Path) -> None:
    """Remove what a killed studio had begun to delete."""
    for path in (home / TRASH).glob(f"{_REMOVED}*"):
        shutil.rmtree(path, ignore_errors=True)


def _places(home: Path) -> list[tuple[Path, datetime]]:
    """The folders of the trash, each with when it was made."""
    found = []
    with contextlib.suppress(OSError):
        for path in (home / TRASH).iterdir():
            if match := _PLACE.fullmatch(path.name):
                with contextlib.suppress(ValueError):       # digits that are no date
                    found.append((path, datetime.strptime(match[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)))
    return found


def _folder(home: Path, key: str) -> Path:
    """The folder of a project in the trash. Raises StoreError: it is not there."""
    if _PLACE.fullmatch(key):
        for found in find_projects(home / TRASH / key):
            return found.folder
    raise StoreError(sentence("This film is not in the trash any more. Look at the trash again."))
