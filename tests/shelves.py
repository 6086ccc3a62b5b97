"""A small studio in a temporary folder, with a fake engine, for the tests of the session."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from studio.project import edits
from studio.session import JobView, Session, Studio
from tests.fake_engine import FakeEngine, card


def shelf(home: Path, engine: FakeEngine | None = None) -> Studio:
    return Studio(home / "projects", engine or FakeEngine(), (card(),))


def picture(folder: Path, colour: str = "teal", size: tuple[int, int] = (80, 60)) -> Path:
    path = folder / f"{colour}.png"
    Image.new("RGB", size, colour).save(path)
    return path


def film(studio: Studio, *prompts: str, sections: int = 1) -> Session:
    """A project with a picture and one segment per prompt, on the quickest preset."""
    session = studio.create("A film")
    session.set_reference(picture(studio.home))
    session.apply_preset("draft")
    session.edit(edits.remove_segment, 0)
    for seed, prompt in enumerate(prompts):
        session.edit(edits.add_segment, prompt=prompt, frames=4 * sections, seed=seed)
    return session


def until(session: Session, true: Callable[[], bool], timeout: float = 20.0) -> None:
    """Wait for something to become true, at most `timeout` seconds."""
    end = time.monotonic() + timeout
    revision = session.revision
    while not true():
        assert time.monotonic() < end, f"waited in vain: {session.job}"
        revision = session.watch(revision, 0.2)


def ended(session: Session) -> JobView:
    """The session's job once it has ended."""
    until(session, lambda: session.job is not None and session.job.state not in ("queued", "running"))
    assert session.job
    return session.job


def generated(session: Session) -> Session:
    """The session after Generate all."""
    session.generate_all()
    assert ended(session).state == "done", session.job
    return session
