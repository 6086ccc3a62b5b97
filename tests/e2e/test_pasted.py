"""A timeline pasted into a prompt: the page asks, and puts it on the strip or keeps it as text."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from studio.session import Session
from tests.e2e.conftest import AUDIT, Stand, Visit, cards, faded
from tests.shelves import render_all

pytestmark = pytest.mark.slow

TIMES = "[0s-1s: she waves] [1s: she turns]\n[2s-3s: the sea]"
WINDOWS = "[/duration=1s] she waves\n[/duration=1s,/new_shot] the sea"


def paste(page: Any, text: str, index: int = 0) -> None:
    """Copy a text somewhere else and paste it with the keyboard."""
    page.evaluate("document.body.append(Object.assign(document.createElement('textarea'), { id: 'elsewhere' }))")
    page.locator("#elsewhere").fill(text)
    page.keyboard.press("Control+A")
    page.keyboard.press("Control+C")
    page.evaluate("document.getElementById('elsewhere').remove()")
    page.get_by_label(f"Prompt of segment {index + 1}").focus()
    page.keyboard.press("Control+A")
    page.keyboard.press("Control+V")


def prompts(session: Session) -> list[str]:
    return [segment.prompt for segment in session.project.current().segments]


def test_it_becomes_a_timeline_in_one_step(stand: Stand, desk: Visit) -> None:
    session = stand.film("dawn", "noon", "dusk")
    session.jobs.generate_next()
    page = desk.open(session)
    expect(cards(page).first.locator(".badge")).to_have_text("Done")
    paste(page, TIMES, 1)
    sheet = page.get_by_role("dialog", name="A timeline")
    expect(sheet).to_contain_text("This is a timeline of 3 segments, 3.0 s. Put them in place of the 2 segments not rendered yet?")
    expect(page.get_by_role("button", name="Put on the timeline")).to_be_focused()
    page.keyboard.press("Enter")
    expect(cards(page)).to_have_count(4)
    expect(page.get_by_label("Prompt of segment 3")).to_have_value("she turns")
    assert prompts(session) == ["dawn", "she waves", "she turns", "the sea"]
    page.get_by_role("button", name="Undo").click()
    expect(cards(page)).to_have_count(3)
    assert prompts(session) == ["dawn", "noon", "dusk"]


@pytest.mark.parametrize("leave", ["Keep as text", "Escape"])
def test_it_can_stay_text(stand: Stand, desk: Visit, leave: str) -> None:
    session = stand.film("dawn")
    page = desk.open(session)
    paste(page, WINDOWS)
    expect(page.get_by_role("dialog")).to_contain_text("New shots begin at the reference picture")
    if leave == "Escape":
        page.keyboard.press("Escape")
    else:
        page.get_by_role("button", name=leave).click()
    prompt = page.get_by_label("Prompt of segment 1")
    expect(prompt).to_have_value(WINDOWS)
    expect(prompt).to_be_focused()
    prompt.blur()
    page.wait_for_function("() => !document.querySelector('.prompt').dataset.dirty")
    assert prompts(session) == [WINDOWS]


def test_other_text_is_pasted_at_once_and_notes_are_told(stand: Stand, desk: Visit) -> None:
    session = stand.film("dawn")
    page = desk.open(session)
    for text in ("a [red] coat", "[5s: no end"):
        paste(page, text)
        expect(page.get_by_label("Prompt of segment 1")).to_have_value(text)
        assert page.get_by_role("dialog").count() == 0
    paste(page, WINDOWS)
    page.get_by_role("button", name="Put on the timeline").click()
    expect(page.get_by_role("status").filter(has_text="New shots begin at the reference picture")).to_be_visible()
    assert prompts(session) == ["she waves", "the sea"]
    paste(page, "[/duration=9999s] too long")
    expect(page.get_by_role("alert")).to_contain_text("seconds at most")
    expect(page.get_by_label("Prompt of segment 1")).to_have_value("[/duration=9999s] too long")


@pytest.mark.parametrize("dark", [False, True])
def test_everybody_can_answer(stand: Stand, desk: Visit, dark: bool) -> None:
    page = desk.open(render_all(stand.film("dawn")))
    if page.evaluate("document.body.classList.contains('dark')") != dark:
        page.get_by_role("button", name="Switch between light and dark").click()
        faded(page)
    paste(page, WINDOWS)
    expect(page.get_by_role("dialog")).to_contain_text("Put them on the timeline?")
    assert page.evaluate(AUDIT) == []


def test_on_a_phone(stand: Stand, phone: Visit) -> None:
    session = stand.film("dawn")
    page = phone.open(session)
    paste(page, "[0s-1s: " + "a long prompt " * 30 + "] [1s: b]")
    sheet = page.locator("dialog.pasted").bounding_box()
    assert sheet["x"] >= 0 and sheet["x"] + sheet["width"] <= 390 and sheet["y"] + sheet["height"] <= 844
    page.get_by_role("button", name="Put on the timeline").tap()
    expect(cards(page)).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
