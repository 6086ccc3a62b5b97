"""Questions about a take in a browser: begun with one click, stopped by keyboard, on a phone, and why one cannot be asked.

"Does it remember?" shows clips in step and their figures; "What does it use?" shows bars that come one after the other.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from studio.catalogue.cards import ADAPTER, ModelFile
from studio.project import edits
from studio.session import Studio
from tests.e2e.conftest import Stand, Visit, faded, serve, visit
from tests.fake_engine import FakeEngine
from tests.lora_shelves import model
from tests.shelves import render_all, wait_for_job

pytest.importorskip("playwright.sync_api", reason="the page's tests need: pip install playwright")
pytest.importorskip("axe_playwright_python", reason="the page's tests need: pip install axe-playwright-python")
from playwright.sync_api import expect

from tests.e2e.test_accessibility import FINGER, TARGETS, violations

AUDIT = (Path(__file__).parent / "audit.js").read_text("utf-8")
SMALL, LARGE = (320, 192), (640, 384)


@pytest.fixture(scope="module")
def museum(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    folder = tmp_path_factory.mktemp("memory")
    engine = FakeEngine()
    files = (ModelFile(ADAPTER, 1, "0" * 64),)
    studio = Studio(folder / "projects", engine, (model(folder, files=files, sizes=(SMALL, LARGE)),))
    studio.home.mkdir()
    for url in serve(studio):
        yield Stand(url, studio, engine, folder)


@pytest.fixture
def desk(museum: Stand, chromium: Any) -> Iterator[Visit]:
    yield from visit(museum, chromium)


@pytest.fixture
def phone(museum: Stand, chromium: Any) -> Iterator[Visit]:
    screen = {"width": 390, "height": 844}
    yield from visit(museum, chromium, viewport=screen, has_touch=True, is_mobile=True, reduced_motion="reduce")


def test_three_sections_side_by_side(museum: Stand, desk: Visit) -> None:
    session = render_all(museum.film("the harbour", "the ship"))
    first = session.project.path()[0]
    session.edit(edits.branch, first.id)
    session.edit(edits.edit_segment, 1, prompt="the captain")
    session.jobs.generate_next()
    wait_for_job(session)
    desk.moves = True
    page = desk.open(session)
    page.get_by_role("button", name="Does it remember?").click()
    sheet = page.get_by_role("dialog", name="Does it remember?")
    expect(sheet).to_contain_text("is made three times from the same noise")
    expect(sheet.get_by_label("Prompt of the section")).to_have_value("the captain")
    museum.engine.gate = threading.Semaphore(2)
    sheet.get_by_role("button", name="Test", exact=True).press("Enter")
    expect(sheet.get_by_role("status")).to_contain_text("Section 1 of 3: denoising")
    expect(sheet.get_by_role("button", name="Stop")).to_be_focused()
    faded(page)
    assert page.evaluate(AUDIT) == []
    sheet.get_by_role("button", name="Stop").click()
    expect(sheet.get_by_role("status")).to_have_text("Stopped. Nothing was kept.")
    museum.engine.gate = None
    sheet.get_by_role("button", name="Test", exact=True).press("Enter")
    cells = sheet.locator(".test-cell")
    expect(cells).to_have_count(3)
    assert [cell.split("\n")[0] for cell in cells.all_inner_texts()] == ["Its own memory", "Without memory", "Memory of “Main”"]
    expect(cells.nth(1).locator(".figures")).to_contain_text("dB there · ")
    expect(sheet.locator(".test-sentence")).to_contain_text("25 % of the section shows places that only its memory knows")
    page.wait_for_function("[...document.querySelectorAll('.test-cell video')].every((v) => v.readyState >= 2 && !v.error)")
    page.wait_for_function("[...document.querySelectorAll('.test-cell img')].every((i) => i.complete && i.naturalWidth === 320)")
    page.wait_for_function("[...document.querySelectorAll('.test-cell video')].every((v) => v.currentTime > 0)")
    sheet.get_by_role("button", name="Pause").click()
    page.wait_for_function("[...document.querySelectorAll('.test-cell video')].every((v) => v.paused)")
    faded(page)
    assert page.evaluate(AUDIT) == [] == violations(page)
    page.keyboard.press("Escape")
    assert [t.id for t in session.project.path()] == [first.id, session.project.head], "none of it became a take"
    page.get_by_role("button", name="Does it remember?").click()
    expect(page.locator(".test-cell")).to_have_count(3)               # the same test is there at once


def test_a_large_film_says_why_there_is_nothing_to_test(museum: Stand, desk: Visit) -> None:
    session = museum.film("the harbour")
    session.set_size(LARGE)
    page = desk.open(render_all(session))
    page.get_by_role("button", name="Does it remember?").click()
    sheet = page.get_by_role("dialog", name="Does it remember?")
    expect(sheet).to_contain_text("whole picture, from the first moment on")
    expect(sheet).to_contain_text("At 320 × 192 it grows")
    expect(sheet.get_by_role("button", name="Test", exact=True)).to_have_count(0)


def test_a_test_on_a_phone(museum: Stand, phone: Visit) -> None:
    page = phone.open(render_all(museum.film("the harbour")))
    page.get_by_role("button", name="Does it remember?").tap()
    sheet = page.get_by_role("dialog", name="Does it remember?")
    sheet.get_by_role("button", name="Test", exact=True).tap()
    expect(sheet.locator(".test-cell")).to_have_count(2)
    expect(sheet).to_contain_text("There is no other branch")
    boxes = [cell.bounding_box() for cell in sheet.locator(".test-cell").all()]
    assert boxes[0]["x"] == boxes[1]["x"] and boxes[1]["y"] > boxes[0]["y"] + boxes[0]["height"] - 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate(TARGETS, FINGER) == []
    assert page.evaluate(AUDIT) == []


def test_bars_by_keyboard(museum: Stand, desk: Visit) -> None:
    session = render_all(museum.film("the harbour at night, seen from the mole", "the ship", "the captain", "the sea"))
    page = desk.open(session)
    page.get_by_role("button", name="What does it use?").press("Enter")
    sheet = page.get_by_role("dialog", name="What does it use?")
    expect(sheet).to_contain_text("The first section of segment 4 is made as it was")
    expect(sheet.get_by_role("button", name="Find out")).to_be_focused()
    museum.engine.gate = threading.Semaphore(2 * 4 + 1)
    page.keyboard.press("Enter")
    expect(sheet.get_by_role("status")).to_contain_text("Section 3 of 4: denoising")
    rows = sheet.locator(".uses li")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("levels ·")
    expect(rows.nth(1)).to_contain_text("…")
    page.keyboard.press("Enter")                                        # the focus is on Stop
    expect(sheet.get_by_role("status")).to_contain_text("What is known so far is shown")
    museum.engine.gate = None
    page.keyboard.press("Enter")
    expect(sheet.locator(".test-sentence")).to_contain_text("It uses segment")
    expect(sheet.locator(".uses li[data-known]")).to_have_count(3)
    faded(page)
    assert page.evaluate(AUDIT) == [] == violations(page)
    page.keyboard.press("Escape")
    assert len(session.project.takes) == 4, "none of it became a take"
    page.get_by_role("button", name="What does it use?").click()
    expect(sheet.locator(".test-sentence")).to_contain_text("It uses segment")    # it is there at once


def test_bars_on_a_phone_and_what_cannot_be_asked(museum: Stand, phone: Visit) -> None:
    session = render_all(museum.film("the harbour", "the ship"))
    page = phone.open(session)
    page.get_by_role("button", name="What does it use?").tap()
    sheet = page.get_by_role("dialog", name="What does it use?")
    sheet.get_by_role("button", name="Find out").tap()
    expect(sheet.locator(".uses .figures")).to_contain_text("levels ·")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate(TARGETS, FINGER) == []
    assert page.evaluate(AUDIT) == []
    page.keyboard.press("Escape")
    page.locator(".card:nth-child(1) [data-verb=rewind]").tap()
    expect(page.locator(".card:nth-child(1)")).to_have_attribute("aria-current", "step")
    page.get_by_role("button", name="What does it use?").tap()
    expect(sheet).to_contain_text("there is nothing earlier that it could use")
    expect(sheet.get_by_role("button", name="Find out")).to_have_count(0)
