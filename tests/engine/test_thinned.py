"""Snapshots that are removed and made again by real models: they are the same bit for bit."""

from __future__ import annotations

from pathlib import Path

import pytest
from safetensors import safe_open

from studio.backbones.registry import begins_from_words
from studio.engine import take_folder
from studio.engine.engine import Engine
from studio.memory import snapshot as snapshots
from studio.memory.snapshot import read_snapshot
from studio.project import edits
from studio.session import Session, Studio
from tests import folders
from tests.shelves import make_film, render_all, wait_until


@pytest.fixture(params=["small", "small, shared", "readable, shared", "helios, shared"])
def session(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A film of four takes of two sections, whose snapshots share their parts as those of large models do, or do not."""
    kind, *shared = request.param.split(", ")
    if shared:
        monkeypatch.setattr(snapshots, "SHARED", 0)
    card = getattr(folders, kind)(tmp_path / "model")
    engine = Engine((card,), device="cpu")
    engine.start()
    made = make_film(Studio(tmp_path / "projects", engine, (card,)), "a", "b", "c", "d", sections=2)
    if begins_from_words(card):
        made.begin_from_words()                                 # its start is shared too, and the first take's own
    return render_all(made)


def memory(session: Session, take: str) -> tuple[object, ...]:
    """What a snapshot holds, psi included, and its notes."""
    path = session.store.take_folder(take) / take_folder.SNAPSHOT
    read = read_snapshot(path)
    with safe_open(path, "np") as file:
        facts = dict(file.metadata() or {})
    psi = None if read.psi is None else read.psi.numpy().tobytes()
    return read.start.numpy().tobytes(), read.recent.numpy().tobytes(), psi, facts


def make_again(session: Session, take: str) -> None:
    """Make a take's memory again, and wait until it is there."""
    session.snapshots.make_again(take)
    wait_until(session, lambda: session.snapshots.view is not None and session.snapshots.view.state not in ("queued", "running"))
    assert session.snapshots.view and session.snapshots.view.message == ""


def test_bit_for_bit(session: Session) -> None:
    takes = [take.id for take in session.project.film()]
    before = [memory(session, take) for take in takes]
    assert session.snapshots.thin(100) > 0
    session.edit(edits.rewind, takes[1])
    make_again(session, takes[1])
    assert [take.thinned for take in session.project.path()] == [False, False, True, False]
    assert [memory(session, take) for take in takes[:2]] == before[:2]
    make_again(session, takes[2])
    assert [memory(session, take) for take in takes] == before, "what the film goes on from is the same"
