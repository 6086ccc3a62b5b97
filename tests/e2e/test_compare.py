"""Two takes compared in a browser: they play on one clock, side by side, under a wipe, and as their difference."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from studio.media.clip import write_clip
from studio.project import edits
from studio.session import Session, Studio
from tests.e2e.conftest import Stand, Visit, serve, visit
from tests.fake_engine import FakeEngine
from tests.lora_shelves import model
from tests.shelves import render_all, wait_for_job

pytest.importorskip("playwright.sync_api", reason="the page's tests need: pip install playwright")
from playwright.sync_api import expect

FPS, SIZE = 24, (320, 192)
AUDIT = (Path(__file__).parent / "audit.js").read_text("utf-8")
# In each picture that the browser draws while both clips play: seconds between them, and seconds of the first.
SAMPLE = """async (seconds) => {
  const videos = [...document.querySelectorAll('.stage video')];
  const found = [];
  const end = performance.now() + 1000 * seconds;
  while (performance.now() < end) {
    await new Promise(requestAnimationFrame);
    if (videos.every((v) => v.readyState >= 2 && !v.paused && !v.ended)) {
      found.push([videos[0].currentTime - videos[1].currentTime, videos[0].currentTime]);
    }
  }
  return found;
}"""
FRAMES = "[...document.querySelectorAll('.stage video')].map((v) => Math.floor(v.currentTime * 24 + 0.001))"


@pytest.fixture(scope="module")
def cinema(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    folder = tmp_path_factory.mktemp("compare")
    engine = FakeEngine()
    studio = Studio(folder / "projects", engine, (model(folder, fps=FPS, sizes=(SIZE,)),))
    studio.home.mkdir()
    for url in serve(studio):
        yield Stand(url, studio, engine, folder)


@pytest.fixture
def desk(cinema: Stand, chromium: Any) -> Iterator[Visit]:
    for here in visit(cinema, chromium):
        here.moves = True
        yield here


@pytest.fixture
def phone(cinema: Stand, chromium: Any) -> Iterator[Visit]:
    screen = {"width": 390, "height": 844}
    yield from visit(cinema, chromium, viewport=screen, has_touch=True, is_mobile=True, reduced_motion="reduce")


def bar(count: int, colour: tuple[int, int, int]) -> np.ndarray:
    """Frames of a grey ground with a bar that walks over it."""
    frames = np.full((count, SIZE[1], SIZE[0], 3), 90, np.uint8)
    for at, frame in enumerate(frames):
        frame[:, at * 6 : at * 6 + 24] = colour
    return frames


def two_takes(cinema: Stand, *sections: int) -> Session:
    """A film with a take of each so many sections of four frames, of one segment: red bars, and blue ones in the second."""
    session = cinema.studio.create("Two takes")
    session.set_size(SIZE)
    session.set_reference(picture_of(cinema.folder))
    session.apply_preset("draft")
    session.edit(edits.edit_segment, 0, prompt="a bar walks", frames=4 * sections[0], seed=1)
    render_all(session)
    first = session.project.head
    session.edit(edits.edit_segment, 0, frames=4 * sections[1])
    session.jobs.retake(str(first))
    wait_for_job(session)
    for take, colour in zip(session.project.takes.values(), ((230, 60, 40), (40, 80, 230)), strict=True):
        path = session.films.clip(take.id)
        assert path
        path.unlink()
        write_clip(path, bar(take.frames, colour), FPS)
    return session


def picture_of(folder: Path) -> Path:
    path = folder / "grey.png"
    Image.new("RGB", SIZE, (90, 90, 90)).save(path)
    return path


def compared(visit: Visit, session: Session) -> Any:
    page = visit.open(session)
    expect(page.locator(".stage video").first).to_have_js_property("readyState", 4)
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.locator(".stage video").nth(1)).to_have_js_property("readyState", 4)
    return page


def colours(page: Any, height: float, *places: float) -> list[list[int]]:
    """Red, green and blue of the picture on the stage, at a share of its height and at these shares of its width."""
    shot = np.asarray(Image.open(io.BytesIO(page.locator(".stage .pane").first.screenshot())).convert("RGB")).astype(int)
    wide = page.locator(".stage video").first.bounding_box()["width"]
    row, start = shot[round(shot.shape[0] * height)], (shot.shape[1] - wide) / 2
    return [row[round(start + wide * place)].tolist() for place in places]


def comes(condition: Callable[[], bool], patience: float = 10) -> bool:
    """Whether a condition comes true in so many seconds: the browser paints a frame some time after it was sought."""
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


@pytest.mark.slow
def test_both_clips_stay_together_from_the_first_picture_on(cinema: Stand, desk: Visit) -> None:
    page = desk.open(two_takes(cinema, 18, 18))                     # three seconds each, so that there is a second start
    expect(page.locator(".stage video").first).to_have_js_property("readyState", 4)
    page.wait_for_function("document.querySelector('.stage video').currentTime > 1")       # the first is in its middle
    page.evaluate("document.querySelector('[aria-label=Compare]').click()")
    samples = np.array(page.evaluate(SAMPLE, 5))
    apart = np.abs(samples[:, 0])
    assert len(samples) > 60
    assert np.quantile(apart, 0.95) < 1 / FPS, f"median {np.median(apart):.4f} s, most {apart.max():.4f} s"
    assert samples[0, 1] < 0.5 and (np.diff(samples[:, 1]) < -2).sum() >= 1, "from the start on, and again after the end"
    page.evaluate("document.querySelectorAll('.stage video')[1].currentTime = 0.1")         # as after a hitch
    page.wait_for_timeout(1500)
    apart = np.abs(np.array(page.evaluate(SAMPLE, 1))[:, 0])
    assert np.quantile(apart, 0.95) < 1 / FPS, "drift is corrected"


def test_takes_of_different_lengths(cinema: Stand, desk: Visit) -> None:
    page = compared(desk, two_takes(cinema, 6, 15))                 # one second, and two and a half
    longer, shorter = page.get_by_label("Take A"), page.get_by_label("Take B")
    expect(page.locator(".compare-words")).to_have_text("Take B is shorter: from 1.0 s on it holds its last frame.")
    expect(page.locator(".counter")).to_contain_text("/ 60")
    assert longer.input_value() != shorter.input_value()
    page.wait_for_function("[...document.querySelectorAll('.stage video')].map((v) => v.ended).join() === 'false,true'")
    page.wait_for_function("[...document.querySelectorAll('.stage video')].every((v) => !v.paused && v.currentTime < 0.9)")  # again
    page.get_by_role("slider", name="Frame").fill("40")
    page.wait_for_function("[...document.querySelectorAll('.stage video')].every((v) => !v.seeking)")
    assert page.evaluate(FRAMES) == [40, 23]
    expect(page.locator(".counter")).to_contain_text("41 / 60")
    page.get_by_role("slider", name="Frame").fill("7")
    page.wait_for_function("[...document.querySelectorAll('.stage video')].every((v) => !v.seeking)")
    assert page.evaluate(FRAMES) == [7, 7]
    page.keyboard.press("Space")
    page.wait_for_function("[...document.querySelectorAll('.stage video')].every((v) => !v.paused)")
    page.keyboard.press("Space")
    page.wait_for_function("[...document.querySelectorAll('.stage video')].every((v) => v.paused && !v.seeking)")
    shown = page.evaluate(FRAMES)
    assert shown[0] == shown[1] or shown[1] == 23, "both stop on the same frame"
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_label("Take B")).to_be_hidden()
    page.get_by_role("button", name="Play or pause (Space)").click()
    page.wait_for_function("!document.querySelector('.stage video').paused && document.querySelector('.stage video').loop")


def test_wipe_and_difference(cinema: Stand, desk: Visit) -> None:
    session = two_takes(cinema, 6, 6)
    page = compared(desk, session)
    page.get_by_role("slider", name="Frame").fill("10")             # both stop: the bars lie at 60 to 84 of 320 pixels
    page.get_by_role("button", name="Wipe").click()
    wipe = page.get_by_role("slider", name="Wipe between A and B")
    box = wipe.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.225, box["y"] + box["height"] * 0.6, steps=5)
    page.mouse.up()
    assert 21 <= int(wipe.input_value()) <= 24                      # in the middle of the bars
    first_is_red = page.get_by_label("Take A").input_value() == next(iter(session.project.takes))

    def bars_meet() -> bool:
        left, right = (colour[0] - colour[2] for colour in colours(page, 0.8, 63 / 320, 81 / 320))      # red less blue
        return left > 80 and right < -80 if first_is_red else left < -80 and right > 80

    assert comes(bars_meet), colours(page, 0.8, 63 / 320, 81 / 320)
    value = int(wipe.input_value())
    wipe.press("ArrowRight")
    wipe.press("ArrowRight")
    assert int(wipe.input_value()) == value + 2 and "from the left" in str(wipe.get_attribute("aria-valuetext"))
    assert page.evaluate(AUDIT) == []

    page.get_by_role("button", name="Difference").click()
    expect(page.locator(".compare-words")).to_contain_text("differences are shown 8 times as bright")

    def bar_and_ground() -> list[list[int]]:
        return colours(page, 0.5, 72 / 320, 200 / 320)

    assert comes(lambda: max(bar_and_ground()[0]) > 200), "different bars"
    assert max(bar_and_ground()[1]) < 60, "the same ground: black, but for what the encoder did"
    page.get_by_label("Take B").select_option(page.get_by_label("Take A").input_value())
    assert comes(lambda: max(map(max, bar_and_ground())) < 12), "a take and itself"


def test_on_a_phone_that_wants_no_motion(cinema: Stand, phone: Visit) -> None:
    page = compared(phone, two_takes(cinema, 6, 6))
    page.wait_for_timeout(500)
    assert page.evaluate("[...document.querySelectorAll('.stage video')].every((v) => v.paused && v.currentTime < 0.05)")
    page.get_by_role("button", name="Wipe").tap()
    wipe = page.get_by_role("slider", name="Wipe between A and B")
    box = wipe.bounding_box()
    assert box["width"] > 300
    page.touchscreen.tap(box["x"] + box["width"] * 0.8, box["y"] + box["height"] / 2)
    assert 76 <= int(wipe.input_value()) <= 84
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate(AUDIT) == []
    page.get_by_role("button", name="Play or pause (Space)").tap()
    page.wait_for_function("[...document.querySelectorAll('.stage video')].every((v) => !v.paused && v.currentTime > 0)")
