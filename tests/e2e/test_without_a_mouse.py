"""Whatever somebody works with: everything by keyboard, on a phone, and readable in light and dark."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from playwright.sync_api import expect

from studio.project import edits
from tests.e2e.conftest import AUDIT, Stand, Visit, badge, cards, faded
from tests.shelves import render_all

pytestmark = pytest.mark.slow


def test_everything_by_keyboard(stand: Stand, desk: Visit) -> None:
    page = desk.open(stand.film("one", "two"))
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('aria-label')") == "Prompt of segment 1":
            break
    expect(page.get_by_label("Prompt of segment 1")).to_be_focused()
    page.keyboard.type("typed: ")
    page.keyboard.press("Control+Shift+Enter")
    expect(badge(page, 1)).to_have_text("Done")
    page.keyboard.press("Shift+Tab")
    expect(cards(page).nth(0).locator(".cell")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(cards(page).nth(1)).to_have_attribute("data-shown", "")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("treeitem", selected=True).focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(cards(page).nth(0).locator(".flag")).to_have_text("Head")
    page.evaluate("document.activeElement.blur()")
    paused = "document.querySelector('.stage video').paused"
    before = page.evaluate(paused)
    page.keyboard.press("Space")
    page.wait_for_function(f"{paused} !== {str(before).lower()}")


def test_a_phone_shows_it_all_without_scrolling_sideways(stand: Stand, phone: Visit) -> None:
    page = phone.open(stand.film("one", "two"))
    page.get_by_role("button", name="Generate next").tap()
    expect(badge(page, 0)).to_have_text("Done")
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    small = page.evaluate(
        "[...document.querySelectorAll('.mp button')].filter((b) => b.offsetParent && !b.closest('.node')"
        " && b.offsetHeight < 40).map((b) => b.className + ' ' + b.offsetHeight)"
    )
    assert small == []
    assert page.evaluate(AUDIT) == []
    assert page.evaluate("document.querySelector('.stage video').paused"), "less motion was asked for"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_names_and_contrast(stand: Stand, desk: Visit, dark: bool) -> None:
    """Every control has a name, no id is used twice, and text stands out from what is behind it."""
    session = render_all(stand.film("one", "two"))
    session.edit(edits.edit_segment, 1, prompt="three")
    session.edit(edits.add_segment)
    page = desk.open(session)
    if page.evaluate("document.body.classList.contains('dark')") != dark:
        page.get_by_role("button", name="Switch between light and dark").click()
        faded(page)
    assert page.evaluate(AUDIT) == []
    for name in ("Generate next", "Generate all", "Compare", "Film so far", "Export"):
        page.get_by_role("button", name=name).hover()
        faded(page)
        assert page.evaluate(AUDIT) == []
    for opener in ("Export", "Keyboard shortcuts (?)", "Open another film"):
        page.get_by_role("button", name=opener).click()
        assert page.evaluate(AUDIT) == []
        page.keyboard.press("Escape")
    page.goto(f"{stand.url}/?project={stand.studio.create().id}")
    page.locator(".start:visible").wait_for()
    assert page.evaluate(AUDIT) == []
    desk.complaints.clear()


def test_every_verb_by_keyboard(stand: Stand, desk: Visit) -> None:
    """Nothing can be done with the mouse alone: each control takes the focus, and Enter does it."""
    session = stand.film("one", "two", "three", sections=2)
    page = desk.open(session)

    def press(locator: Any, key: str = "Enter") -> None:
        locator.focus()
        expect(locator).to_be_focused()
        page.keyboard.press(key)

    def card(index: int, verb: str) -> Any:
        return cards(page).nth(index).locator(f"[data-verb={verb}]")

    stand.engine.gate = threading.Semaphore(6)
    press(page.get_by_role("button", name="Generate next"))
    expect(page.locator(".status")).to_contain_text("section 2 of 2")
    press(page.get_by_role("button", name="Cancel"))
    expect(badge(page, 0)).to_have_text("1 of 2 sections")
    stand.engine.gate = None
    press(card(0, "finish"))
    expect(badge(page, 0)).to_have_text("Done")
    press(cards(page).nth(2).locator(".cell"), "Shift+ArrowLeft")
    expect(page.get_by_label("Prompt of segment 2")).to_have_value("three")
    press(card(1, "add_segment"))
    expect(cards(page)).to_have_count(4)
    press(card(2, "remove_segment"))
    expect(cards(page)).to_have_count(3)
    press(cards(page).nth(1).get_by_label("One section shorter"))
    expect(cards(page).nth(1).locator(".length")).to_have_text("0.3 s · 1 section")
    press(page.get_by_role("button", name="Generate all"))
    expect(badge(page, 2)).to_have_text("Done")
    press(card(0, "rewind"))
    expect(cards(page).nth(0).locator(".flag")).to_have_text("Head")
    press(card(1, "retake"))
    expect(page.locator(".node")).to_have_count(4)
    press(card(0, "branch"))
    expect(page.locator(".branches li")).to_have_count(3)
    press(page.get_by_label("Put branch Branch 3 into the trash"))
    expect(page.locator(".branches li")).to_have_count(2)
    press(page.get_by_role("button", name="Switch to Main"))
    expect(page.get_by_role("button", name="Main, the current branch")).to_be_visible()
    press(page.get_by_role("button", name="Undo (Ctrl+Z)"))
    expect(page.get_by_role("button", name="Main, the current branch")).to_have_count(0)
    press(page.get_by_role("button", name="Redo (Ctrl+Shift+Z)"))
    expect(page.get_by_role("button", name="Main, the current branch")).to_be_visible()
    press(page.get_by_role("button", name="Film so far"))
    expect(page.locator(".counter")).to_contain_text("/ 20")
    press(page.get_by_role("button", name="Compare"))
    expect(page.get_by_label("Take B")).to_be_visible()
    press(page.get_by_role("button", name="Preset: Draft"))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Preset: Standard")).to_be_focused()
    press(page.get_by_role("button", name="Portrait"))
    expect(page.get_by_role("button", name="Portrait")).to_have_attribute("aria-pressed", "true")
    press(page.get_by_role("button", name="Export"))
    with page.expect_download():
        press(page.get_by_role("button", name="Poster"))
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Export")).to_be_focused()
