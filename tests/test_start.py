"""The real `app.py` as a process of its own: what surrounds it ends in a page or in a sentence, never in a traceback."""

from __future__ import annotations

import io
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from tests.processes import started

ROOT = Path(__file__).parents[1]
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
WRONG = {
    "HTTP_PROXY": "http://127.0.0.1:9", "ALL_PROXY": "socks4://127.0.0.1:9", "HTTPS_PROXY": "http://[::1",
    "FFMPEG_BINARY": "/nope/ffmpeg", "SSL_CERT_FILE": "/nope", "GRADIO_SERVER_PORT": "abc", "GRADIO_SHARE": "True",
    "HF_ENDPOINT": "nonsense", "PYTHONIOENCODING": "ascii",
}  # fmt: skip


def has_ipv6() -> bool:
    """Whether this machine can be reached at ::1."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def command(*arguments: str, python: tuple[str, ...] = (), **variables: str) -> tuple[list[str], dict[str, str]]:
    """A command line of the app, and an environment without proxies of this machine."""
    here = {name: value for name, value in os.environ.items() if not name.upper().endswith("_PROXY")}
    return [sys.executable, *python, str(ROOT / "app.py"), *arguments], here | {"PYTHONPATH": ""} | variables


def ended(*arguments: str, python: tuple[str, ...] = (), **variables: str) -> tuple[int, str]:
    """The exit status and all output of a command that ends by itself."""
    line, environment = command(*arguments, python=python, **variables)
    done = subprocess.run(line, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=200, check=False)
    return done.returncode, done.stdout + done.stderr


class Opened:
    """A studio that was started: its process, and what it has written so far."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process, self.log = process, log

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Wait until the output has the pattern."""
        for _ in range(2000):
            if found := re.search(pattern, self.text()):
                return found
            assert self.process.poll() is None, self.text()
            time.sleep(0.1)
        raise AssertionError(self.text())

    def text(self) -> str:
        return self.log.read_text("utf-8", "replace")

    def interrupt(self) -> int:
        """Press Ctrl-C; returns the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)


@contextmanager
def opened(folder: Path, *arguments: str, **variables: str) -> Iterator[Opened]:
    """A studio that is started in a folder, and ends with the test."""
    line, environment = command("--no-browser", *arguments, **variables)
    with started(line, folder / "output.txt", env=environment, cwd=folder) as process:
        yield Opened(process, folder / "output.txt")


@pytest.mark.skipif(sys.platform == "win32", reason="presses Ctrl-C as Unix does, and uses a colon in a name")
def test_with_everything_wrong_around_it_the_page_opens_and_works(tmp_path: Path) -> None:
    with opened(tmp_path, **WRONG, STUDIO_HOME=".films:2026 é") as studio:
        url = studio.wait_for(r"Running on local URL: +(http://\S+)")[1]
        assert DIRECT.open(url, timeout=30).status == 200
        picture = io.BytesIO()
        Image.new("RGB", (32, 32)).save(picture, "PNG")
        head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="p.png"\r\n\r\n'
        body = head + picture.getvalue() + b"\r\n--x--\r\n"
        asked = urllib.request.Request(f"{url}/gradio_api/upload", body, {"Content-Type": "multipart/form-data; boundary=x"})
        assert b"p.png" in DIRECT.open(asked, timeout=30).read()
        home = tmp_path / ".films:2026 é"
        (home / "clip.txt").write_text("a clip")
        clip = f"{url}/gradio_api/file={urllib.request.pathname2url(str(home))}/clip.txt"
        assert DIRECT.open(clip, timeout=30).read() == b"a clip"
        assert studio.interrupt() in (0, 130), "130: what comes after the page's opening is not done yet"
    told = studio.text()
    for name in ("FFMPEG_BINARY", "SSL_CERT_FILE", "GRADIO_SERVER_PORT", "GRADIO_SHARE", "HF_ENDPOINT"):
        assert re.search(f"^{name} ", told, re.MULTILINE), told
    assert "Traceback" not in told


