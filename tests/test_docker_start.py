"""What lies in the image, laid out and started without Docker: its files alone, its user, its variables, its command."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from studio.client import Client
from studio.lab.measure.startup import free_port
from studio.project.store import DOCUMENT
from tests import processes
from tests.farm.test_ray import wait_for
from tests.shelves import picture
from tests.test_docker import ROOT, RULES, every, files, only, sent, variables
from tests.test_space import NOBODY

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="the image is one of Linux")]
USER = 1000
"""Whom `useradd` makes in the image."""


def lay_out(image: Path) -> None:
    """What COPY puts into the image, and what is compiled there, in the folder `image` in place of the root."""
    kept = sent(files(), RULES)
    for one in every("COPY"):
        *sources, target = one.words
        for path, source in ((path, source) for source in sources for path in kept if Path(path).is_relative_to(source)):
            within = Path(path).relative_to(source) if path != source else Path(path)
            to = image / target.lstrip("/") / within
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / path, to)
            to.chmod(0o755)
    compiles = next(one.rest for one in every("RUN") if "compileall" in one.rest)
    line = compiles.replace("python ", f"{sys.executable} ").replace(" /app", f" {image}/app")
    subprocess.run(["/bin/sh", "-c", line], timeout=120, check=True)


def volumes(image: Path) -> dict[str, str]:
    """The image's variables, and the folders that they name, made for its user."""
    made = {name: image / folder.lstrip("/") for name, folder in variables().items()}
    for folder in made.values():
        folder.mkdir(parents=True)
        if os.geteuid() == 0:
            os.chown(folder, USER, USER)
    return {name: str(folder) for name, folder in made.items()}


@contextmanager
def started(image: Path, port: int, environment: dict[str, str]) -> Iterator[Path]:
    """The image's command as its user, on this machine alone; ended as Docker ends it. Gives the file with what it says."""
    log, said = image / "log.txt", {"/app/app.py": f"{image}/app/app.py", "0.0.0.0": "127.0.0.1", only("EXPOSE").rest: str(port)}
    line = [said.get(word, word) for word in (*only("ENTRYPOINT").words[1:], *only("CMD").words)]
    user = [word.replace("65534", str(USER)) for word in NOBODY] if os.geteuid() == 0 else []
    for above in [image, *image.parents][:3]:
        above.chmod(above.stat().st_mode | 0o055)
    with processes.started([*user, sys.executable, *line], log, cwd=image / "app", env=environment) as process:
        yield log
        assert process.poll() is None, log.read_text()
        process.send_signal(signal.Signals[only("STOPSIGNAL").rest])
        assert process.wait(30) == 0, log.read_text()


def test_a_film_is_made_with_what_the_image_holds(tmp_path: Path) -> None:
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        pytest.skip("this user may write everywhere")
    image, port = tmp_path / "image", free_port()
    lay_out(image)
    folders = volumes(image)
    command, _, words = only("HEALTHCHECK").rest.partition(" ")
    health = [sys.executable, *(word.replace(only("EXPOSE").rest, str(port)) for word in json.loads(words)[1:])]

    def is_healthy() -> bool:
        return subprocess.run(health, stderr=subprocess.DEVNULL, timeout=60, check=False).returncode == 0

    assert command == "CMD" and not is_healthy()
    environment = {"PATH": os.environ["PATH"], "HOME": folders["HF_HOME"], "OMP_NUM_THREADS": "1", **folders}
    with started(image, port, environment) as log:
        wait_for(is_healthy)
        film = Client(f"http://127.0.0.1:{port}").create("Sea", width=320, height=192, preset="draft")
        film.set_reference(picture(tmp_path, size=(640, 384)))
        film.add_segment("the camera pans left", seconds=0.1)
        last = list(film.generate())[-1]
        assert last["state"] == "done", last
        assert film.export(tmp_path / "sea.mp4").read_bytes()[4:8] == b"ftyp"
        assert list(Path(folders["STUDIO_HOME"]).glob(f"*/{DOCUMENT}"))
        assert "Traceback" not in log.read_text(), log.read_text()
