"""Films that nobody began are swept from the shelf, and no others."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from studio.project import edits
from studio.session import Session, StoreError, Studio, start_sweeper
from tests.fake_engine import FakeEngine, card
from tests.processes import started
from tests.shelves import picture, render_all


def aged(session: Session) -> Session:
    """As if it had last been changed two hours ago."""
    document = session.folder / "project.json"
    os.utime(document, (time.time() - 7200, time.time() - 7200))
    return session


def swept(studio: Studio, tmp_path: Path, *sessions: Session) -> Studio:
    """Another studio on the same shelf, after its first sweep, as if this one had ended."""
    for session in sessions:
        aged(session).store.close()
    other = Studio(studio.home, FakeEngine(), (card(),))
    other.sweep()
    return other


def test_films_never_begun_are_swept_away(studio: Studio, tmp_path: Path) -> None:
    empty = studio.create()
    empty.edit(edits.add_segment)
    assert swept(studio, tmp_path, empty).list() == () and not any(studio.home.iterdir())


@pytest.mark.parametrize("begin", ["picture", "picture taken back", "prompt", "name", "take", "damage", "young", "claimed"])
def test_a_film_that_was_begun_is_never_swept_away(studio: Studio, tmp_path: Path, begin: str) -> None:
    session = studio.create()
    if begin.startswith("picture") or begin == "take":
        session.set_reference(picture(tmp_path))
    if begin == "picture taken back":
        session.edit(edits.set_reference, None)
    if begin == "prompt":
        session.edit(edits.edit_segment, 0, prompt="a sea")
    if begin == "name":
        session.edit(edits.rename, "Sea")
    if begin == "take":
        render_all(session).edit(edits.set_reference, None)
    if begin == "damage":
        (session.folder / "project.json").write_text("{")
    other = Studio(studio.home, FakeEngine(), (card(),))
    if begin == "claimed":
        code = "import sys, time; from pathlib import Path; from studio.project.store import Store; "
        code += "store = Store(Path(sys.argv[1])); store.open(); print('open', flush=True); time.sleep(60)"
        session.store.close()
        aged(session)
        with started([sys.executable, "-c", code, str(session.folder)], stdout=subprocess.PIPE) as process:
            assert process.stdout and process.stdout.readline() == b"open\n"
            assert other.sweep() == 0
    else:
        session.store.close() if begin == "young" else aged(session).store.close()
        assert other.sweep() == 0
    assert [s.id for s in other.list()] == [session.id]


def test_a_film_that_is_shown_or_was_just_asked_for_is_not_swept_away(studio: Studio) -> None:
    session = aged(studio.create())
    with studio.protect(session):
        assert studio.sweep(age=0.0) == 0
    assert studio.sweep(age=3600.0) == 0, "the page may be reloading"
    assert studio.sweep(age=0.0) == 1
    with pytest.raises(StoreError, match="not here"):
        studio.open(session.id)


def test_the_shelf_is_swept_at_start_and_once_in_a_while(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    sweeps = threading.Semaphore(0)

    def sweep() -> int:
        sweeps.release()
        raise OSError("a bad moment")

    monkeypatch.setattr(studio, "sweep", sweep)
    stop = start_sweeper(studio, interval=0.01)
    assert all(sweeps.acquire(timeout=10) for _ in range(3))
    stop.set()
