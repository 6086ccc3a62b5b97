"""Runs a command so that whatever goes wrong reaches a person as a sentence, and a traceback goes into a file."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

from studio.commands.surroundings import SurroundingsError
from studio.folders import FolderError

WRONG, STOPPED = 1, 130
"""Exit statuses: something is wrong; stopped by Ctrl-C."""
OLDEST = (3, 11)
"""The Python that the studio needs, at least."""
SERVERS = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")

log = logging.getLogger("studio")


def guard(command: Callable[[], int]) -> int:
    """Run a command. Returns its exit status, or 1 after a sentence on standard error where it failed, or 130 after Ctrl-C."""
    _open_streams()
    try:
        with _reports():
            return _guarded(command)
    finally:
        _close_output()


def _guarded(command: Callable[[], int]) -> int:
    if sys.version_info < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        return complain(f"The studio needs Python {oldest} or newer. ./launch.sh looks for one, and says where to get it.")
    try:
        status = command()
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        return complain("Stopped. What is finished is kept.", STOPPED)
    except BrokenPipeError:                 # whoever read the output has ended
        return WRONG
    except (SurroundingsError, FolderError) as error:
        return complain(str(error))
    except ModuleNotFoundError as error:
        ours = (error.name or "").partition(".")[0] in ("studio", "app")
        remedy = "Get the studio again." if ours else "Install what is missing: ./launch.sh does, or pip install -e ."
        return complain(f"The Python package “{error.name}” is not here, and the studio needs it. {remedy}")
    except ImportError as error:
        log.exception("A Python package does not fit the studio (%s). Install again what it needs: pip install -e .", error)
        return WRONG
    except MemoryError:
        return complain("The memory of this machine is full. Close other programs and try again; what is finished is kept.")
    except Exception as error:
        log.exception("Something unexpected went wrong (%s: %s). What is finished is kept; try again.", type(error).__name__, error)
        return WRONG


def heed_termination() -> None:
    """Let SIGTERM end the process as Ctrl-C does, so that temporary folders and a farm's workers go. For the main thread."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)


def adopt_servers() -> None:
    """Send what the web server logs to the same place. To be called after it was started: it installs handlers of its own."""
    for name in SERVERS:
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True


class Report(logging.Handler):
    """Writes warnings and errors to standard error as one line each, and the tracebacks behind them into a file."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.path: Path | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record. The file is made for the first traceback, among the temporary files, readable for its owner only."""
        try:
            line = record.getMessage().strip()
            if record.exc_info:
                line += f" {self._keep(record)}"
            say(line)
        except Exception:  # noqa: BLE001 - a report must never end what it reports on
            say("Something went wrong, and it could not be written down.")

    def _keep(self, record: logging.LogRecord) -> str:
        """Append the record with its traceback to the file. Returns a sentence that says where that is."""
        text = logging.Formatter("%(asctime)s %(name)s: %(message)s").format(record)
        try:
            if self.path is None:
                handle, name = tempfile.mkstemp(prefix="memorypack-studio-", suffix=".log")
                os.close(handle)
                self.path = Path(name)
            with self.path.open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(f"{text}\n")
            return f"The details are in {self.path}."
        except OSError:
            return "The details could not be written to the folder for temporary files."


@contextlib.contextmanager
def _reports() -> Iterator[None]:
    """While this is open, warnings and errors are reported as `Report` does it, those of other threads too."""
    report, before = Report(), threading.excepthook

    def end_of_thread(ended: threading.ExceptHookArgs) -> None:
        if ended.exc_value is not None and not isinstance(ended.exc_value, SystemExit):
            problem = (ended.exc_type, ended.exc_value, ended.exc_traceback)
            log.error("Something unexpected went wrong in the background (%s).", ended.exc_value, exc_info=problem)

    logging.getLogger().addHandler(report)
    threading.excepthook = end_of_thread
    try:
        yield
    finally:
        threading.excepthook = before
        logging.getLogger().removeHandler(report)


def _open_streams() -> None:
    """Make output possible where there is none (closed by whoever started the process), or where it knows few letters."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream: TextIO | None = getattr(sys, name)
        if stream is None:
            nowhere = Path(os.devnull).open(mode, encoding="utf-8", errors="backslashreplace")  # noqa: SIM115 - it stays open
            setattr(sys, name, nowhere)
        elif mode == "w" and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _close_output() -> None:
    """Write out what is waiting. Where that fails (a reader that ended, a full disk), Python must not try again at its end."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def complain(sentence: str, status: int = WRONG) -> int:
    """Say why a command does not do what it was asked for. Returns the exit status."""
    say(sentence)
    return status


def say(sentence: str) -> None:
    """Write a sentence to standard error, if anything can be written there."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(f"{sentence}\n")
        sys.stderr.flush()
