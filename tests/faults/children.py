"""What runs in the processes that are killed: renders by the command line."""

from __future__ import annotations

import os
import signal
import sys
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import torch

import app
from studio.backbones.animatic import load as _load  # noqa: F401 - loaded once, before the processes are made
from studio.commands import render as headless
from studio.engine import engine as _engine  # noqa: F401 - the same
from studio.engine import render as _render  # noqa: F401 - the same
from studio.engine import take_folder
from studio.memory.snapshot import Snapshot
from tests import servers


def processes() -> ForkServerContext:
    """Makes processes in which torch and the studio are loaded already."""
    return servers.processes("tests.faults.children")


def render(models: Path, folder: Path, film: Path, started: Connection) -> None:
    """Go on with the film of a project folder, as `app.py render --resume` does, to its end. Ends the process with its status.

    What it says lies beside the film, in a file that ends in .log.
    """
    torch.set_num_threads(1)
    sys.stderr = film.with_suffix(".log").open("w", buffering=1)
    started.send(None)
    os._exit(headless.render(app.parse(["render", "--resume", str(folder), "-o", str(film)]), models, folder.parent))


def render_until(moment: str, models: Path, story: Path, film: Path, home: Path) -> None:
    """Render a story of two segments as `app.py render` does, and be killed at the moment.

    It is "between clip and snapshot", of the second segment's second section, or "between film and note", when the second
    segment is finished.
    """
    sys.stderr = film.with_suffix(".log").open("w", buffering=1)
    write, tidy = Snapshot.write, take_folder.tidy

    def write_or_die(self: Snapshot, path: Path) -> Any:
        return _die() if self.sections == 3 else write(self, path)

    def tidy_or_die(folder: Path) -> Any:
        return _die() if len(list(folder.parent.iterdir())) == 2 else tidy(folder)

    if moment == "between clip and snapshot":
        Snapshot.write = write_or_die                                   # type: ignore[method-assign]
    else:
        take_folder.tidy = tidy_or_die
    os._exit(headless.render(app.parse(["render", str(story), "-o", str(film)]), models, home))


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
