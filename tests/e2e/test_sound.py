"""The film's sound in a browser: chosen, heard with the picture, drawn under the segments, markers by key and by pointer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studio.project.sound_edits import add_marker
from tests.e2e.conftest import Stand, Visit, faded
from tests.shelves import render_all, wait_until
from tests.test_session_sound import song

pytest.importorskip("playwright.sync_api", reason="the page's tests need: pip install playwright")
from playwright.sync_api import expect

AUDIT = (Path(__file__).parent / "audit.js").read_text("utf-8")
INK = """(canvas) => { const d = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n / (d.length / 4); }"""

PLAYS = """window.plays = []; const medium = HTMLMediaElement.prototype, play = medium.play;
  medium.play = function () { if (this.tagName === 'AUDIO') window.plays.push(this.currentTime); return play.call(this); }; null"""


def ink(page: Any, card: int) -> float:
    """How much of the strip under a segment is drawn on."""
    return float(page.locator(".wave canvas").nth(card).evaluate(INK))


def test_a_sound_from_file_to_markers(stand: Stand, desk: Visit, tmp_path: Path) -> None:
    session = render_all(stand.film("one", "two", sections=2))
    desk.moves = True
    page = desk.open(session)
    length = session.project.clock.seconds(session.project.film()[0].frames)
    expect(page.locator(".wave").first).to_be_hidden()
    page.locator(".sound-opener").click()
    sheet = page.get_by_role("dialog", name="Sound and markers")
    sheet.get_by_label("File with sound").set_input_files(song(tmp_path, 0.75 * length))
    expect(sheet.get_by_text("Song.mp3")).to_be_visible()
    wait_until(session, lambda: session.project.sound is not None)
    begins = sheet.get_by_label("Second of the film at which the sound begins")
    begins.fill(str(length))
    begins.press("Enter")
    wait_until(session, lambda: session.project.sound is not None and session.project.sound.offset == round(length, 3))
    page.keyboard.press("Escape")
    expect(page.locator(".wave").first).to_be_visible()
    page.wait_for_function(f"(({INK}))(document.querySelectorAll('.wave canvas')[1]) > 0.2")
    assert ink(page, 0) == 0, "nothing is heard in the first segment"

    page.evaluate(PLAYS)
    page.locator(".card .cell").nth(1).click()
    page.wait_for_function("window.plays.length > 0")
    page.get_by_role("button", name="Sound on").click()
    expect(page.locator(".hear")).to_have_attribute("aria-pressed", "false")

    page.keyboard.press("Space")
    page.locator(".scrub").evaluate("(s) => { s.value = 3; s.dispatchEvent(new Event('input')); }")
    page.keyboard.press("m")
    wait_until(session, lambda: bool(session.project.markers))
    frame = session.project.clock.seconds(1)
    assert session.project.markers[0] == pytest.approx(length + 3 * frame, abs=frame)
    box = page.locator(".wave").first.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 15)
    wait_until(session, lambda: len(session.project.markers) == 2)
    assert session.project.markers[0] == pytest.approx(length / 2, abs=0.02)
    expect(page.locator(".wave").first).to_have_attribute("data-markers", "1")
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 15)
    wait_until(session, lambda: len(session.project.markers) == 1)
    page.get_by_role("button", name="Undo").first.click()
    wait_until(session, lambda: len(session.project.markers) == 2)
    assert not desk.complaints, desk.complaints


@pytest.mark.parametrize("shape", ["desk", "phone"])
def test_the_sheet_by_day_and_on_a_phone(stand: Stand, shape: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    visit: Visit = request.getfixturevalue(shape)
    session = render_all(stand.film("one", "two"))
    session.sounds.use(song(tmp_path))
    for at in (0.2, 0.5, 0.9):
        session.edit(add_marker, at)
    page = visit.open(session)
    page.locator(".scrub").evaluate("(s) => { s.value = 3; s.dispatchEvent(new Event('input')); }")
    page.locator(".sound-opener").click()
    sheet = page.get_by_role("dialog", name="Sound and markers")
    expect(sheet.locator(".markers li")).to_have_count(3)
    faded(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    problems = page.evaluate(AUDIT)
    assert not problems, problems
    sheet.get_by_role("button", name="Remove the marker at 0:00.50").click()
    wait_until(session, lambda: session.project.markers == (0.2, 0.9))
    sheet.get_by_role("button", name="Remove all").click()
    wait_until(session, lambda: not session.project.markers)
    sheet.get_by_role("button", name="At this moment").click()
    wait_until(session, lambda: len(session.project.markers) == 1)
    sheet.get_by_role("button", name="Remove", exact=True).click()
    wait_until(session, lambda: session.project.sound is None)
    assert not visit.complaints, visit.complaints


@pytest.mark.parametrize("width", [1200, 1440, 1680, 1920])
def test_the_stages_buttons_fit_beside_the_scrub_bar(stand: Stand, desk: Visit, width: int, tmp_path: Path) -> None:
    session = render_all(stand.film("one", "two"))
    session.sounds.use(song(tmp_path))
    session.jobs.retake(session.project.film()[1].id)
    wait_until(session, lambda: session.job is not None and session.job.state == "done" and len(session.project.takes) == 3)
    page = desk.open(session)
    page.set_viewport_size({"width": width, "height": 900})
    page.get_by_role("button", name="Takes", exact=False).first.wait_for()
    faded(page)
    assert page.locator(".transport").evaluate("(t) => t.scrollWidth <= t.clientWidth"), "nothing is cut off"
    assert page.locator(".scrub").bounding_box()["width"] >= 60
