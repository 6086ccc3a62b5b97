"""The look of a take in a browser: matched, compared with the take as it was made, spread and undone, by keyboard and by finger."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from studio.media.clip import write_clip
from studio.project.model import FIRST_FRAME, Look
from studio.project.store import CLIP
from studio.session import Session
from tests.e2e.conftest import Stand, Visit, faded
from tests.shelves import render_all, wait_until

pytest.importorskip("playwright.sync_api", reason="the page's tests need: pip install playwright")
from playwright.sync_api import expect

AUDIT = (Path(__file__).parent / "audit.js").read_text("utf-8")
PICTURE = Path(__file__).parents[2] / "assets" / "examples" / "sea" / "sea.jpg"
# The mean colour of what is seen of a side of the sheet's picture.
COLOUR = """(side) => { const v = document.querySelector(`.look-${side} video`); const c = document.createElement('canvas');
  c.width = c.height = 8; const p = c.getContext('2d'); p.drawImage(v, 0, 0, 8, 8);
  const d = p.getImageData(0, 0, 8, 8).data; let sum = 0; for (let i = 0; i < d.length; i += 4) sum += d[i] + d[i + 1] + d[i + 2];
  return sum / 192; }"""
READY = """[...document.querySelectorAll('.look-sheet video')].every((v) => v.readyState >= 2 && !v.seeking)
  && document.querySelector('.look-shown video').src.includes('look-')"""


def brightening(stand: Stand) -> Session:
    session = render_all(stand.film("one", "two", "three", sections=2))
    sea = np.asarray(Image.open(PICTURE).convert("RGB").resize((160, 96)))
    for number, take in enumerate(session.project.path()):
        write_clip(session.store.take_folder(take.id) / CLIP, np.stack([(sea * (0.5 + 0.2 * number)).astype(np.uint8)] * 8), 12)
    return session


def seen(page: Any, side: str) -> bool:
    return bool(page.evaluate(f"getComputedStyle(document.querySelector('.look-{side}')).visibility === 'visible'"))


def test_a_look_by_keyboard(stand: Stand, desk: Visit) -> None:
    session = brightening(stand)
    _, second, third = (take.id for take in session.project.path())
    desk.moves = True
    page = desk.open(session)
    page.locator(".card .cell").nth(1).click()
    page.get_by_role("button", name="Look", exact=True).focus()
    page.keyboard.press("Enter")
    sheet = page.get_by_role("dialog", name="Look of segment 2")
    match = sheet.get_by_label("Match to")
    expect(match).to_be_focused()
    hold = sheet.get_by_role("button", name="Hold to see it as it was made")
    expect(hold).to_be_disabled()
    expect(sheet.get_by_label("Strength")).to_be_disabled()
    assert match.locator("option").all_inner_texts() == [
        "Nothing: as it was made", "The film’s first frame", "The reference picture", "Segment 1 · one", "Segment 3 · three"]
    page.keyboard.press("ArrowDown")
    wait_until(session, lambda: session.project.looks == {second: Look(FIRST_FRAME, 1.0)})
    page.wait_for_function(READY)
    expect(sheet.locator(".look-tag")).to_have_text("With this look")
    assert page.evaluate(AUDIT) == []
    page.wait_for_function(f"(({COLOUR})('made') - ({COLOUR})('shown')) > 10")        # at its end as dark as the first frame

    hold.focus()
    page.keyboard.down(" ")
    expect(sheet.locator(".look-tag")).to_have_text("As it was made")
    assert seen(page, "made") and not seen(page, "shown")
    faded(page)
    assert page.evaluate(AUDIT) == []
    page.keyboard.up(" ")
    assert seen(page, "shown") and not seen(page, "made")
    sheet.get_by_label("Strength").focus()
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    wait_until(session, lambda: session.project.looks.get(second) == Look(FIRST_FRAME, 0.8))
    sheet.get_by_role("button", name="Apply to the take after it").click()
    wait_until(session, lambda: session.project.looks.get(third) == Look(FIRST_FRAME, 0.8))
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    page.wait_for_function("document.querySelector('.stage video').src.includes('look-')")
    for left in ({second: Look(FIRST_FRAME, 0.8)}, {second: Look(FIRST_FRAME, 1.0)}, {}):
        page.keyboard.press("Control+z")
        wait_until(session, lambda left=left: session.project.looks == left)  # type: ignore[misc]
    page.wait_for_function("document.querySelector('.stage video').src.includes('clip.mp4')")


def test_on_a_phone(stand: Stand, phone: Visit) -> None:
    session = brightening(stand)
    third = session.project.path()[2].id
    page = phone.open(session)
    page.get_by_role("button", name="Look", exact=True).tap()
    sheet = page.get_by_role("dialog", name="Look of segment 3")
    sheet.get_by_label("Match to").select_option("Segment 1 · one")
    page.wait_for_function(READY)
    assert page.evaluate(AUDIT) == []
    assert page.evaluate("document.querySelector('dialog').scrollWidth <= document.querySelector('dialog').clientWidth")
    expect(sheet.get_by_role("button", name="Apply to")).to_be_hidden()       # it is the last one
    sheet.get_by_label("Match to").select_option("Nothing: as it was made")
    wait_until(session, lambda: session.project.looks == {})
    (session.store.take_folder(session.project.path()[0].id) / CLIP).unlink()
    sheet.get_by_label("Match to").select_option("The reference picture")
    expect(page.get_by_text("What it would be matched to is black or of one colour.")).to_have_count(1)
    expect(sheet).to_have_count(0)                                            # the reason is said on the page under it
    assert third not in session.project.looks


def test_the_next_section_sees_it_so_too(stand: Stand, desk: Visit) -> None:
    session = brightening(stand)
    second = session.project.path()[1].id
    page = desk.open(session)
    page.locator(".card .cell").nth(1).click()
    page.get_by_role("button", name="Look", exact=True).press("Enter")
    sheet = page.get_by_role("dialog", name="Look of segment 2")
    tick = sheet.get_by_label("The section after it sees it so, too")
    expect(tick).to_be_disabled()
    sheet.get_by_label("Match to").press("ArrowDown")
    wait_until(session, lambda: second in session.project.looks)
    expect(tick).to_be_enabled()
    tick.press(" ")
    wait_until(session, lambda: session.project.looks[second].context)
    page.wait_for_function(READY)
    faded(page)
    assert page.evaluate(AUDIT) == []
    page.keyboard.press("Escape")
    page.locator(".card:nth-child(2) [data-verb=rewind]").click()
    page.keyboard.press("Control+Enter")
    wait_until(session, lambda: len(session.project.takes) == 4)
    assert session.project.takes[str(session.project.head)].context_look
    expect(page.locator(".stage figcaption").first).to_have_text("3 · three")
    expect(page.get_by_role("button", name="Look", exact=True)).to_be_enabled()
    page.get_by_role("button", name="Look", exact=True).press("Enter")
    expect(page.get_by_role("dialog", name="Look of segment 3")).to_contain_text("This take saw the frames before it matched to")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    wait_until(session, lambda: not session.project.looks[second].context)
