"""What runs in the processes that are killed: a render by the command line, and an artist who edits without a pause."""

from __future__ import annotations

import itertools
import os
import sys
from multiprocessing.connection import Connection
from pathlib import Path

import torch

import app
from studio.commands import render as headless
from studio.engine import engine as _engine  # noqa: F401 - loaded once, before the processes are made
from studio.engine import render as _render  # noqa: F401 - the same
from studio.project import edits
from tests.shelves import make_studio


def render(models: Path, folder: Path, film: Path, started: Connection) -> None:
    """Go on with the film of a project folder, as `app.py render --resume` does, to its end. Ends the process with its status.

    What it says lies beside the film, in a file that ends in .log.
    """
    torch.set_num_threads(1)
    sys.stderr = film.with_suffix(".log").open("w", buffering=1)
    started.send(None)
    os._exit(headless.render(app.parse(["render", "--resume", str(folder), "-o", str(film)]), models, folder.parent))


def edit(home: Path, project: str, count: int, saved: Connection) -> None:
    """Add one segment after the other to a project, from number `count` on; sends each number once it is saved."""
    session = make_studio(home).open(project)
    for number in itertools.count(count):
        session.edit(edits.add_segment, prompt=f"segment {number}")
        session.edit(edits.rename, f"{number} segments")
        saved.send(number)
