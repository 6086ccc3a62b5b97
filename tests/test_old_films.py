"""Films of passing visitors: thrown away when nobody used them for long, or when the disk is nearly full, and never sooner."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from studio.project import film_trash
from studio.session import Session, Studio, start_sweeper
from studio.session.old_films import KEPT_SECONDS, ROOM, sweep_old
from studio.ui.fields import Fields
from studio.ui.library_api import library_verbs
from tests.fake_engine import FakeEngine, card

DAY = 86_400.0
Age = Callable[[Session, float], Session]


@pytest.fixture()
def space(tmp_path: Path) -> Studio:
    return Studio(tmp_path / "projects", FakeEngine(), (card(),), shared=True, visitors=True)


@pytest.fixture()
def free(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The bytes that are free on the disk: the first number, until there is one left."""
    numbers = [100 * ROOM]
    usage = lambda folder: SimpleNamespace(free=numbers.pop(0) if len(numbers) > 1 else numbers[0], total=1000 * ROOM)  # noqa: E731
    monkeypatch.setattr(shutil, "disk_usage", usage)
    return numbers


def used(studio: Studio, name: str, days: float) -> Session:
    """A film that was used so many days ago."""
    session = studio.create(name)
    for path in (session.folder / "project.json", session.folder):
        os.utime(path, (time.time() - days * DAY,) * 2)
    return session


def names(studio: Studio) -> set[str]:
    return {film.name for film in studio.list()}


def test_a_film_that_nobody_used_for_long_goes_into_the_trash(space: Studio, free: list[int]) -> None:
    old, shown = used(space, "old", 31), used(space, "shown", 31)
    used(space, "young", 29)
    damaged = used(space, "damaged", 31)
    damaged.store.close()
    del space._open[damaged.id]
    (damaged.folder / "project.json").write_text("{")
    os.utime(damaged.folder / "project.json", (1, 1))
    os.utime(damaged.folder, (1, 1))
    with space.protect(shown):
        assert sweep_old(space) == 2
    assert names(space) == {"young", "shown"} and old.gone
    trashed = film_trash.list_trash(space.home)
    assert {film.summary.name for film in trashed} >= {"old"} and all(film.key.endswith("-shared") for film in trashed)
    key = next(film.key for film in trashed if film.summary.name == "old")
    film_trash.restore(space.home, key)
    assert sweep_old(space) == 0 and "old" in names(space), "a film that was restored is used again"


def test_opening_a_film_is_using_it(space: Studio, free: list[int]) -> None:
    session = used(space, "old", 31)
    with space.protect(session):
        pass
    assert sweep_old(space) == 0


def test_when_the_disk_is_nearly_full_the_oldest_go_for_good(space: Studio, free: list[int]) -> None:
    for name, days in (("trashed", 2), ("a", 9), ("b", 5), ("today", 0.5)):
        used(space, name, days)
    space.throw_away(next(film.id for film in space.list() if film.name == "trashed"))
    free[:] = [10, 10, ROOM]                   # there is room after the film in the trash and one more
    assert sweep_old(space) == 2 and names(space) == {"b", "today"} and not film_trash.list_trash(space.home)
    free[:] = [10]
    assert sweep_old(space) == 1 and names(space) == {"today"}, "a film of today stays"


def test_on_ones_own_machine_films_stay(tmp_path: Path) -> None:
    """Also while it is shared by a link: then its films are the owner's."""
    for name, visitors in (("own", False), ("space", True)):
        studio = Studio(tmp_path / name, FakeEngine(), (card(),), shared=True, visitors=visitors)
        used(studio, "old", KEPT_SECONDS / DAY + 1)
        stop = start_sweeper(studio)
        end = time.monotonic() + 20
        while visitors and names(studio) and time.monotonic() < end:
            time.sleep(0.01)
        stop.set()
        assert names(studio) == (set() if visitors else {"old"})
        answer = library_verbs(studio, True)["library"](Fields({"known": []}, tmp_path)) or {}
        assert answer["kept"] == (30 if visitors else None), "the page says so"
