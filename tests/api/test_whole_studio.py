"""The studio as the README starts it, on the model it ships, used by a program alone."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from studio.client import Client, StudioError
from studio.media.clip import probe
from tests.api.conftest import free_port

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home, port = tmp_path_factory.mktemp("home"), free_port()
    with (home / "log.txt").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "app.py", "--no-browser", "--port", str(port)], cwd=ROOT, stdout=log, stderr=log,
            env={**os.environ, "STUDIO_HOME": str(home / "projects"), "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        yield f"http://127.0.0.1:{port}"
        process.terminate()
        process.wait(30)
    assert "Traceback" not in (home / "log.txt").read_text()


def connect(address: str) -> Client:
    """A client, once the studio answers."""
    end = time.monotonic() + 120
    while True:
        try:
            return Client(address)
        except StudioError:
            if time.monotonic() > end:
                raise
            time.sleep(0.5)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_film_with_a_branch_and_a_pin(address: str, tmp_path: Path) -> None:
    studio = connect(address)
    assert "memorypack-mini" in [model["name"] for model in studio.about()["models"]]
    film = studio.create("Hills", width=320, height=192, preset="draft")
    film.use_sample("hills")
    for prompt in ("the camera pans left", "night falls"):
        film.add_segment(prompt, seconds=0.1)
    events = list(film.generate())
    assert events[-1]["state"] == "done" and any(event["doing"] == "denoising" and event["step"] for event in events)
    first, night = film.status()["branches"][0]["takes"]
    film.pin(first)
    film.branch(first)
    film.edit_segment(film.state["segments"][1]["id"], prompt="it begins to snow")
    list(film.generate())
    snow = film.status()["head"]
    assert snow not in (None, first, night)
    made = {take["id"]: take for take in film.state["takes"]}
    assert made[first]["pinned"] and made[night]["parent"] == made[str(snow)]["parent"] == first
    exported = probe(film.export(tmp_path / "film.mp4"))
    assert exported.frames == made[first]["frames"] + made[str(snow)]["frames"]
    with Image.open(film.look(tmp_path / "sheet.png", [night, str(snow)])) as sheet:
        assert sheet.format == "PNG"
