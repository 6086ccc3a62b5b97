"""What runs in the processes that are killed while they empty a trash. It loads no torch: a process is there in no time."""

from __future__ import annotations

import os
import signal
import sys
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

from studio.project import film_trash
from studio.project.store import Store
from studio.session.document import Document
from studio.session.trash import empty, finish
from tests import servers

CHANGES = frozenset(("os.rename", "os.remove", "os.rmdir", "os.mkdir"))


def processes() -> ForkServerContext:
    """Makes processes in which the studio is loaded already."""
    return servers.processes("tests.faults.emptying_child")


def empty_film(folder: Path, moment: int, counted: Connection) -> None:
    """Open a film as the studio does and empty its trash; be killed before the change of the disk of this number.

    Sends how many changes there were, if it lives that long.
    """
    store = Store(folder)
    document = Document(store, store.open())
    finish(document)
    _count(moment, counted, lambda: empty(document, document.project.trash))


def delete_films(home: Path, moment: int, counted: Connection) -> None:
    """The same for all films in the trash of films."""
    keys = [thrown.key for thrown in film_trash.list_trash(home)]
    _count(moment, counted, lambda: film_trash.delete(home, keys))


def _count(moment: int, counted: Connection, work: Any) -> None:
    count = 0

    def hook(event: str, values: tuple[Any, ...]) -> None:
        nonlocal count
        writes = event == "open" and isinstance(values[2], int) and values[2] & (os.O_WRONLY | os.O_RDWR)
        if writes or event in CHANGES:
            count += 1
            if count == moment:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    work()
    counted.send(count)
    os._exit(0)                      # what the process would do at its end is no part of it
