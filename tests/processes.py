"""Processes that tests start: they hear Ctrl-C wherever the tests run, and none outlives its test."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from studio.project.store import CLAIM


@contextmanager
def started(line: Sequence[str], log: Path | None = None, **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """A process with the signals of a new one, which is killed at the end if it still runs then.

    What the background of a shell starts ignores Ctrl-C, and so would whatever it starts itself; a terminal's, Docker's and a
    Space's processes do not. `log`: a file for all output. `options`: those of `subprocess.Popen`.
    """
    if sys.platform != "win32":
        options["preexec_fn"] = _hear_ctrl_c
    if log:
        with log.open("wb") as out:
            process = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=out, stderr=out, **options)
    else:
        process = subprocess.Popen(line, **options)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()


@contextmanager
def hold_film(folder: Path) -> Iterator[subprocess.Popen[Any]]:
    """A process that has a film open, as another studio would, until it is killed or this ends."""
    code = f"import fcntl; file = open({str(folder / CLAIM)!r}, 'ab'); fcntl.lockf(file, fcntl.LOCK_EX); print(flush=True); input()"
    with started([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout and process.stdout.readline()
        yield process


def _hear_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
