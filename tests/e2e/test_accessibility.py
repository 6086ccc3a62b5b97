"""Everything on the page for everybody: axe-core finds nothing, and every target is large enough for a finger."""

from __future__ import annotations

from typing import Any

import pytest

from studio.project import edits
from tests.e2e.conftest import Visit, faded
from tests.shelves import render_all

pytest.importorskip("playwright.sync_api", reason="the page's tests need: pip install playwright")
from axe_playwright_python.sync_playwright import Axe

# What passes is only counted: describing each node of it would take as long as finding out.
RULES: dict[str, Any] = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"], "resultTypes": ["violations"],
}  # fmt: skip
COLOURS = RULES | {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
"""The rules that colours decide; the others find on a dark page what they found on a light one."""
SHEET = "dialog[open]"
FINGER = 44
TARGETS = """(finger) => [...document.querySelectorAll('.mp :is(button, input, select, textarea, summary, a)')]
  .filter((e) => e.checkVisibility({ visibilityProperty: true }) && e.getClientRects().length && !e.matches('.visually-hidden'))
  .map((e) => [e, (/checkbox|radio/.test(e.type) && e.closest('label') || e).getBoundingClientRect()])
  .filter(([, box]) => box.width > 2 && (Math.round(box.width) < finger || Math.round(box.height) < finger))
  .map(([e, box]) => `${Math.round(box.width)}x${Math.round(box.height)} ${e.getAttribute('aria-label') || e.textContent}`)"""


def violations(page: Any, rules: dict[str, Any] = RULES) -> list[str]:
    """What axe-core finds on the page as it is now; while a sheet is open, on the sheet: nothing else can be reached then."""
    faded(page)
    sheet = SHEET if page.locator(SHEET).count() else None
    script = {"axe_script": "null"} if page.evaluate("'axe' in window") else {}        # half a megabyte: read once a page
    found = Axe(**script).run(page, sheet, rules).response
    assert len(found["passes"]) > (10 if rules is RULES else 0), "it has looked"
    return [f"{rule['id']}: {node['html'][:120]}" for rule in found["violations"] for node in rule["nodes"]]


def in_light_and_dark(page: Any) -> list[str]:
    """What axe-core finds on the light page, and in the colours of the dark one."""
    found = violations(page)
    page.evaluate("document.body.classList.add('dark')")
    found += violations(page, COLOURS)
    page.evaluate("document.body.classList.remove('dark')")
    return found


@pytest.mark.slow
def test_axe_finds_nothing_on_the_light_page_and_on_the_dark_one(desk: Visit) -> None:
    page = desk.open(desk.stand.studio.create("Nothing yet"))
    assert in_light_and_dark(page) == [], "the start"
    session = render_all(desk.stand.film("the sea", "the shore", "the dunes"))
    page = desk.open(session)
    page.locator(".card").nth(1).locator("textarea").fill("the shore at night")
    page.locator(".early").wait_for()
    assert in_light_and_dark(page) == [], "the desk"
    for opener in ("Export", "Keyboard shortcuts (?)", "Open another film", "Words of the film: none"):
        page.get_by_role("button", name=opener, exact=True).click()
        assert in_light_and_dark(page) == [], opener
        page.keyboard.press("Escape")
    page.get_by_role("button", name="Beginning of segment 2").click()
    assert in_light_and_dark(page) == [], "the sheet of a boundary"
    page.keyboard.press("Escape")
    page.locator(".card").nth(1).get_by_role("button", name="More", exact=True).click()
    page.locator(".more-verbs:popover-open [data-verb=remove_segment]").click()
    page.locator("dialog[open]").wait_for()
    assert in_light_and_dark(page) == [], "the sheet of an early change"
    page.keyboard.press("Escape")
    page.locator(".card").nth(1).get_by_role("button", name="More", exact=True).click()
    page.locator(".more-verbs:popover-open [data-verb=audition]").click()
    assert in_light_and_dark(page) == [], "the sheet of an audition"
    page.get_by_role("button", name="Make 4 takes").click()
    page.locator(".take-cell[data-made]").nth(4).wait_for()
    assert in_light_and_dark(page) == [], "takes to choose from"


def test_every_target_is_large_enough_for_a_finger(phone: Visit) -> None:
    page = phone.open(phone.stand.studio.create("Nothing yet"))
    assert page.evaluate(TARGETS, FINGER) == [], "the start"
    session = render_all(phone.stand.film("the sea", "the shore"))
    session.edit(edits.add_segment, prompt="the dunes")
    page = phone.open(session)
    page.locator(".card").first.locator("textarea").fill("the sea at night")
    page.locator(".early").wait_for()
    assert page.evaluate(TARGETS, FINGER) == [], "the desk"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator(".card").first.get_by_role("button", name="More", exact=True).tap()
    assert page.evaluate(TARGETS, FINGER) == [], "the menu of a card"
    page.locator(".more-verbs:popover-open [data-verb=remove_segment]").tap()
    page.locator("dialog[open]").wait_for()
    assert page.evaluate(TARGETS, FINGER) == [], "the sheet of an early change"
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Beginning of segment 2").tap()
    assert page.evaluate(TARGETS, FINGER) == [], "the sheet of a boundary"
    page.keyboard.press("Escape")
    for opener in ("Export", "Open another film", "Words of the film: none"):
        page.get_by_role("button", name=opener, exact=True).tap()
        assert page.evaluate(TARGETS, FINGER) == [], opener
        page.keyboard.press("Escape")
    page.get_by_role("button", name="Audition", exact=True).tap()
    assert page.evaluate(TARGETS, FINGER) == [], "the sheet of an audition"
    page.get_by_role("button", name="Make 4 takes").tap()
    page.locator(".take-cell[data-made]").nth(3).wait_for()
    assert page.evaluate(TARGETS, FINGER) == [], "takes to choose from"