@pytest.mark.parametrize(("arguments", "variables", "expected"), [
    (["--port", "99999"], {}, "99999 is no port"),
    (["--host", "192.0.2.1"], {}, "is no address of this machine"),
    ([], {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "utf-8"}, "Set PYTHONUTF8=1"),
    ([], {"STUDIO_HOME": "{file}"}, "Projects cannot be kept in"),
    ([], {"GRADIO_TEMP_DIR": "{file}"}, "Uploads cannot be stored in"),
    (["import", "no.zip"], {"STUDIO_HOME": "~nobody-of-this-name/x"}, "no such account's home folder"),
    (["import", "x" * 300], {}, "This file cannot be read (File name too long)"),
    (["import", "no.zip"], {"STUDIO_HOME": "{file}"}, "Projects cannot be kept in"),
    (["render", "story.toml"], {"STUDIO_HOME": "{file}"}, "Projects cannot be kept in"),
    (["models", "fetch", "framepack-f1", "--from", "x" * 300], {}, "There are no weights in"),
    (["models", "fetch", "framepack-f1"], {"HTTPS_PROXY": "socks4://p:1"}, "HTTPS_PROXY is"),
    (["models", "fetch", "framepack-f1"], {"STUDIO_MODELS": "{file}"}, "Weights cannot be kept in"),
    (["models", "fetch", "framepack-f1"],
     {"HF_ENDPOINT": "http://127.0.0.1:9", "ALL_PROXY": "socks5://127.0.0.1:9", "HF_HUB_OFFLINE": ""}, "could not be reached"),
])  # fmt: skip
def test_what_cannot_be_put_right_is_one_sentence(
    tmp_path: Path, arguments: list[str], variables: dict[str, str], expected: str
) -> None:
    (tmp_path / "file").write_text("no folder")
    filled = {name: value.format(file=tmp_path / "file") for name, value in variables.items()}
    status, told = ended(*arguments, **{"STUDIO_HOME": str(tmp_path / "films"), **filled})
    assert status == 1 and expected in told and told.count("\n") == 1, told


@pytest.mark.parametrize("arguments", [[], ["models"], ["doctor"], ["render", "story.toml"], ["import", "film.zip"]])
def test_a_missing_package_is_named(tmp_path: Path, arguments: list[str]) -> None:
    status, told = ended(*arguments, python=("-S",), STUDIO_HOME=str(tmp_path))        # -S: without any package
    assert status == 1 and re.fullmatch(r"The Python package “\w+” is not here, .*\n", told), told


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="presses Ctrl-C as Unix does")
@pytest.mark.parametrize("module", ["gradio.blocks", "torch"])
def test_ctrl_c_while_it_starts(tmp_path: Path, module: str) -> None:
    """When that module has just been imported: before there is a page, and by the engine's thread behind the page."""
    with opened(tmp_path, STUDIO_HOME=str(tmp_path / "films"), PYTHONPROFILEIMPORTTIME="1") as studio:
        studio.wait_for(rf"\| +{module}\n")
        assert studio.interrupt() in (0, 130)
    assert "Traceback" not in studio.text(), studio.text()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="presses Ctrl-C as Unix does")
@pytest.mark.parametrize(("arguments", "variables", "last"), [
    (["--host", "::1" if has_ipv6() else "127.0.0.1"],
     {"HOME": "/proc/nowhere", "TMPDIR": "/proc/nowhere", "HF_HOME": "/proc/nowhere", "LC_ALL": "C"}, "is ready"),
    (["--host", "localhost"], {"GRADIO_ROOT_PATH": "/studio", "HF_HOME": "/proc/nowhere", "LC_ALL": "C"}, "Running on"),
])  # fmt: skip
def test_a_start_among_other_surroundings(tmp_path: Path, arguments: list[str], variables: dict[str, str], last: str) -> None:
    with opened(tmp_path, *arguments, **{"STUDIO_HOME": str(tmp_path / "Filme – é"), **variables}) as studio:
        url = studio.wait_for(r"Running on local URL: +(http://\S+)")[1]
        assert DIRECT.open(url, timeout=30).status == 200
        studio.wait_for(last)
        assert studio.interrupt() in ((0,) if last == "is ready" else (0, 130))
    assert "Traceback" not in studio.text()
