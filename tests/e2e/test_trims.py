"""Trimming a take in a browser: its ends by slider and by key, played several times, shown on stage and strip, undone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.media.clip import probe, write_clip
from studio.project.model import Trim
from studio.project.store import CLIP
from studio.session import Session
from tests.e2e.conftest import Stand, Visit
from tests.shelves import render_all, wait_until

pytest.importorskip("playwright.sync_api", reason="the page's tests need: pip install playwright")
from playwright.sync_api import expect

AUDIT = (Path(__file__).parent / "audit.js").read_text("utf-8")
SEEN = "[...document.querySelectorAll('.trim-picture video')].map((v) => Math.floor(v.currentTime * 12 + 0.001))"


def of_ramps(stand: Stand) -> Session:
    """A film of two takes of 12 frames each, which grow brighter."""
    session = render_all(stand.film("one", "two", sections=3))
    ramp = np.stack([np.full((48, 64, 3), 20 * number, np.uint8) for number in range(12)])
    for take in session.project.path():
        write_clip(session.store.take_folder(take.id) / CLIP, ramp, 12)
    return session


def opened(page: Any) -> Any:
    page.locator(".card .cell").first.click()
    page.get_by_role("button", name="Trim", exact=True).click()
    return page.get_by_role("dialog", name="Trim segment 1")


def test_ends_and_loops_by_keyboard(stand: Stand, desk: Visit) -> None:
    session = of_ramps(stand)
    take = session.project.path()[0].id
    page = desk.open(session)
    sheet = opened(page)
    first, last = sheet.get_by_label("From"), sheet.get_by_label("To", exact=True)
    expect(first).to_be_focused()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    wait_until(session, lambda: session.project.trims == {take: Trim(3, 0)})
    last.focus()
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    wait_until(session, lambda: session.project.trims == {take: Trim(3, 8)})
    expect(sheet.get_by_text("The film shows 5 of 12 frames of it: 0.4 s.")).to_be_visible()
    page.wait_for_function(f"JSON.stringify({SEEN}) === '[3,7]'")
    sheet.get_by_label("Play it").select_option("there and back")
    wait_until(session, lambda: session.project.trims == {take: Trim(3, 8, "there and back", 2)})
    sheet.get_by_label("Times").fill("3")
    page.keyboard.press("Tab")
    wait_until(session, lambda: session.project.trims == {take: Trim(3, 8, "there and back", 3)})
    expect(sheet.get_by_role("status")).to_have_text("The film shows 13 frames, from 5 of the take’s 12: 1.1 s.")
    assert page.evaluate(AUDIT) == []
    page.keyboard.press("Escape")
    expect(page.locator(".card").first.locator(".trimmed")).to_have_text("In the film: frames 4 to 8, there and back, 3 times")
    expect(page.locator(".pane figcaption").first).to_contain_text("frames 4 to 8")
    assert "linear-gradient" in page.locator(".scrub").evaluate("e => e.style.background")

    page.get_by_role("button", name="Film so far").click()
    expect(page.locator(".counter")).to_contain_text("/ 25")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Film as MP4").click()
    assert probe(waiting.value.path()).frames == 25
    page.keyboard.press("Escape")
    for _ in range(4):
        page.get_by_role("button", name="Undo (Ctrl+Z)").click()
    wait_until(session, lambda: session.project.trims == {})
    expect(page.locator(".counter")).to_contain_text("/ 24")


def test_the_frame_on_the_stage_is_an_end(stand: Stand, desk: Visit) -> None:
    session = of_ramps(stand)
    take = session.project.path()[0].id
    page = desk.open(session)
    page.locator(".card .cell").first.click()
    for frame, key, trim in ((2, "i", Trim(2, 0)), (9, "o", Trim(2, 10)), (11, "i", Trim(11, 0))):
        page.locator(".scrub").evaluate("(e, at) => { e.value = at; e.dispatchEvent(new Event('input')); }", frame)
        page.wait_for_function(f"document.querySelector('.counter').textContent.startsWith('{frame + 1:2d} /')")
        page.keyboard.press(key)
        wait_until(session, lambda trim=trim: session.project.trims == {take: trim})
    sheet = opened(page)
    sheet.get_by_role("button", name="Show all of it").click()
    wait_until(session, lambda: session.project.trims == {})
    expect(sheet.get_by_role("button", name="Show all of it")).to_be_disabled()


def test_ends_do_not_pass_each_other_under_a_finger(stand: Stand, phone: Visit) -> None:
    session = of_ramps(stand)
    take = session.project.path()[1].id
    page = phone.open(session)
    page.locator(".card .cell").nth(1).tap()
    page.get_by_role("button", name="Trim", exact=True).tap()
    sheet = page.get_by_role("dialog", name="Trim segment 2")
    first = sheet.get_by_label("From")
    first.fill("11")
    sheet.get_by_label("To", exact=True).fill("4")
    wait_until(session, lambda: take in session.project.trims and session.project.trims[take].first == 11)
    expect(sheet.get_by_label("To", exact=True)).to_have_value("12")
    assert page.evaluate("document.querySelector('dialog').scrollWidth <= document.querySelector('dialog').clientWidth")
