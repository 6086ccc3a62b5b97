"""What is remembered of the frame on the stage, in a browser: asked for with one click, and why it is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from studio.catalogue.cards import MEMORY, ModelFile
from studio.session import Studio
from tests.e2e.conftest import Stand, Visit, faded, serve, visit
from tests.fake_engine import FakeEngine
from tests.lora_shelves import model
from tests.shelves import render_all

pytest.importorskip("playwright.sync_api", reason="the page's tests need: pip install playwright")
pytest.importorskip("axe_playwright_python", reason="the page's tests need: pip install axe-playwright-python")
from playwright.sync_api import expect

from tests.e2e.test_accessibility import violations

AUDIT = (Path(__file__).parent / "audit.js").read_text("utf-8")
ASK = "What is remembered of this?"
HIDDEN = """() => [...document.querySelectorAll('.memory-verbs .button')].filter((e) => e.checkVisibility()).filter((e) => {
  const { left, right, top, bottom } = e.getBoundingClientRect();
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  const seen = (at) => e.contains(document.elementFromPoint(...at));
  return ![[x, top + 2], [x, bottom - 2], [left + 2, y], [right - 2, y]].every(seen);
}).map((e) => e.textContent)"""
"""The verbs of the memory that are not within the window, or behind something else, or scrolled away."""


@pytest.fixture(scope="module")
def archive(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    folder = tmp_path_factory.mktemp("moments")
    engine = FakeEngine()
    studio = Studio(folder / "projects", engine, (model(folder, kind="panorama", files=(ModelFile(MEMORY, 1, "0" * 64),)),))
    studio.home.mkdir()
    for url in serve(studio):
        yield Stand(url, studio, engine, folder)


@pytest.fixture
def desk(archive: Stand, chromium: Any) -> Iterator[Visit]:
    yield from visit(archive, chromium)


@pytest.mark.parametrize(("light", "language"), [("light", "en"), ("dark", "de")])
def test_the_frame_and_what_is_remembered(archive: Stand, desk: Visit, light: str, language: str) -> None:
    session = render_all(archive.film("the harbour", "the ship"))
    page = desk.open(session)
    if light == "dark":
        page.get_by_role("button", name="Switch between light and dark").click()
    page.get_by_role("button", name=ASK).click()
    sheet = page.get_by_role("dialog", name=ASK)
    cells = sheet.locator(".test-cell")
    expect(cells).to_have_count(2)
    assert [cell.split("\n")[0] for cell in cells.all_inner_texts()] == ["Frame", "Remembered"]
    expect(cells.nth(1).locator(".figures")).to_have_text("the same")
    expect(sheet.locator(".test-sentence")).to_contain_text("The memory holds 40 % of this place")
    page.wait_for_function("[...document.querySelectorAll('.moment-grid img')].every((i) => i.complete && i.naturalWidth > 0)")
    faded(page)
    assert page.evaluate(AUDIT) == [] and violations(page) == []
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    page.evaluate("language => localStorage.setItem('memorypack.language', JSON.stringify(language))", language)
    page.reload()
    page.locator(".work:visible").wait_for()
    desk.complaints.clear()                                     # the reload cut the old stream off
    for width, height in ((1440, 900), (1280, 800)):
        page.set_viewport_size({"width": width, "height": height})
        expect(page.locator(".memory-verbs .button:visible")).to_have_count(4)
        expect(page.locator("html")).to_have_attribute("lang", language)
        page.evaluate("document.fonts.ready.then(() => true)")
        assert page.evaluate(HIDDEN) == []


def test_the_strip_shows_what_this_model_sees(archive: Stand, desk: Visit) -> None:
    session = archive.film("the harbour", "the ship", "the shore")
    page = desk.open(session)
    bars, start = page.locator(".recent i"), page.locator(".start-latent")
    expect(bars).to_have_count(2)
    expect(start).to_be_visible()
    render_all(session)
    expect(page.locator(".sees")).to_contain_text("The model sees the last")
    expect(start).to_be_hidden()
    expect(page.locator(".recent i[data-on]")).to_have_count(2)
    assert page.locator(".packs").evaluate("box => box.scrollWidth <= box.clientWidth")


def test_a_model_whose_memory_does_not_answer_offers_none(stand: Stand, chromium: Any) -> None:
    for desk in visit(stand, chromium):
        page = desk.open(render_all(stand.film("the harbour")))
        page.locator(".side").wait_for()
        expect(page.locator(".recent i")).to_have_count(19)
        expect(page.get_by_role("button", name=ASK)).to_be_hidden()
