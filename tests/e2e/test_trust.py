"""What must hold whatever happens: reloads, a second tab, failures, hostile words, keyboards, phones, contrast."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from studio.project import edits
from studio.session import Studio
from tests.e2e.conftest import Stand, Visit, faded, serve, visit
from tests.e2e.test_stories import DROP, badge, cards
from tests.shelves import picture, render_all

STILL = True

pytestmark = pytest.mark.slow

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
    page.keyboard.press("Control+Enter")
    expect(notice).to_contain_text("Out of memory.")
    stand.engine.fail_at = None
    page.keyboard.press("Control+Enter")
    expect(badge(page, 0)).to_have_text("Done")
    page.get_by_role("button", name="Open another film").click()
    page.get_by_role("button", name="New film").click()
    expect(notice).to_have_count(0)                             # it was of the other film


def test_a_card_that_ran_full_is_told_quietly_until_it_is_dismissed(stand: Stand, desk: Visit) -> None:
    page = desk.open(stand.film("one", "two"))
    stand.engine.gate, stand.engine.out_of_memory_at = threading.Semaphore(2), (0, 2)
    page.keyboard.press("Control+Shift+Enter")
    notice = page.locator(".notice", has_text="ran out of memory while decoding")
    expect(notice).to_have_attribute("role", "status")
    expect(notice).to_contain_text("frames are decoded in tiles of 192 pixels. Nothing is lost.")
    desk.complaints.clear()
    page.reload()
    desk.complaints.clear()                                     # the reload cut the old stream off
    expect(notice).to_be_visible()
    expect(page.locator(".status")).to_contain_text("step 2 of 4")
    notice.get_by_label("Dismiss").click()
    stand.engine.gate.release(4)
    expect(page.locator(".status")).to_contain_text("Segment 2")
    expect(notice).to_have_count(0)
    desk.complaints.clear()
    page.reload()
    desk.complaints.clear()
    expect(page.locator(".status")).to_contain_text("Segment 2")
    expect(notice).to_have_count(0)
    stand.engine.gate = None
    expect(badge(page, 1)).to_have_text("Done")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_film_that_is_not_there_is_said_and_another_opens(stand: Stand, desk: Visit) -> None:
    stand.film("one")
    page = desk.context.new_page()
    page.goto(f"{stand.url}/?project=0123456789ab")
    expect(page.get_by_role("alert")).to_contain_text("This project is not")
    expect(page.locator(".work:visible, .start:visible")).to_have_count(1)


def test_what_was_found_on_opening_is_told_until_it_is_dismissed(stand: Stand, desk: Visit) -> None:
    lost = render_all(stand.film("one"))
    document = lost.folder / "project.json"
    document.write_text(document.read_text("utf-8")[:-40], "utf-8")
    studio = Studio(stand.studio.home, stand.engine, stand.studio.models)
    for url in serve(studio):
        page = desk.open(studio.open(lost.id), url)
        found = page.locator(".notice[data-kind=found]")
        expect(found.first).to_be_visible()
        page.reload()
        expect(found.first).to_be_visible()
        other = desk.open(studio.open(lost.id), url)
        for _ in range(found.count()):
            found.first.get_by_label("Dismiss").click()
        expect(other.locator(".notice")).to_have_count(0)
        page.reload()
        expect(badge(page, 0)).to_have_text("Done")
        expect(found).to_have_count(0)
    assert Studio(stand.studio.home, stand.engine, stand.studio.models).open(lost.id).findings == ()
    desk.complaints.clear()
    desk.requests[:] = [r for r in desk.requests if not r.startswith(url)]


def test_hostile_words_stay_words(stand: Stand, desk: Visit) -> None:
    page = desk.open(render_all(stand.film("one")))
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


def test_what_is_done_before_the_page_knows_its_film_waits_for_it(stand: Stand, desk: Visit) -> None:
    """On a busy machine the page is there a while before it hears of its film."""
    session = stand.studio.create()
    page, held, free = desk.context.new_page(), [], threading.Event()
    page.on("console", lambda m: m.type == "error" and desk.complaints.append(m.text))
    page.route("**/queue/join*", lambda route: route.continue_() if free.is_set() else held.append(route))
    page.goto(f"{stand.url}/?project={session.id}")
    page.locator(".opening").wait_for()
    with page.expect_response("**/upload*"):
        page.evaluate(DROP, ["early.png", "image/png", list(picture(stand.folder, "gold").read_bytes())])
    page.wait_for_timeout(500)
    expect(page.locator(".notice")).to_have_count(0)
    assert held and session.project.reference is None
    free.set()
    for route in held:
        route.continue_()
    expect(page.locator(".reference .file")).to_have_text("early.png")
    expect(page.locator(".notice")).to_have_count(0)
    assert session.project.reference


def test_an_upload_that_cannot_be_stored_says_so(
    stand: Stand, chromium: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And it does not advise another format of the picture: that would not help."""
    uploads = tmp_path / "uploads"
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(uploads))
    for url in serve(stand.studio):
        shutil.rmtree(uploads, ignore_errors=True)          # there, if something was uploaded already
        uploads.write_text("a file where the folder was")
        for here in visit(stand, chromium):
            session = stand.studio.create()
            page = here.open(session, url)
            page.evaluate(DROP, ["early.png", "image/png", list(picture(stand.folder, "gold").read_bytes())])
            note = page.locator(".notice")
            expect(note).to_contain_text("“early.png” could not be uploaded.")
            expect(note).to_contain_text(f"Uploads cannot be stored in {uploads}: {uploads} is a file, not a folder.")
            assert "PNG" not in note.inner_text() and session.project.reference is None
            here.complaints.clear()
            here.requests.clear()


def test_a_render_knows_whose_request_it_serves(stand: Stand, chromium: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that shares its GPUs out reads the visitor's headers where the work is done."""
    from gradio.context import LocalContext

    seen = []

    def wait(section: int, step: int, stop: threading.Event) -> str:
        request = LocalContext.request.get(None)
        seen.append(request and request.headers.get("x-ip-token"))
        return ""

    monkeypatch.setattr(stand.engine, "_wait", wait)
    session = stand.film("one")
    for here in visit(stand, chromium, extra_http_headers={"X-IP-Token": "visitor-7"}):
        page = here.open(session)
        page.get_by_role("button", name="Generate next").click()
        expect(badge(page, 0)).to_have_text("Done")
    assert seen == ["visitor-7"] * 4


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
