"""What must hold whatever happens: reloads, a second tab, failures, hostile words, keyboards, phones, contrast."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from playwright.sync_api import expect

from studio.session import Studio
from tests.e2e.conftest import Stand, Visit, serve
from tests.e2e.test_stories import badge, cards
from tests.shelves import generated

AUDIT = (Path(__file__).parent / "audit.js").read_text("utf-8")
HOSTILE = "<img src=x onerror='window.hurt=1'> ${window.hurt=2} {{constructor}} `${alert(1)}` <script>window.hurt=3</script>"


def test_a_job_outlives_the_page(stand: Stand, desk: Visit) -> None:
    page = desk.open(stand.film("one", "two"))
    stand.engine.gate = threading.Semaphore(2)
    page.keyboard.press("Control+Shift+Enter")
    expect(page.locator(".status")).to_contain_text("step 2 of 4")
    desk.complaints.clear()
    page.reload()
    desk.complaints.clear()                                     # the reload cut the old stream off
    expect(page.locator(".status")).to_contain_text("step 2 of 4")
    stand.engine.gate.release(1)
    expect(page.locator(".status")).to_contain_text("step 3 of 4")
    stand.engine.gate = None
    expect(badge(page, 1)).to_have_text("Done")


def test_two_tabs_see_the_same_film(stand: Stand, desk: Visit) -> None:
    session = stand.film("one")
    left, right = desk.open(session), desk.open(session)
    left.get_by_label("Prompt of segment 1").fill("from the left")
    expect(right.get_by_label("Prompt of segment 1")).to_have_value("from the left")
    right.get_by_role("button", name="Generate next").click()
    expect(badge(left, 0)).to_have_text("Done")
    left.get_by_label("Film title").fill("Shared")
    expect(right.get_by_label("Film title")).to_have_value("Shared")


def test_failures_say_what_happened_and_what_to_do(stand: Stand, desk: Visit) -> None:
    page = desk.open(stand.film("one"))
    stand.engine.fail_at = (0, 2)
    page.keyboard.press("Control+Enter")
    notice = page.get_by_role("alert")
    expect(notice).to_contain_text("Out of memory.")
    expect(notice).to_contain_text("Choose a smaller size.")
    expect(badge(page, 0)).to_have_text("Failed")
    notice.get_by_label("Dismiss").click()
    expect(notice).to_have_count(0)
    stand.engine.fail_at = None
    page.keyboard.press("Control+Enter")
    expect(badge(page, 0)).to_have_text("Done")


def test_a_film_that_is_not_there_is_said_and_another_opens(stand: Stand, desk: Visit) -> None:
    stand.film("one")
    page = desk.context.new_page()
    page.goto(f"{stand.url}/?project=0123456789ab")
    expect(page.get_by_role("alert")).to_contain_text("This project is not")
    expect(page.locator(".work:visible, .start:visible")).to_have_count(1)


def test_what_was_found_on_opening_is_told_once(stand: Stand, desk: Visit) -> None:
    lost = generated(stand.film("one"))
    document = lost.folder / "project.json"
    document.write_text(document.read_text("utf-8")[:-40], "utf-8")
    studio = Studio(stand.studio.home, stand.engine, stand.studio.models)
    for url in serve(studio):
        page = desk.open(studio.open(lost.id), url)
        found = page.locator(".notice[data-kind=found]")
        expect(found.first).to_be_visible()
        page.reload()
        expect(badge(page, 0)).to_have_text("Done")
        expect(found).to_have_count(0)
    desk.complaints.clear()
    desk.requests[:] = [r for r in desk.requests if not r.startswith(url)]


def test_hostile_words_stay_words(stand: Stand, desk: Visit) -> None:
    page = desk.open(generated(stand.film("one")))
    page.get_by_label("Prompt of segment 1").fill(HOSTILE)
    page.get_by_label("Film title").fill(HOSTILE[:110])
    page.get_by_label("Film title").press("Enter")
    page.keyboard.press("Control+Enter")
    name = page.get_by_label("Name of branch Main")
    name.fill(HOSTILE[:100])
    name.press("Enter")
    expect(cards(page).nth(0)).to_have_attribute("data-state", "stale")
    page.locator(".card [data-verb=retake]").click()
    expect(page.locator(".node")).to_have_count(2)
    page.reload()
    desk.complaints.clear()
    expect(page.get_by_label("Prompt of segment 1")).to_have_value(HOSTILE)
    expect(page.locator(".pane figcaption").first).to_have_text(f"1 · {HOSTILE}")
    page.get_by_role("button", name="Open another film").click()
    expect(page.locator(".spine").first).to_be_visible()
    assert page.evaluate("window.hurt") is None
    assert page.locator("img[src=x]").count() == 0


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
    assert page.evaluate("document.querySelector('.stage video').paused"), "less motion was asked for"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_names_and_contrast(stand: Stand, desk: Visit, dark: bool) -> None:
    """Every control has a name, no id is used twice, and text stands out from what is behind it."""
    session = generated(stand.film("one", "two"))
    session.edit_segment(1, prompt="three")
    page = desk.open(session)
    if page.evaluate("document.body.classList.contains('dark')") != dark:
        page.get_by_role("button", name="Switch between light and dark").click()
        page.wait_for_timeout(250)                              # colours fade
    assert page.evaluate(AUDIT) == []
    for opener in ("Export", "Keyboard shortcuts (?)", "Open another film"):
        page.get_by_role("button", name=opener).click()
        assert page.evaluate(AUDIT) == []
        page.keyboard.press("Escape")
    page.goto(f"{stand.url}/?project={stand.studio.create().id}")
    page.locator(".start:visible").wait_for()
    assert page.evaluate(AUDIT) == []
    desk.complaints.clear()
