"""Auditions in a browser: takes that appear as they come, the choice by keyboard and by finger, the trash."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.e2e.conftest import Visit, faded
from tests.shelves import wait_for_job, wait_until

pytest.importorskip("playwright.sync_api", reason="the page's tests need: pip install playwright")
from playwright.sync_api import expect

AUDIT = (Path(__file__).parent / "audit.js").read_text("utf-8")

SMALL = """[...document.querySelectorAll('.choosing button')]
  .filter((b) => b.offsetParent && (b.offsetHeight < 44 || b.offsetWidth < 40)).map((b) => b.outerHTML.slice(0, 90))"""


def test_takes_come_one_by_one_and_one_is_taken_by_keyboard(desk: Visit) -> None:
    stand = desk.stand
    session = stand.film("the sea", "the shore")
    stand.engine.gate = threading.Semaphore(4 + 2)                     # one take, and half of the second
    page = desk.open(session)
    page.get_by_role("button", name="Audition", exact=True).click()
    sheet = page.get_by_role("dialog", name="Audition segment 1")
    sheet.get_by_label("Prompts, one on each line").fill("the sea at noon\nthe sea at night\n")
    expect(sheet.get_by_role("button", name="Make 8 takes")).to_be_enabled()
    sheet.get_by_role("button", name="More seeds").click()
    expect(sheet.locator("p[role=status]")).to_contain_text("These are 10 takes; 9 is the most.")
    expect(sheet.get_by_role("button", name="Make")).to_be_disabled()
    for _ in range(4):
        sheet.get_by_role("button", name="Fewer seeds").click()
    assert page.evaluate(AUDIT) == []
    sheet.get_by_role("button", name="Make 2 takes").click()
    cells = page.locator(".take-cell")
    expect(cells).to_have_count(2)
    expect(page.locator(".take-cell[data-made]")).to_have_count(1)
    wait_until(session, lambda: bool(session.job and session.job.step == 2 and session.job.finished == 1))
    expect(cells.nth(1).locator("img")).to_be_visible()                # the second one as it comes
    expect(page.locator(".card").nth(1)).to_contain_text("Planned")
    stand.engine.gate = None
    wait_for_job(session)
    expect(page.locator(".take-cell[data-made]")).to_have_count(2)
    expect(cells.nth(1)).to_contain_text("the sea at night")

    page.locator(".cell-look").first.focus()
    page.keyboard.press("2")
    expect(page.locator(".cell-look").nth(1)).to_be_focused()
    page.keyboard.press("s")
    expect(cells.nth(1).get_by_role("button", name="Take the star away")).to_have_attribute("aria-pressed", "true")
    assert page.evaluate(AUDIT) == []
    page.keyboard.press("t")
    wait_until(session, lambda: session.project.head is not None)
    (head,) = session.project.film()
    assert head.segment.prompt == "the sea at night" and head.id in session.project.stars
    expect(page.locator(".choosing")).to_be_hidden()
    expect(page.locator(".card").first.locator("textarea")).to_have_value("the sea at night")
    page.keyboard.press("Control+z")
    wait_until(session, lambda: session.project.head is None)


def test_the_others_go_into_the_trash_and_come_back(phone: Visit) -> None:
    stand = phone.stand
    session = stand.film("the sea")
    page = phone.open(session)
    page.get_by_role("button", name="Audition", exact=True).tap()
    page.get_by_role("button", name="Make 4 takes").tap()
    wait_for_job(session)
    cells = page.locator(".take-cell[data-made]")
    expect(cells).to_have_count(4)
    first = cells.first.bounding_box()
    assert first and first["width"] > 300, "one column on a phone"
    assert page.evaluate(SMALL) == []
    cells.nth(2).get_by_role("button", name="Star", exact=True).tap()
    expect(cells.nth(2).get_by_role("button", name="Take the star away")).to_be_visible()
    page.get_by_role("button", name="Drop the others").tap()
    expect(cells).to_have_count(1)
    assert len(session.project.trash) == 3
    page.get_by_role("button", name="Back to the stage").tap()
    page.get_by_role("button", name="Trash · 3 takes").tap()
    trash = page.get_by_role("dialog", name="Trash")
    faded(page)
    assert page.evaluate(AUDIT) == []
    trash.locator(".bin > li").first.get_by_role("button", name="Restore").tap()
    wait_until(session, lambda: len(session.project.trash) == 2)
    trash.get_by_role("button", name="Restore all").tap()
    wait_until(session, lambda: not session.project.trash)
    expect(page.get_by_role("button", name="Trash")).to_be_hidden()
