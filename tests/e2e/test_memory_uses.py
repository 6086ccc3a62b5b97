"""What a take uses of each earlier segment in a browser: bars that come one after the other, stopped by keyboard, on a phone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from studio.catalogue.cards import ADAPTER, ModelFile
from studio.session import Studio
from tests.e2e.conftest import Stand, Visit, faded, serve, visit
from tests.fake_engine import FakeEngine
from tests.lora_shelves import model
from tests.shelves import render_all

pytest.importorskip("playwright.sync_api", reason="the page's tests need: pip install playwright")
pytest.importorskip("axe_playwright_python", reason="the page's tests need: pip install axe-playwright-python")
from playwright.sync_api import expect

from tests.e2e.test_accessibility import FINGER, TARGETS, violations

AUDIT = (Path(__file__).parent / "audit.js").read_text("utf-8")


@pytest.fixture(scope="module")
def museum(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    folder = tmp_path_factory.mktemp("uses")
    engine = FakeEngine()
    files = (ModelFile(ADAPTER, 1, "0" * 64),)
    studio = Studio(folder / "projects", engine, (model(folder, files=files, sizes=((320, 192),)),))
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


def test_on_a_phone_and_what_cannot_be_asked(museum: Stand, phone: Visit) -> None:
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
