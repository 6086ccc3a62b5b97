"""What a film weighs, in a browser: the bar, memory that is removed, and memory that is made again."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.e2e.conftest import Visit, faded
from tests.shelves import render_all, wait_until

pytest.importorskip("playwright.sync_api", reason="the page's tests need: pip install playwright")
from playwright.sync_api import expect

AUDIT = (Path(__file__).parent / "audit.js").read_text("utf-8")


def test_memory_is_removed_and_made_again(desk: Visit) -> None:
    session = render_all(desk.stand.film("the sea", "the shore", "the night"))
    page = desk.open(session)
    page.keyboard.press("w")
    sheet = page.get_by_role("dialog", name="On the disk")
    expect(sheet.locator(".disk-legend li")).to_have_count(3)
    expect(sheet.locator("p[role=status]")).to_contain_text("2 takes can do without memory")
    expect(sheet.locator("p[role=status]")).to_contain_text("made again from the take before")
    faded(page)
    assert page.evaluate(AUDIT) == []
    desk.stand.engine.gate = threading.Semaphore(0)
    session.memory_uses.start(session.project.path()[-1].id)
    expect(sheet).to_contain_text("What a take of this film uses is being found out already. Wait for it, or stop it first.")
    expect(sheet.get_by_role("button", name="Remove ·")).to_be_disabled()
    session.memory_uses.cancel()
    desk.stand.engine.gate = None
    expect(sheet.get_by_role("button", name="Remove ·")).to_be_enabled()
    sheet.get_by_label("Also kept").select_option("2")
    expect(sheet.locator("p[role=status]")).to_contain_text("1 take can do without memory")
    sheet.get_by_role("button", name="Remove ·").click()
    expect(sheet).to_contain_text("1 take is without memory already.")
    expect(sheet.get_by_role("button", name="Nothing to remove")).to_be_disabled()
    page.keyboard.press("Escape")
    expect(page.locator(".node").first).to_have_attribute("aria-label", "Take of segment 1, Done, 0.3 s, without memory, the sea")
    page.locator(".node").first.click()
    expect(page.locator(".status")).to_contain_text("was removed to save room")
    expect(page.get_by_role("button", name="Generate next")).to_be_disabled()
    assert page.evaluate(AUDIT) == []
    page.get_by_role("button", name="Make its memory again").click()
    wait_until(session, lambda: not any(take.thinned for take in session.project.takes.values()))
    expect(page.get_by_role("button", name="Make its memory again")).to_be_hidden()
    expect(page.get_by_role("button", name="Generate next")).to_be_enabled()


def test_on_a_phone(phone: Visit) -> None:
    session = render_all(phone.stand.film("the sea", "the shore"))
    page = phone.open(session)
    page.get_by_role("button", name="Open another film").tap()
    page.get_by_role("dialog", name="Films").get_by_role("button", name="On the disk").tap()
    sheet = page.get_by_role("dialog", name="On the disk")
    expect(sheet.locator(".disk-legend li")).to_have_count(3)
    faded(page)
    assert page.evaluate(AUDIT) == []
