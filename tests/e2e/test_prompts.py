"""Words on the page: those of the whole film."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from studio.full_prompt import Words
from tests.e2e.conftest import AUDIT, Stand, Visit, badge, faded

pytestmark = pytest.mark.slow


def opener(page: Any) -> Any:
    return page.get_by_role("button", name="Words of the film")


def test_style_and_cast_with_the_keyboard(stand: Stand, desk: Visit) -> None:
    session = stand.film("a walk", "a rest")
    page = desk.open(session)
    expect(opener(page)).to_have_text("Style")
    opener(page).press("Enter")
    style = page.get_by_label("Style of the film")
    expect(style).to_be_focused()
    page.keyboard.type("dusk, fog")
    page.keyboard.press("Tab")
    page.keyboard.type("Anna")
    page.keyboard.press("Escape")
    expect(opener(page)).to_have_text("dusk, fog")
    expect(opener(page)).to_be_focused()
    page.keyboard.press("Control+Shift+Enter")
    expect(badge(page, 1)).to_have_text("Done")
    assert [r.words for r in stand.engine.requests] == [Words("a walk", "Anna", "dusk, fog"), Words("a rest", "Anna", "dusk, fog")]
    opener(page).click()
    style.fill("")
    page.keyboard.press("Escape")
    expect(badge(page, 1)).to_have_text("Stale")
    expect(opener(page)).to_have_text("Cast")
    page.get_by_role("button", name="Undo").click()
    expect(badge(page, 1)).to_have_text("Done")
    expect(opener(page)).to_have_text("dusk, fog")


def test_a_style_fills_the_words_of_the_film(stand: Stand, desk: Visit) -> None:
    session = stand.film("a walk")
    page = desk.open(session)
    opener(page).click()
    look = page.get_by_role("button", name="Moonlit fog")
    look.press("Enter")
    expect(page.get_by_label("Style of the film")).to_have_value("moonlit night, fog")
    expect(look).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Undo").click()
    expect(opener(page)).to_have_text("Style")
    assert session.project.style == ""


def test_wildcards_show_what_they_give_and_what_is_wrong(stand: Stand, desk: Visit) -> None:
    session = stand.film("a walk", "a rest")
    page = desk.open(session)
    prompt = page.get_by_label("Prompt of segment 1")
    prompt.fill("a walk, __nosuch__")
    filled = page.locator(".filled")
    expect(filled.first).to_have_text("There is no list for “__nosuch__”.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("put a file nosuch.txt with one choice on each line")
    prompt.fill("a walk")
    page.locator(".kinds").get_by_role("button", name="wildcards").click()
    page.get_by_role("button", name="__weather__").click()
    expect(prompt).to_have_value("a walk, __weather__")
    words = session.wildcards.fill("a walk, __weather__", 0)
    expect(filled.first).to_have_text(words)
    expect(filled.nth(1)).to_be_hidden()
    page.keyboard.press("Control+Enter")
    expect(badge(page, 0)).to_have_text("Done")
    assert stand.engine.requests[-1].prompt == words
    expect(page.locator(".stage figcaption").first).to_contain_text(words)
    expect(prompt).to_have_value("a walk, __weather__")
    assert page.evaluate(AUDIT) == []


@pytest.mark.parametrize("dark", [False, True])
def test_everybody_can_read_the_words_of_the_film(stand: Stand, desk: Visit, dark: bool) -> None:
    page = desk.open(stand.film("a walk"))
    if page.evaluate("document.body.classList.contains('dark')") != dark:
        page.get_by_role("button", name="Switch between light and dark").click()
        faded(page)
    opener(page).click()
    assert page.evaluate(AUDIT) == []


def test_the_words_of_the_film_on_a_phone(stand: Stand, phone: Visit) -> None:
    session = stand.film("a walk")
    page = phone.open(session)
    opener(page).tap()
    page.get_by_label("Cast of the film").fill("Anna, " * 200)
    sheet = page.locator("dialog.film-words").bounding_box()
    assert sheet["x"] >= 0 and sheet["x"] + sheet["width"] <= 390
    page.get_by_role("button", name="Close", exact=True).tap()
    expect(opener(page)).to_have_text("Cast")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert session.project.cast.startswith("Anna, Anna")


def seams(page: Any) -> Any:
    return page.locator(".seam")


def test_a_blend_with_the_keyboard(stand: Stand, desk: Visit) -> None:
    session = stand.film("a walk", "a rest", sections=3)
    page = desk.open(session)
    expect(seams(page).first).to_be_hidden()
    mark = page.get_by_role("button", name="Beginning of segment 2: it continues")
    mark.press("Enter")
    length = page.get_by_role("slider", name="Length of the blend")
    expect(length).to_be_focused()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    mark = page.get_by_role("button", name="Beginning of segment 2: blend over 0.5 s")
    expect(mark).to_have_text("0.5 s")
    expect(mark).to_be_focused()
    expect(length).to_be_hidden()
    assert session.project.current().segments[1].blend == 6
    page.keyboard.press("Control+Shift+Enter")
    expect(badge(page, 1)).to_have_text("Done")
    assert [r.blend for r in stand.engine.requests] == [0, 6]
    mark.press("Enter")
    page.keyboard.press("Home")
    page.keyboard.press("Escape")
    expect(badge(page, 1)).to_have_text("Stale")
    assert page.evaluate(AUDIT) == []


def test_a_blend_on_a_phone(stand: Stand, phone: Visit) -> None:
    session = stand.film("a walk", "a rest", sections=3)
    page = phone.open(session)
    page.get_by_role("button", name="Beginning of segment 2").tap()
    sheet = page.get_by_role("dialog", name="Beginning of segment 2").bounding_box()
    assert sheet["x"] >= 0 and sheet["x"] + sheet["width"] <= 390 and sheet["y"] + sheet["height"] <= 844
    page.get_by_role("slider", name="Length of the blend").fill("12")
    expect(page.get_by_role("button", name="Beginning of segment 2")).to_have_text("1.0 s")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
