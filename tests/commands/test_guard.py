"""Whatever goes wrong in a command reaches a person as a sentence, and a traceback goes into a file."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from studio.commands.guard import adopt_servers, guard
from studio.commands.surroundings import SurroundingsError

ROOT = Path(__file__).parents[2]


def fail(error: BaseException) -> int:
    raise error


@pytest.mark.parametrize(("error", "status", "expected"), [
    (SurroundingsError("No room here."), 1, "No room here.\n"),
    (KeyboardInterrupt(), 130, "Stopped. What is finished is kept.\n"),
    (ModuleNotFoundError("No module named 'av'", name="av"), 1, "“av” is not here, and the studio needs it. Install"),
    (ModuleNotFoundError("No module named 'studio.x'", name="studio.x"), 1, "Get the studio again"),
    (ImportError("cannot import name 'Self'"), 1, "A Python package does not fit the studio (cannot import name 'Self')"),
    (MemoryError(), 1, "memory of this machine is full"),
    (BrokenPipeError(), 1, ""),
])  # fmt: skip
def test_an_error_becomes_a_sentence(error: BaseException, status: int, expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert guard(lambda: fail(error)) == status
    told = capsys.readouterr().err
    assert expected in told and "Traceback" not in told and told.count("\n") == (1 if expected else 0)


def test_an_unexpected_error_names_the_file_with_the_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert guard(lambda: fail(ZeroDivisionError("by zero"))) == 1
    told = capsys.readouterr().err
    assert "unexpected went wrong (ZeroDivisionError: by zero)" in told and told.count("\n") == 1
    log = Path(re.search(r"The details are in (.*)\.\n", told)[1])  # type: ignore[index]
    assert log.parent == tmp_path and "Traceback" in log.read_text("utf-8")
    if os.name == "posix":
        assert log.stat().st_mode & 0o077 == 0, "it is its owner's"


def test_without_a_place_for_the_file_it_is_a_sentence_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    assert guard(lambda: fail(ZeroDivisionError())) == 1
    assert "could not be written" in capsys.readouterr().err


def test_an_old_python_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("studio.commands.guard.OLDEST", (99, 1))
    assert guard(lambda: fail(AssertionError())) == 1
    assert capsys.readouterr().err.startswith("The studio needs Python 99.1 or newer.")


def test_errors_in_the_background_are_told_the_same_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def command() -> int:
        adopt_servers()                         # as the app does once the page is served: a server of an earlier test may be there
        thread = threading.Thread(target=fail, args=(ZeroDivisionError("in a thread"),))
        thread.start()
        thread.join()
        try:
            fail(ValueError("in a message"))
        except ValueError:
            logging.getLogger("uvicorn.error").error("Exception in ASGI application\n", exc_info=True)
        return 0

    before = threading.excepthook
    assert guard(command) == 0 and threading.excepthook is before
    told = capsys.readouterr().err
    assert "in a thread" in told and "Exception in ASGI application The details are in" in told and "Traceback" not in told
    log, = tmp_path.iterdir()
    assert log.read_text("utf-8").count("Traceback") == 2


def python(code: str, *, shell: str = '"$0" -c "$1"', **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python code in a shell line; `$0` is Python and `$1` the code."""
    begin = "import sys; from studio.commands.guard import guard; "
    return subprocess.run(
        ["bash", "-c", shell, sys.executable, begin + code], cwd=ROOT, env={**os.environ, **environment}, capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="needs bash")
def test_output_that_goes_nowhere_or_knows_few_letters() -> None:
    code = "sys.exit(guard(lambda: print('Übergang “film”', chr(0xdce9)) or 0))"
    ascii_only = python(code, PYTHONIOENCODING="ascii")
    assert (ascii_only.returncode, ascii_only.stdout, ascii_only.stderr) == (0, "\\xdcbergang \\u201cfilm\\u201d \\udce9\n", "")
    for shell in ('"$0" -c "$1" >&-', '"$0" -c "$1" <&- >&- 2>&-'):
        closed = python(code, shell=shell)
        assert (closed.returncode, closed.stdout, closed.stderr) == (0, "", ""), shell
    cut = python("sys.exit(guard(lambda: print('x' * 10**6) or 0))", shell='"$0" -c "$1" | head -c 1; exit ${PIPESTATUS[0]}')
    assert (cut.returncode, cut.stdout, cut.stderr) == (1, "x", "")
