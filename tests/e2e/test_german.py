"""The page in German, as a browser that prefers it sees it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.e2e.conftest import Stand, cards, tool, visit
from tests.e2e.test_language import film

pytest.importorskip("playwright.sync_api", reason="the page's tests need: pip install playwright")
from playwright.sync_api import expect

RUNS_OUT = """() => [
  ...[...document.querySelectorAll('.mp :is(button, label, h2, .flag)')]
    .filter((e) => e.checkVisibility() && getComputedStyle(e).overflow === 'visible')
    .filter((e) => e.clientWidth && e.scrollWidth > e.clientWidth + 1)
    .map((e) => `${e.className}: ${e.textContent}`),
  ...[...document.querySelectorAll('.card .seed')].filter((e) => e.scrollWidth > e.clientWidth).map((e) => `seed: ${e.value}`),
  ...[...document.querySelectorAll('.card .tools > *')]
    .filter((e) => e.checkVisibility() && e.getBoundingClientRect().right > e.closest('.card').getBoundingClientRect().right + 1)
    .map((e) => `out of its card: ${e.title}`),
  ...[...document.querySelectorAll('.card .worded span, .status')]
    .filter((e) => e.checkVisibility() && e.scrollWidth > e.clientWidth).map((e) => `cut off: ${e.textContent}`),
]"""
COUNT = """() => {
  const real = Intl.NumberFormat;
  window.made = 0;
  Intl.NumberFormat = function (...given) { window.made += 1; return new real(...given); };
}"""
"""Counts the writers of numbers that are made from now on, in `made`."""
TOTALS = {"de-DE": "4 Segmente · 1,3 s geplant · 1,0 s fertig", "en-US": "4 segments · 1.3 s planned · 1.0 s made"}


@pytest.mark.parametrize(("locale", "width", "dark"), [
    ("de-DE", 1440, False), ("de-DE", 1280, True), ("de-DE", 390, False), ("en-US", 1440, True),
])
def test_every_word_fits(stand: Stand, chromium: Any, locale: str, width: int, dark: bool) -> None:
    """German words are longer: none runs out of its button, and no button out of its card. Numbers have commas."""
    finger = {"has_touch": True, "is_mobile": True} if width < 640 else {}
    language, point = locale[:2], "," if locale == "de-DE" else r"\."
    for desk in visit(stand, chromium, viewport={"width": width, "height": 900}, locale=locale, reduced_motion="reduce", **finger):
        page = desk.open(film(stand))
        page.evaluate(f"document.body.classList.toggle('dark', {str(dark).lower()})")
        expect(page.get_by_text(TOTALS[locale], exact=True)).to_be_visible()
        expect(page.locator(".counter")).to_have_text(re.compile(rf"/ 4 · 0{point}\d s"))
        assert page.evaluate("document.documentElement.lang") == language
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.evaluate("document.fonts.ready.then(() => true)")           # until then letters are another font's, and wider
        assert page.evaluate(RUNS_OUT) == []
        page.evaluate(COUNT)
        tool(page, 1, "rewind").click()
        expect(cards(page).nth(1)).to_have_attribute("aria-current", "step")
        assert page.evaluate("made") == 0, "making one takes longer than drawing a card"


def test_the_language_is_chosen_and_remembered(stand: Stand, chromium: Any) -> None:
    for desk in visit(stand, chromium, locale="de-DE"):
        page = desk.open(film(stand))
        expect(page.get_by_role("button", name="Alle erzeugen")).to_be_visible()
        page.get_by_role("button", name="Sprache: Deutsch").click()
        page.get_by_role("menuitemradio", name="English").click()
        expect(page.get_by_role("button", name="Generate all")).to_be_visible()
        page.reload()
        expect(page.get_by_role("button", name="Language: English")).to_be_visible()
        assert page.evaluate("document.documentElement.lang") == "en"
        desk.complaints.clear()             # loading the page anew cuts the stream off, and the browser says so
