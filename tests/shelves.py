"""A small studio in a temporary folder, with a fake engine, for the tests of the session."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from studio.project import edits
from studio.session import JobView, Session, Studio
from tests.fake_engine import FakeEngine, card


def make_studio(home: Path, engine: FakeEngine | None = None) -> Studio:
    """A studio with one model, on a fake engine."""
    return Studio(home / "projects", engine or FakeEngine(), (card(),))


def picture(folder: Path, colour: str = "teal", size: tuple[int, int] = (80, 60)) -> Path:
    """A PNG of one colour; returns its path."""
    path = folder / f"{colour}.png"
    Image.new("RGB", size, colour).save(path)
    return path


def make_film(studio: Studio, *prompts: str, sections: int = 1) -> Session:
    """A project with a picture and one segment per prompt, on the quickest preset."""
    session = studio.create("A film")
    session.set_reference(picture(studio.home))
    session.apply_preset("draft")
    session.edit(edits.remove_segment, 0)
    for seed, prompt in enumerate(prompts):
        session.edit(edits.add_segment, prompt=prompt, frames=4 * sections, seed=seed)
    return session


def wait_until(session: Session, condition: Callable[[], bool], timeout: float = 60.0) -> None:
    """Wait until `condition` is true, at most `timeout` seconds. It is checked at every change of the session."""
    end = time.monotonic() + timeout
    revision = session.revision
    while not condition():
        assert time.monotonic() < end, f"waited in vain: {session.job}"
        revision = session.watch(revision, 0.2)


def wait_for_job(session: Session) -> JobView:
    """Wait until the session's job has ended; returns it."""
    wait_until(session, lambda: session.job is not None and session.job.state not in ("queued", "running"))
    assert session.job
    return session.job


def render_all(session: Session) -> Session:
    """Render all segments that are left; returns the session."""
    session.jobs.generate_all()
    assert wait_for_job(session).state == "done", session.job
    return session


def made_again(arrived: Session) -> Session:
    """The new film, once what it was opened for is made."""
    arrived.jobs.resume()
    assert wait_for_job(arrived).state == "done", arrived.job
    return arrived
