"""`app.py` as a Space of Hugging Face starts it, without the Hub: its variables, a user without rights, code that cannot be
written, no network. What the Hub itself does is not here: building, its proxy, waking up."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.client import Client
from studio.lab.measure.startup import free_port
from studio.project.store import DOCUMENT
from tests import processes
from tests.shelves import picture

ROOT = Path(__file__).parents[1]
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=+dac_read_search",
          "--ambient-caps=+dac_read_search", "--bounding-set=-all,+dac_read_search"]
"""A user without rights, who may read what root may: this Python may lie in root's home."""
ALONE = """
import os, socket
real = socket.socket.connect
def connect(self, address):
    if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
        with open(os.environ["TMPDIR"] + "/asked.txt", "a") as file:
            file.write(repr(address))
        raise OSError("there is no network")
    return real(self, address)
socket.socket.connect = connect
"""


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path, subprocess.Popen[bytes]]]:
    """The address of the studio, the folder with all that it may write, and its process."""
    root = not hasattr(os, "geteuid") or os.geteuid() == 0
    if root and not shutil.which("setpriv"):
        pytest.skip("this user may write everywhere")
    folder = tmp_path_factory.mktemp("space")
    code, data, blocked = folder / "app", folder / "data", folder / "blocked"
    for path in (data, blocked):
        path.mkdir()
        path.chmod(0o777)
    (blocked / "sitecustomize.py").write_text(ALONE)
    code.mkdir()
    for name in ("app.py", "studio", "presets", "assets", "models", "README.md"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, code / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, code)
    for place, _, _ in os.walk(code):
        Path(place).chmod(0o555)
    for above in [folder, *folder.parents][:3]:
        above.chmod(above.stat().st_mode | 0o055)
    port = free_port()
    variables = {
        "PATH": os.environ["PATH"], "HOME": str(code), "TMPDIR": str(data), "PYTHONPATH": str(blocked), "PYTHONUNBUFFERED": "1",
        "SPACE_ID": "someone/studio", "SPACE_HOST": "someone-studio.hf.space", "SPACE_AUTHOR_NAME": "someone",
        "SPACE_REPO_NAME": "studio", "SYSTEM": "spaces", "GRADIO_SERVER_NAME": "127.0.0.1", "GRADIO_SERVER_PORT": str(port),
        "GRADIO_NUM_PORTS": "1", "GRADIO_ALLOW_FLAGGING": "never", "GRADIO_THEME": "huggingface",
        "STUDIO_HOME": str(data / "films"), "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    line = [*(NOBODY if root else []), sys.executable, "app.py"]
    with processes.started(line, data / "log.txt", cwd=code, env=variables) as process:
        for _ in range(1800):
            if re.search(r"Running on local URL", (data / "log.txt").read_text()):
                break
            assert process.poll() is None, (data / "log.txt").read_text()
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}", data, process
        process.terminate()
        assert process.wait(30) == 0, "SIGTERM, with which Spaces stop, ends it as Ctrl-C does"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Spaces run Linux")
def test_the_page_answers_behind_the_hubs_proxy(started: tuple[str, Path, subprocess.Popen[bytes]]) -> None:
    url, _, _ = started
    headers = {"Host": "someone-studio.hf.space", "X-Forwarded-Host": "someone-studio.hf.space", "X-Forwarded-Proto": "https"}
    page = urllib.request.urlopen(urllib.request.Request(f"{url}/", headers=headers), timeout=60).read().decode()
    assert '"root":"https://someone-studio.hf.space"' in page and '"space_id":"someone/studio"' in page
    assert "MemoryPack Studio" in page
    with pytest.raises(OSError), socket.create_connection(("127.0.0.1", 7887), timeout=5):
        pass                                    # where `spaces` is installed, Gradio lets authors change the code there


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Spaces run Linux")
def test_a_visitor_makes_a_film_without_rights_and_without_a_network(
    started: tuple[str, Path, subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    url, data, process = started
    film = Client(url).create("Sea", width=320, height=192, preset="draft")
    film.set_reference(picture(tmp_path, size=(640, 384)))
    film.add_segment("the camera pans left", seconds=1)
    events = list(film.generate())
    assert events[-1]["state"] == "done", events[-1]
    assert len(film.status()["takes"]) == 1
    assert list((data / "films").glob(f"*/{DOCUMENT}"))
    told = (data / "log.txt").read_text()
    assert "Traceback" not in told and process.poll() is None, told
    assert not (data / "asked.txt").exists(), (data / "asked.txt").read_text()
