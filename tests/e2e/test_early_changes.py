"""Changing an early beat in a browser: the strip after an edit, and the sheet before a segment is inserted, removed or moved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studio.project import edits
from tests.e2e.conftest import Visit, faded
from tests.shelves import render_all, wait_for_job, wait_until

pytest.importorskip("playwright.sync_api", reason="the page's tests need: pip install playwright")
from playwright.sync_api import expect

AUDIT = (Path(__file__).parent / "audit.js").read_text("utf-8")


def more(page: Any, card: int, verb: str) -> None:
    """Choose something from the menu of a rendered segment."""
    page.locator(".card").nth(card).get_by_role("button", name="More", exact=True).click()
    page.locator(".more-verbs:popover-open").get_by_role("button", name=verb).click()


def test_an_edit_asks_once_and_is_bridged(desk: Visit) -> None:
    session = render_all(desk.stand.film("a", "b", "c", "d"))
    page = desk.open(session)
    page.locator(".card").nth(1).locator("textarea").fill("b, at night")
    strip = page.locator(".early")
    expect(strip).to_contain_text("Segment 2 was changed after it was made: its take and 2 after it are stale.")
    assert page.evaluate(AUDIT) == []
    strip.get_by_role("button", name="Keep").click()
    expect(strip).to_be_hidden()
    assert not edits.stale_takes(session.project)
    page.locator(".card").nth(1).locator("textarea").fill("b, in the fog")
    expect(strip).to_be_visible()
    strip.get_by_label("Frames of the bridge").fill("3")
    strip.get_by_role("button", name="Bridge").click()
    wait_until(session, lambda: len(session.project.branches) == 2)
    wait_for_job(session)
    expect(strip).to_be_hidden()
    expect(page.locator(".card").nth(2)).to_contain_text("Bridge, 3 frames")
    expect(page.locator(".card").nth(3)).to_contain_text("Kept")
    assert [t.segment.prompt for t in session.project.film()] == ["a", "b, in the fog", "c", "d"]
    page.get_by_role("button", name="Switch to Main").click()
    expect(page.locator(".card").nth(1).locator("textarea")).to_have_value("b")


def test_segments_are_moved_by_keyboard_and_inserted(desk: Visit) -> None:
    session = render_all(desk.stand.film("a", "b", "c"))
    page = desk.open(session)
    page.locator(".card .cell").nth(1).focus()
    page.keyboard.press("Shift+ArrowRight")
    sheet = page.get_by_role("dialog", name="Move segment 2 to place 3")
    expect(sheet.get_by_role("radio", name="Bridge")).to_be_checked()
    sheet.get_by_role("radio", name="Keep what follows").check()
    faded(page)
    assert page.evaluate(AUDIT) == []
    sheet.get_by_role("button", name="Move").click()
    wait_until(session, lambda: [t.segment.prompt for t in session.project.film()] == ["a", "c", "b"])
    more(page, 0, "Add a segment after this one")
    sheet = page.get_by_role("dialog", name="Insert before segment 2")
    sheet.get_by_label("Prompt of the new segment").fill("x")
    sheet.get_by_role("radio", name="Make what follows again").check()
    sheet.get_by_role("button", name="Insert").click()
    wait_until(session, lambda: [t.segment.prompt for t in session.project.film()] == ["a", "x", "c", "b"])
    assert wait_for_job(session).state == "done" and len(session.project.branches) == 3
    page.keyboard.press("Control+z")
    wait_until(session, lambda: len(session.project.film()) == 3)


def test_a_segment_is_removed_on_a_phone(phone: Visit) -> None:
    session = render_all(phone.stand.film("a", "b", "c"))
    page = phone.open(session)
    more(page, 1, "Remove this segment")
    sheet = page.get_by_role("dialog", name="Remove segment 2")
    box = sheet.bounding_box()
    assert box and box["x"] >= 0 and box["width"] <= 390
    sheet.get_by_role("button", name="Remove").tap()
    wait_until(session, lambda: [t.segment.prompt for t in session.project.film()] == ["a", "c"])
    assert session.project.film()[1].bridge == 4
    wait_for_job(session)
    more(page, 1, "Remove this segment")
    wait_until(session, lambda: [t.segment.prompt for t in session.project.film()] == ["a"])     # nothing follows: no question
