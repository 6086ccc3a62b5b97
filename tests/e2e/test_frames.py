"""The sheet of the frame in a browser: by pointer, keys and fingers, undone, kept over a restart, and only where it counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from studio.project import edits
from studio.project.frames import default_frame
from studio.project.model import Frame
from studio.session import Session, Studio
from tests.e2e.conftest import Stand, Visit, faded, serve, visit
from tests.fake_engine import FakeEngine
from tests.lora_shelves import model
from tests.shelves import picture, wait_for_job, wait_until

pytest.importorskip("playwright.sync_api", reason="the page's tests need: pip install playwright")
from playwright.sync_api import expect

pytestmark = pytest.mark.slow

SIZES = ((640, 384), (320, 192), (384, 640))
FRAME = (0.2, 0.2, 0.5, 0.4)
AUDIT = (Path(__file__).parent / "audit.js").read_text("utf-8")


@pytest.fixture(scope="module")
def large(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """A studio with a model that knows the picture outside the frame, and one that takes no frame."""
    folder = tmp_path_factory.mktemp("large")
    engine = FakeEngine()
    models = model(folder, sizes=SIZES), model(folder, "plain", kind="framepack", sizes=SIZES)
    studio = Studio(folder / "projects", engine, models)
    studio.home.mkdir()
    for url in serve(studio):
        yield Stand(url, studio, engine, folder)


@pytest.fixture
def desk(large: Stand, chromium: Any) -> Iterator[Visit]:
    yield from visit(large, chromium)


@pytest.fixture
def phone(large: Stand, chromium: Any) -> Iterator[Visit]:
    screen = {"width": 390, "height": 844}
    yield from visit(large, chromium, viewport=screen, has_touch=True, is_mobile=True, reduced_motion="reduce")


def framed(stand: Stand, frame: Frame | None = FRAME, size: tuple[int, int] = (640, 384), colour: str = "teal") -> Session:
    session = stand.studio.create("Framed")
    session.set_size(size)
    session.set_reference(picture(stand.folder, colour, (1600, 1200)), frame)
    session.apply_preset("draft")
    return session


def opened(desk: Visit, session: Session) -> Any:
    page = desk.open(session)
    page.get_by_role("button", name="Picture", exact=True).click()
    expect(page.get_by_role("dialog", name="Picture")).to_be_visible()
    faded(page)
    return page


def drag(page: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Drag from one place of the picture to another, both as shares of it."""
    area = page.locator(".frame-picture").bounding_box()
    points = [(area["x"] + x * area["width"], area["y"] + y * area["height"]) for x, y in (start, end)]
    page.mouse.move(*points[0])
    page.mouse.down()
    page.mouse.move(*points[1], steps=4)
    page.mouse.up()


def becomes(session: Session, frame: Frame) -> None:
    """Wait until the document's frame is this one, to the width of a few screen pixels."""
    wait_until(session, lambda: session.project.frame is not None and session.project.frame == pytest.approx(frame, abs=0.006))


def test_dragged_and_sized_with_the_pointer(large: Stand, desk: Visit) -> None:
    session = framed(large)
    page = opened(desk, session)
    drag(page, (0.4, 0.4), (0.5, 0.3))
    becomes(session, (0.3, 0.1, 0.5, 0.4))
    drag(page, (0.8, 0.5), (0.7, 0.42))                      # by a corner: the opposite one stays
    becomes(session, (0.3, 0.1, 0.4, 0.32))
    drag(page, (0.3, 0.1), (0, 0))                           # beyond what fits there
    wait_until(session, lambda: session.project.frame is not None and session.project.frame[2] > 0.45)
    x, y, width, height = session.project.frame or FRAME
    assert (x + width, y + height) == pytest.approx((0.7, 0.42), abs=0.006) and y >= 0
    drag(page, (0.9, 0.9), (0.9, 0.9))                       # a press outside brings it there
    wait_until(session, lambda: session.project.frame is not None and session.project.frame[1] > 0.4)
    page.keyboard.press("Control+z")
    becomes(session, (x, y, width, height))
    box = page.get_by_role("slider", name="Frame", exact=True)
    expect(box).to_have_attribute("aria-valuetext", re.compile(rf"^{100 * x:.0f} % from the left, {100 * y:.0f} % from the top"))
    shares = [int(number) for number in re.findall(r"\d+", box.get_attribute("aria-valuetext"))]
    assert shares == pytest.approx([100 * share for share in (x, y, width, height)], abs=0.6)
    for _ in range(3):
        page.keyboard.press("Control+z")
    becomes(session, FRAME)
    page.keyboard.press("Control+Shift+z")
    becomes(session, (0.3, 0.1, 0.5, 0.4))


