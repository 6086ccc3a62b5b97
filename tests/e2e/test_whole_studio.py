"""The studio as the README starts it, on the model it ships: used in a real Chromium, and by a program alone."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from studio.client import Client, StudioError
from studio.media.clip import probe, read_clip
from studio.media.picture import crop, read_picture
from studio.memory.snapshot import read_snapshot
from tests import processes
from tests.e2e.conftest import free_port

ROOT = Path(__file__).parents[2]
PATIENCE = 180_000   # the model really renders, on whatever machine this is


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The running studio's address, and where its projects lie."""
    home, port = tmp_path_factory.mktemp("home"), free_port()
    line = [sys.executable, "app.py", "--no-browser", "--port", str(port)]
    variables = {**os.environ, "STUDIO_HOME": str(home / "projects"), "PYTHONUNBUFFERED": "1"}
    with processes.started(line, home / "log.txt", cwd=ROOT, env=variables) as process:
        yield f"http://127.0.0.1:{port}", home / "projects"
        process.terminate()
        process.wait(30)
    assert "Traceback" not in (home / "log.txt").read_text()


def photograph(folder: Path) -> Path:
    data = pytest.importorskip("skimage.data")
    Image.fromarray(data.astronaut()).save(folder / "photograph.png")
    return folder / "photograph.png"


def arrived(page: Any, url: str) -> None:
    """Open the page once the studio answers."""
    for _ in range(120):
        try:
            page.goto(url)
            return
        except Exception:  # noqa: BLE001 - not up yet
            page.wait_for_timeout(500)
    page.goto(url)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_film_from_a_photograph(chromium: Any, address: tuple[str, Path], tmp_path: Path) -> None:
    from playwright.sync_api import expect

    url, projects = address
    context = chromium.profile(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.emulate_media(reduced_motion="reduce")         # a film that plays takes from the model what the processor has
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    arrived(page, url)

    page.locator("input[type=file]").first.set_input_files(photograph(tmp_path))
    page.get_by_role("dialog", name="Picture").get_by_role("button", name="Done").click()
    page.get_by_label("Prompt of segment 1").fill("the camera holds still")
    page.get_by_role("button", name="Preset").click()
    page.get_by_role("menuitemradio", name=re.compile("^Draft")).click()
    page.get_by_role("button", name="Generate next").click()     # the engine may still be warming up: the job waits for it
    badges = page.locator(".card .badge")
    expect(page.locator(".stage .pane img").first).to_have_attribute("src", re.compile("^data:image/webp;base64,"))
    expect(badges.nth(0)).to_have_text("Done")

    page.get_by_role("button", name="Add segment").click()
    page.get_by_label("Prompt of segment 2").fill("night falls")
    page.keyboard.press("Control+Enter")
    expect(badges.nth(1)).to_have_text("Done")

    page.locator(".card").nth(0).locator("[data-verb=rewind]").click()
    expect(page.locator(".card").nth(0)).to_have_attribute("aria-current", "step")
    page.locator(".card").nth(0).locator("[data-verb=branch]").click()
    expect(page.locator(".branches li")).to_have_count(2)
    page.get_by_label("Prompt of segment 2").fill("the camera pans to the left")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".node")).to_have_count(3)
    expect(page.locator(".card").nth(1)).to_have_attribute("aria-current", "step")

    atlas = page.get_by_role("img", name=re.compile("What the memory holds"))
    expect(atlas).to_be_visible()
    panned = str(atlas.get_attribute("src"))
    shape = float(atlas.evaluate("async image => { await image.decode(); return image.naturalWidth / image.naturalHeight; }"))
    assert shape == pytest.approx(1.0, abs=0.1)                                      # the whole photograph, not the frame alone

    page.get_by_role("button", name="Undo (Ctrl+Z)").click()
    expect(atlas).not_to_have_attribute("src", panned)                               # each take has its own
    expect(page.locator(".card").nth(0)).to_have_attribute("aria-current", "step")
    page.get_by_role("button", name="Redo (Ctrl+Shift+Z)").click()
    expect(page.locator(".card").nth(1)).to_have_attribute("aria-current", "step")

    page.get_by_role("button", name="Export").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Film as MP4").click()
    film = tmp_path / "film.mp4"
    waiting.value.save_as(film)
    page.close()
    assert complaints == []
    project = next(projects.glob("*/project.json"))
    check_film(film, tmp_path / "photograph.png", tuple(json.loads(project.read_text())["frame"]))
    check_takes(project.parent / "takes")


def check_film(film: Path, photograph: Path, frame: tuple[float, float, float, float]) -> None:
    """Two segments of 72 frames: the frame in the photograph, standing still; then the camera moves."""
    facts = probe(film)
    assert (facts.frames, facts.fps, facts.width, facts.height) == (144, 24, 640, 384)
    frames = read_clip(film)
    picture = np.asarray(crop(read_picture(photograph), frame, (facts.width, facts.height)), dtype=np.float32)
    error = float(np.mean((frames[0] - picture) ** 2))
    assert 10 * np.log10(255**2 / error) > 25
    assert frames[:, ::8, ::8].std(axis=(1, 2, 3)).min() > 5        # no frame is blank
    stood, moved = (float(np.abs(frames[b].astype(np.float32) - frames[a]).mean()) for a, b in ((0, 71), (72, 143)))
    assert moved > 2 * stood


def check_takes(takes: Path) -> None:
    """Every take's memory lies beside its clip: the whole picture, from the first moment on, so it is the same in all."""
    snapshots = [read_snapshot(path) for path in takes.glob("*/snapshot.safetensors")]
    assert sorted(s.sections for s in snapshots) == [1, 2, 2]
    assert len({s.start.numpy().tobytes() for s in snapshots}) == 1
    memories = [s.psi for s in snapshots if s.psi is not None]
    assert len({psi.shape for psi in memories}) == 1
    assert len({psi.numpy().tobytes() for psi in memories}) == 1
    assert len(memories) == 3
    assert len({s.recent.numpy().tobytes() for s in snapshots}) == 3


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
def test_a_program_makes_a_film_with_a_branch_and_a_pin(address: tuple[str, Path], tmp_path: Path) -> None:
    studio = connect(address[0])
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
