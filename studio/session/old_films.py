"""Films that visitors of a Space left behind: nobody owns them, so they are thrown away after some days, or when room is needed."""

from __future__ import annotations

import contextlib
import shutil
import time
from pathlib import Path

from studio.project import film_trash
from studio.project.limits import EditError
from studio.project.shelf import ProjectSummary, last_use
from studio.project.store import StoreError
from studio.session.studio import Studio

KEPT_SECONDS = 30 * 86_400.0
"""How long a film stays that nobody opens or changes. Then it lies in the trash for `film_trash.KEPT_SECONDS` more."""
YOUNG_SECONDS = 86_400.0
"""A film that was used since then stays even when room is needed."""
ROOM = 2 * 10**9
"""Bytes that are kept free, or a twentieth of the disk where that is less."""


def sweep_old(studio: Studio) -> int:
    """Throw away films that nobody used for `KEPT_SECONDS`, then make room on the disk; returns how many films that were.

    Films that a page shows or that are generating stay.
    """
    old = [film for film in studio.list() if time.time() - last_use(film.folder) >= KEPT_SECONDS]
    return sum(_throw_away(studio, film) for film in old) + _make_room(studio)


def _make_room(studio: Studio) -> int:
    """While the disk is nearly full: delete films in the trash, then films that were not used for a day, the oldest first."""
    home, removed = studio.home, 0
    for shelved in sorted(film_trash.list_trash(home), key=lambda each: each.when):
        if _has_room(home):
            return removed
        with contextlib.suppress(StoreError):
            film_trash.delete(home, [shelved.key])
            removed += 1
    for film in sorted(studio.list(), key=lambda each: last_use(each.folder)):
        if _has_room(home) or time.time() - last_use(film.folder) < YOUNG_SECONDS:
            return removed
        if _throw_away(studio, film):
            film_trash.delete(home, [shelved.key for shelved in film_trash.list_trash(home)])
            removed += 1
    return removed


def _throw_away(studio: Studio, film: ProjectSummary) -> bool:
    """Move a film into the trash unless a page shows it or it is generating; whether it was moved."""
    if studio.is_shown(film.id):
        return False
    try:
        studio.throw_away(film.id)
    except EditError:
        return False
    except StoreError:                   # it cannot be read: its folder is moved all the same, unless another studio has it open
        with contextlib.suppress(StoreError):
            film_trash.throw_away(film.folder, studio.home, shared=True)
    return not film.folder.exists()


def _has_room(home: Path) -> bool:
    disk = shutil.disk_usage(home)
    return disk.free >= min(ROOM, disk.total // 20)
