"""Marks on the picture in a browser: a subject, a flow and the edge, by pointer, keys and touch, seen in the document."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from studio.session import Session, Studio
from tests.e2e.conftest import Stand, Visit, faded, serve, visit
from tests.fake_engine import FakeEngine
from tests.lora_shelves import model
from tests.shelves import wait_until

pytest.importorskip("playwright.sync_api", reason="the page's tests need: pip install playwright")
from playwright.sync_api import expect

pytestmark = pytest.mark.slow

SIZES = ((640, 384), (320, 192))
AUDIT = (Path(__file__).parent / "audit.js").read_text("utf-8")


@pytest.fixture(scope="module")
def large(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    folder = tmp_path_factory.mktemp("marks")
    engine = FakeEngine()
    studio = Studio(folder / "projects", engine, (model(folder, sizes=SIZES),))
    studio.home.mkdir()
    for url in serve(studio):
        yield Stand(url, studio, engine, folder)


@pytest.fixture
def desk(large: Stand, chromium: Any) -> Iterator[Visit]:
    yield from visit(large, chromium, reduced_motion="reduce")


@pytest.fixture
def phone(large: Stand, chromium: Any) -> Iterator[Visit]:
    screen = {"width": 390, "height": 844}
    yield from visit(large, chromium, viewport=screen, has_touch=True, is_mobile=True, reduced_motion="reduce")


def ball(stand: Stand) -> Session:
    """A film of a picture with a red ball in its middle."""
    image = Image.new("RGB", (640, 480), "#6aa7c8")
    ImageDraw.Draw(image).ellipse((240, 160, 400, 320), "#c03020")
    image.save(stand.folder / "ball.png")
    session = stand.studio.create("Ball")
    session.set_size((640, 384))
    session.set_reference(stand.folder / "ball.png")
    session.apply_preset("draft")
    return session


def opened(desk: Visit, session: Session, tool: str) -> Any:
    page = desk.open(session)
    page.get_by_role("button", name="Picture", exact=True).click()
    page.get_by_role("tab", name=tool).click()
    faded(page)
    return page


def draw(page: Any, *points: tuple[float, float]) -> None:
    """A stroke with the pointer, its points as shares of the picture."""
    area = page.locator(".frame-picture").bounding_box()
    places = [(area["x"] + x * area["width"], area["y"] + y * area["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=3)
    page.mouse.up()


def test_subject_flow_and_edge_are_in_the_document(large: Stand, desk: Visit) -> None:
    session = ball(large)
    page = opened(desk, session, "Subject")
    draw(page, (0.45, 0.5), (0.55, 0.5))
    expect(page.get_by_text("Found: 7 % of the picture stands in front.")).to_be_visible(timeout=30_000)   # pi * 80^2 of 640 x 480
    page.get_by_role("slider", name="Depth").fill("3.5")
    expect(page.get_by_text("The ground lies 3.5 times as far away.")).to_be_visible()
    page.get_by_role("button", name="Take away").click()
    draw(page, (0.1, 0.1), (0.2, 0.1))
    wait_until(session, lambda: bool(session.project.marks.subject and session.project.marks.subject.ground))
    assert page.evaluate(AUDIT) == []
    page.get_by_role("tab", name="Flow").click()
    page.get_by_role("button", name="clouds", exact=True).click()
    draw(page, (0.2, 0.9), (0.8, 0.9))
    wait_until(session, lambda: len(session.project.marks.flows) == 1)
    page.get_by_role("slider", name="Speed").fill("100")
    expect(page.get_by_text("Crosses the picture in 2 seconds.")).to_be_visible()
    wait_until(session, lambda: session.project.marks.flows[0].speed == 0.5)
    assert page.evaluate(AUDIT) == []
    page.get_by_role("tab", name="Frame").click()
    page.get_by_role("switch", name="The camera may leave the picture").click()
    wait_until(session, lambda: session.project.marks.beyond)
    assert page.evaluate(AUDIT) == []
    page.get_by_role("button", name="Done", exact=True).click()
    marks = session.project.marks
    assert marks.subject and marks.subject.depth == 3.5 and len(marks.subject.strokes) == 1
    first, last = marks.subject.strokes[0][0], marks.subject.strokes[0][-1]
    assert (*first, *last) == pytest.approx((0.45, 0.5, 0.55, 0.5), abs=0.005)
    flow = marks.flows[0]
    assert flow.name == "clouds" and (*flow.stroke[0], *flow.stroke[-1]) == pytest.approx((0.2, 0.9, 0.8, 0.9), abs=0.005)
    page.get_by_role("button", name="flow", exact=True).click()
    page.get_by_role("button", name="the clouds stop").click()
    wait_until(session, lambda: "the clouds stop" in session.project.current().segments[0].prompt)
    session.store.close()
    again = Studio(large.studio.home, FakeEngine(), large.studio.models).open(session.id)
    assert again.project.marks == marks
    again.store.close()


def test_flows_are_selected_changed_and_deleted(large: Stand, desk: Visit) -> None:
    session = ball(large)
    page = opened(desk, session, "Flow")
    draw(page, (0.2, 0.2), (0.8, 0.2))
    page.get_by_role("textbox", name="Own word for the flow").fill("Banner")
    page.keyboard.press("Enter")
    wait_until(session, lambda: [flow.name for flow in session.project.marks.flows] == ["banner"])
    page.get_by_role("button", name="Turn round").click()
    wait_until(session, lambda: session.project.marks.flows[0].stroke[0][0] > 0.7)
    draw(page, (0.2, 0.8), (0.8, 0.8))
    wait_until(session, lambda: len(session.project.marks.flows) == 2)
    draw(page, (0.5, 0.2))
    expect(page.get_by_role("button", name="Flow 1, banner")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Flow 1, banner")).to_have_attribute("aria-pressed", "false")
    expect(page.get_by_role("dialog", name="Picture")).to_be_visible()
    draw(page, (0.5, 0.2))
    page.keyboard.press("Delete")
    wait_until(session, lambda: len(session.project.marks.flows) == 1)
    page.keyboard.press("Control+z")
    wait_until(session, lambda: len(session.project.marks.flows) == 2)


def test_a_stroke_by_keyboard(large: Stand, desk: Visit) -> None:
    session = ball(large)
    page = opened(desk, session, "Flow")
    page.get_by_role("application", name="Flow: the picture to draw on").focus()
    page.keyboard.press("Space")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("status").filter(has_text="Drawing: 65 % from the left, 51 % from the top.")).to_be_attached()
    page.keyboard.press("Space")
    wait_until(session, lambda: bool(session.project.marks.flows))
    stroke = session.project.marks.flows[0].stroke
    assert stroke[0] == (0.5, 0.5) and stroke[-1] == pytest.approx((0.65, 0.51))


def test_small_films_say_why_there_are_no_marks(large: Stand, desk: Visit) -> None:
    session = ball(large)
    session.set_size((320, 192))
    page = opened(desk, session, "Subject")
    expect(page.get_by_text("Films of 320×192 have neither subject nor flows. Choose a larger size.")).to_be_visible()
    draw(page, (0.4, 0.4), (0.6, 0.6))
    assert session.project.marks.subject is None
    assert page.evaluate(AUDIT) == []


def test_by_touch_on_a_phone(large: Stand, phone: Visit) -> None:
    session = ball(large)
    page = opened(phone, session, "Flow")
    assert page.evaluate("document.querySelector('dialog').scrollWidth <= innerWidth")
    area = page.locator(".frame-picture").bounding_box()
    wire = page.context.new_cdp_session(page)
    for kind, x in (("touchStart", 0.2), ("touchMove", 0.4), ("touchMove", 0.6), ("touchEnd", None)):
        points = [{"x": area["x"] + x * area["width"], "y": area["y"] + 0.5 * area["height"], "id": 0}] if x else []
        wire.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    wait_until(session, lambda: bool(session.project.marks.flows))
    assert page.evaluate(AUDIT) == []


def test_the_card_says_that_the_edge_held_the_camera(large: Stand, desk: Visit) -> None:
    session = ball(large)
    session.jobs.generate_next()
    wait_until(session, lambda: bool(session.project.film()))
    page = desk.open(session)
    expect(page.get_by_text("Stops at the picture’s edge")).not_to_be_visible()
    take = session.project.film()[0]
    session.repair("", lambda project: replace(project, takes={take.id: replace(take, at_edge=True)}))
    told = page.get_by_text("Stops at the picture’s edge")
    expect(told).to_be_visible()
    assert "let it leave the picture (Picture, Frame)" in (told.get_attribute("title") or "")