def test_moved_and_sized_with_keys(large: Stand, desk: Visit) -> None:
    session = framed(large)
    page = opened(desk, session)
    box = page.get_by_role("slider", name="Frame", exact=True)
    expect(box).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    becomes(session, (0.22, 0.192, 0.5, 0.4))
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid", "the focus can be seen"
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("+")
    width = 0.5 * 1.03**2
    becomes(session, (0.47 - width / 2, 0.392 - width * 0.4, width, width * 0.8))
    page.keyboard.press("-")
    page.keyboard.press("Shift+ArrowLeft")
    becomes(session, (0.22, 0.192, 0.5, 0.4))
    page.get_by_role("slider", name="Size of the frame").fill("0")
    expect(page.get_by_text("The picture is enlarged 10 times here: it will look soft.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Picture")).not_to_be_visible()
    wait_until(session, lambda: session.project.frame is not None and session.project.frame[2] < 0.05)
    page.keyboard.press("Control+z")
    becomes(session, (0.22, 0.192, 0.5, 0.4))


def test_whole_default_and_done(large: Stand, desk: Visit) -> None:
    session = framed(large)
    session.edit(edits.edit_segment, 0, prompt="the camera pans left, then zooms out")
    page = opened(desk, session)
    expect(page.get_by_text("Sharp: 800 × 480 pixels, shrunk 1.3 times.")).to_be_visible()
    expect(page.get_by_text("Room around the first view: left 40 %, right 60 %, above 50 %, below 100 %.")).to_be_visible()
    page.get_by_role("button", name="Whole picture").click()
    wait_until(session, lambda: session.project.frame is None)
    expect(page.get_by_role("button", name="Whole picture")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Default").click()
    becomes(session, default_frame((1600, 1200), (640, 384), ["the camera pans left, then zooms out"]))
    assert page.evaluate(AUDIT) == []
    page.get_by_role("button", name="Done", exact=True).click()
    expect(page.get_by_role("dialog", name="Picture")).not_to_be_visible()
    page.wait_for_function(                                      # the page hears of the frame after the session has it
        "left => Math.abs(parseFloat(document.querySelector('.thumb-picture i').style.left) - left) < 0.001",
        arg=100 * (session.project.frame or FRAME)[0])


def test_a_take_of_another_frame_is_stale_and_a_restart_keeps_it(large: Stand, desk: Visit) -> None:
    session = framed(large, colour="olive")
    session.jobs.generate_next()
    assert wait_for_job(session).state == "done" and large.engine.requests[-1].frame == FRAME
    page = opened(desk, session)
    drag(page, (0.4, 0.4), (0.5, 0.4))
    becomes(session, (0.3, 0.2, 0.5, 0.4))
    page.get_by_role("button", name="Done", exact=True).click()
    expect(page.locator(".card .badge")).to_have_text("Stale")
    frame = session.project.frame
    session.store.close()
    again = Studio(large.studio.home, FakeEngine(), large.studio.models)
    for url in serve(again):
        other = desk.open(session, url)
        assert again.open(session.id).project.frame == frame
        expect(other.locator(".card .badge")).to_have_text("Stale")
        again.open(session.id).store.close()
    desk.complaints.clear()                                      # of the server that is gone now
    desk.requests[:] = [r for r in desk.requests if not r.startswith(url)]


def test_the_sheet_opens_for_a_new_picture_where_the_film_knows_what_is_outside(large: Stand, desk: Visit) -> None:
    session = large.studio.create("New")
    session.set_size((384, 640))
    page = desk.open(session)
    page.locator("input[type=file]").first.set_input_files(picture(large.folder, "plum", (1600, 1200)))
    sheet = page.get_by_role("dialog", name="Picture")
    expect(sheet).to_be_visible()
    box = page.locator(".frame-box").bounding_box()
    assert box["width"] / box["height"] == pytest.approx(0.6, abs=0.02), "the film stands upright"
    page.get_by_role("button", name="Done", exact=True).click()
    session.set_size((320, 192))
    page.locator("input[type=file]").first.set_input_files(picture(large.folder, "gold", (1600, 1200)))
    expect(page.locator(".reference .file")).to_have_text("gold.png")
    expect(sheet).not_to_be_visible()
    page.get_by_role("button", name="Picture", exact=True).click()
    expect(page.get_by_text("20 % of the picture is cut off. 320 × 192 is too small")).to_be_visible()
    expect(page.get_by_role("button", name="Default")).not_to_be_visible()
    page.keyboard.press("Escape")
    session.set_model("plain")
    expect(page.get_by_role("button", name="Picture", exact=True)).not_to_be_visible()
    expect(page.locator(".thumb-picture i")).not_to_be_visible()


def test_transparent_places_can_be_looked_at(large: Stand, desk: Visit) -> None:
    image = Image.new("RGBA", (800, 600), "teal")
    image.paste((0, 0, 0, 0), (0, 0, 400, 600))
    image.save(large.folder / "cut.png")
    session = framed(large)
    session.set_reference(large.folder / "cut.png")
    page = opened(desk, session)
    page.get_by_role("button", name="Transparent", exact=True).click()
    canvas = page.locator(".open-alpha")
    expect(canvas).to_be_visible()
    page.wait_for_function("document.querySelector('.open-alpha').width === 800")
    alpha = "(c, x) => c.getContext('2d').getImageData(x, 300, 1, 1).data[3]"
    assert [canvas.evaluate(alpha, x) for x in (200, 600)] == [0, 255]
    assert page.evaluate(AUDIT) == []
    page.get_by_role("button", name="Filled").click()
    expect(canvas).not_to_be_visible()


def touch(page: Any, *moves: list[tuple[float, float]]) -> None:
    """Fingers, as shares of the picture, that go down, move and are lifted."""
    area = page.locator(".frame-picture").bounding_box()
    wire = page.context.new_cdp_session(page)
    for index, fingers in enumerate(moves):
        places = [(area["x"] + x * area["width"], area["y"] + y * area["height"]) for x, y in fingers]
        points = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(places)]
        wire.send("Input.dispatchTouchEvent", {"type": "touchMove" if index else "touchStart", "touchPoints": points})
    wire.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_by_touch_on_a_phone(large: Stand, phone: Visit) -> None:
    session = framed(large)
    page = opened(phone, session)
    area = page.locator(".frame-picture").bounding_box()
    assert area["width"] > 310 and page.evaluate("document.querySelector('dialog').scrollWidth <= innerWidth")
    touch(page, [(0.4, 0.4)], [(0.45, 0.4)], [(0.5, 0.5)])
    becomes(session, (0.3, 0.3, 0.5, 0.4))
    touch(page, [(0.8, 0.7)], [(0.85, 0.74)], [(0.9, 0.78)])                  # the lower right corner
    becomes(session, (0.3, 0.3, 0.6, 0.48))
    touch(page, [(0.5, 0.5), (0.7, 0.5)], [(0.55, 0.5), (0.65, 0.5)])         # two fingers, pinched to half
    becomes(session, (0.45, 0.42, 0.3, 0.24))
    assert page.evaluate(AUDIT) == []
    page.get_by_role("button", name="Done", exact=True).tap()
    expect(page.get_by_role("dialog", name="Picture")).not_to_be_visible()
