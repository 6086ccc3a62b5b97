"""What runs in the processes that are killed: an artist who edits without a pause. It loads no torch, as `emptying_child`."""

from __future__ import annotations

import itertools
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path

from studio.project import edits
from tests import servers
from tests.shelves import make_studio


def processes() -> ForkServerContext:
    """Makes processes in which the studio is loaded already."""
    return servers.processes("tests.faults.editing_child")


def edit(home: Path, project: str, count: int, saved: Connection) -> None:
    """Add one segment after the other to a project, from number `count` on; sends each number once it is saved."""
    session = make_studio(home).open(project)
    for number in itertools.count(count):
        session.edit(edits.add_segment, prompt=f"segment {number}")
        session.edit(edits.rename, f"{number} segments")
        saved.send(number)
