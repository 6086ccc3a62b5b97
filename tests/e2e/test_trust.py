"""What must hold whatever happens: reloads, a second tab, failures, hostile words, keyboards, phones, contrast."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from studio.session import Studio
from tests.e2e.conftest import DROP, Stand, Visit, badge, cards, serve, visit
from tests.shelves import picture, render_all

pytestmark = pytest.mark.slow

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


def test_what_an_answer_would_have_shown_comes_when_it_is_lost(stand: Stand, desk: Visit) -> None:
    """The stream leaves out what comes with the answer to the page's own click."""
    page = desk.open(stand.film("one"))

    def lose(route: Any) -> None:
        route.fetch()
        route.abort()

    page.route("**/component_server/**", lose)
    page.get_by_role("button", name="Add segment").click()
    expect(page.get_by_role("alert")).to_contain_text("The studio did not answer")
    expect(cards(page)).to_have_count(2)
    desk.complaints.clear()                                     # of the request that was cut off


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
