"""Disks that fill up at any moment, folders that may not be written, clocks that are set back: nothing made is lost."""

from __future__ import annotations

import errno
import os
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

import pytest

from studio.media.clip import probe
from studio.project import edits, take_requests
from studio.project.model import Project
from studio.project.rules import check_project
from studio.session import EditError, MediaError, Session, StoreError
from tests.shelves import make_film, make_studio, picture, render_all, wait_for_job

NOBODY = 65534


class FillingDisk:
    """A disk that is full from the file number `at` on, until it has refused `refusals` files."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.files, self.at, self.refusals = 0, 10**9, 0
        self._fsync = os.fsync
        monkeypatch.setattr(os, "fsync", self)

    def __call__(self, handle: Any) -> None:
        self.files += 1
        if self.files >= self.at and self.refusals > 0:
            self.refusals -= 1
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._fsync(handle)


def work(session: Session) -> list[str]:
    """Write, render and export; returns the prompts whose edit was not refused."""
    accepted = []
    for prompt in ("c", "d"):
        try:
            session.edit(edits.add_segment, prompt=prompt, frames=8, seed=1)
            accepted.append(prompt)
        except StoreError:
            pass
        try:
            session.jobs.generate_all()
            wait_for_job(session)
            session.films.export_film()
        except (EditError, MediaError, StoreError):
            pass
    return accepted


def finished(project: Project) -> set[str]:
    return {take.id for take in project.takes.values() if take.state == "done"}


QUICK = {(1, 10**6), (7, 3), (16, 10**6), (22, 1)}
MOMENTS = [(at, refusals) for at in range(1, 40, 3) for refusals in (1, 3, 10**6)]


@pytest.mark.parametrize(("at", "refusals"), [pytest.param(*m, marks=() if m in QUICK else pytest.mark.slow) for m in MOMENTS])
def test_a_disk_that_fills_at_any_moment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, at: int, refusals: int) -> None:
    session = render_all(make_film(make_studio(tmp_path), "a", "b"))
    disk = FillingDisk(monkeypatch)
    disk.at, disk.refusals = at, refusals
    accepted = work(session)
    held = session.project
    disk.refusals = 0                                     # somebody made room, and the studio starts again
    session.store.close()
    again = make_studio(tmp_path).open(session.id)
    check_project(again.project)
    prompts = [segment.prompt for segment in again.project.current().segments]
    assert prompts[:2] == ["a", "b"] and set(accepted) <= set(prompts)
    assert finished(held) <= finished(again.project)
    assert not again.store.missing_clips(again.project)
    if len(again.project.film()) < len(prompts):
        render_all(again)
    assert len(again.project.film()) == len(prompts)
    film = again.films.film()
    assert film and probe(film).frames == sum(take.frames for take in again.project.film())
    assert not [path for path in again.folder.rglob(".*") if path.name != ".open"]


@contextmanager
def without_rights(folder: Path) -> Iterator[None]:
    """The folder and all in it may not be written; as root, who may do anything, the block runs as nobody."""
    paths = [folder, *folder.rglob("*")]
    modes = [(path, path.stat().st_mode) for path in paths]
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        for path, mode in modes:
            path.chmod(mode)


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="the rights of other systems are tested by hand")
def test_a_folder_that_may_not_be_written() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        home.chmod(0o755)
        session = render_all(make_film(make_studio(home), "a", "b"))
        session.store.close()
        before = {path: path.read_bytes() for path in session.folder.rglob("*") if path.is_file()}
        with without_rights(home / "projects"):
            studio = make_studio(home)
            viewed = studio.open(studio.list()[0].id)
            assert viewed.project == session.project and "cannot be written" in viewed.findings[0]
            for verb in (
                lambda: viewed.edit(edits.rename, "x"), lambda: viewed.edit(edits.add_segment), viewed.jobs.generate_next,
                viewed.films.export_project, lambda: viewed.set_reference(picture(Path(tempfile.mkdtemp()), "red")), studio.create,
            ):  # fmt: skip
                with pytest.raises((EditError, StoreError, MediaError)) as refused:
                    verb()
                assert len(str(refused.value)) > 20
            viewed.store.close()
        assert {path: path.read_bytes() for path in session.folder.rglob("*") if path.is_file()} == before
        again = make_studio(home).open(session.id)
        assert again.project == session.project and again.findings == ()


class SetBack(datetime):
    """A clock that is so many seconds behind."""

    seconds = 0.0

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> SetBack:
        return cls.fromtimestamp(datetime.now(tz).timestamp() - cls.seconds, tz)


def test_a_clock_that_is_set_back(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    session = render_all(make_film(make_studio(tmp_path), "a"))
    dice, now = random.Random(3), time.time
    for number in range(16):
        back = dice.uniform(0, 10**8)
        for path in session.store.films.rglob("*.mp4"):       # what was made before looks newer than what comes
            os.utime(path, (now() + back, now() + back))
        monkeypatch.setattr(time, "time", lambda back=back: now() - back)
        monkeypatch.setattr(take_requests, "datetime", SetBack)
        SetBack.seconds = back
        session.edit(edits.add_segment, prompt=str(number), frames=4)
        render_all(session)
        film = session.films.film()
        assert film and probe(film).frames == sum(take.frames for take in session.project.film())
    session.store.close()
    again = make_studio(tmp_path).open(session.id)
    assert again.project == session.project and again.findings == ()
    for path in session.folder.glob("project.json*"):
        path.unlink()
    again.store.close()
    assert len({t.created for t in session.project.takes.values()}) > 10
    rescued = make_studio(tmp_path).open(session.id)
    assert [t.id for t in rescued.project.film()] == [t.id for t in session.project.film()]
    shutil.rmtree(session.folder)
