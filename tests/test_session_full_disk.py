"""A full disk: every verb says so, what is finished is kept, and edits that were not saved did not happen."""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from studio.disk import atomic_write
from studio.project import edits, files
from studio.session import MediaError, StoreError, Studio
from tests.fake_engine import FakeEngine
from tests.shelves import make_film, make_studio, picture, render_all, wait_for_job, wait_until


class FullDisk:
    """Refuses to write project documents while it is full."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full = False
        monkeypatch.setattr(files, "atomic_write", self)

    @contextmanager
    def __call__(self, path: Path) -> Iterator[Path]:
        with atomic_write(path) as temporary:
            yield temporary
            if self.full:
                raise OSError(errno.ENOSPC, "No space left on device")


def test_an_edit_on_a_full_disk_changes_nothing(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    session = make_film(studio, "a")
    disk, before = FullDisk(monkeypatch), (session.project, session.revision)
    disk.full = True
    for verb in (
        lambda: session.edit(edits.rename, "Sea"), session.undo, lambda: session.edit(edits.add_segment),
        lambda: session.edit(edits.set_reference, None),
    ):  # fmt: skip
        with pytest.raises(StoreError, match="full"):
            verb()
    assert (session.project, session.revision) == before
    disk.full = False
    session.edit(edits.rename, "Sea")
    assert studio.list()[0].name == "Sea"


def test_a_take_finished_on_a_full_disk_is_kept(
    studio: Studio, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    session = make_film(studio, "a", "b")
    disk = FullDisk(monkeypatch)
    engine.gate = threading.Semaphore(1)
    session.jobs.generate_all()
    wait_until(session, lambda: session.job is not None and session.job.step == 1)
    disk.full = True
    engine.gate = None
    job = wait_for_job(session)
    assert job.state == "failed" and "full" in job.message and len(engine.requests) == 1
    assert [t.segment.prompt for t in session.project.film()] == ["a"]
    disk.full = False
    session.jobs.generate_all()
    assert wait_for_job(session).state == "done"
    again = make_studio(tmp_path).open(session.id)
    assert again.project == session.project and again.findings == ()


def test_a_full_disk_when_the_studio_stops_loses_no_take(
    studio: Studio, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    session = make_film(studio, "a")
    disk = FullDisk(monkeypatch)
    engine.gate = threading.Semaphore(1)
    session.jobs.generate_next()
    wait_until(session, lambda: session.job is not None and session.job.step == 1)
    disk.full = True
    engine.gate = None
    wait_for_job(session)
    disk.full = False                                             # nothing was saved since; the studio starts again
    again = make_studio(tmp_path).open(session.id)
    (take,) = again.project.film()
    assert (take.state, take.frames) == ("done", 4) and "stopped during a render" in again.findings[0]


def test_generating_on_a_full_disk_says_so(studio: Studio, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    session = make_film(studio, "a")
    FullDisk(monkeypatch).full = True
    session.jobs.generate_next()
    job = wait_for_job(session)
    assert job.state == "failed" and "full" in job.message and engine.requests == []


def test_a_full_disk_for_pictures_and_films(studio: Studio, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    session = render_all(make_film(studio, "a"))
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000})())
    for verb in (
        session.films.film, session.films.export_film, session.films.export_project,
        lambda: session.films.export_take(session.project.film()[0].id), lambda: session.set_reference(picture(tmp_path, "red")),
    ):  # fmt: skip
        with pytest.raises(MediaError, match="disk"):
            verb()
