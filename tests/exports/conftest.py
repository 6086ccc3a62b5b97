"""For tests of a film's exports: a film of three segments and two shots, with another take."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from studio.media.clip import write_clip
from studio.project import choices, edits, shots
from studio.project.model import Shot
from studio.project.store import CLIP
from studio.session import Session, Studio
from tests.shelves import make_film, make_studio, render_all, wait_for_job

RATE = 24
PROMPTS = ("she waves\nand turns", "=HYPERLINK(1)", "夜の海 & <rain>")


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a project: three segments at 24 frames a second, the third a new shot; the second has another take, and the
    third is starred."""
    session = make_film(make_studio(tmp_path_factory.mktemp("made")), *PROMPTS, sections=2)
    session.edit(shots.set_shot, 2, Shot())
    session.edit(edits.rename, "Das Meer / é")
    render_all(session)
    first, second, third = (take.id for take in session.project.path())
    session.jobs.retake(second, seed=77)
    assert wait_for_job(session).state == "done"
    session.edit(edits.rewind, third)
    session.edit(edits.switch, session.project.branches[0].id)
    session.edit(choices.set_star, third, True)
    session.edit(lambda project: replace(project, clock=replace(project.clock, fps=RATE)))
    for number, take in enumerate(session.project.takes):        # at the film's rate, and different from each other
        shade = np.full((8, 48, 64, 3), 40 + 20 * number, np.uint8)
        write_clip(session.store.take_folder(take) / CLIP, shade, RATE)
    assert [take.id for take in session.project.film()] == [first, second, third]
    return session.folder


@pytest.fixture
def film(made: Path, studio: Studio) -> Session:
    """A copy of that project, for one test."""
    shutil.copytree(made, studio.home / made.name)
    return studio.open(made.name)
