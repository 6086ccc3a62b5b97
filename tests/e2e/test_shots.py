"""New shots in a browser: from a picture of one's own, from the frame on the stage, back to the reference, and none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from studio.project.model import Shot
from tests.e2e.conftest import Visit, faded
from tests.shelves import picture, render_all, wait_until

pytest.importorskip("playwright.sync_api", reason="the page's tests need: pip install playwright")
from playwright.sync_api import expect

AUDIT = (Path(__file__).parent / "audit.js").read_text("utf-8")


def test_a_storyboard_of_shots(desk: Visit) -> None:
    session = desk.stand.film("the harbour", "the ship", "the captain")
    page = desk.open(session)
    page.get_by_role("button", name="Beginning of segment 2: it continues").press("Enter")
    sheet = page.get_by_role("dialog", name="Beginning of segment 2")
    with page.expect_file_chooser() as chooser:
        sheet.get_by_role("button", name="Picture…").click()
    chooser.value.set_files(picture(desk.stand.folder, "crimson"))
    expect(sheet).to_contain_text("Begins a new shot at crimson.png.")
    expect(sheet.get_by_role("slider")).to_be_disabled()
    faded(page)
    assert page.evaluate(AUDIT) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Beginning of segment 2: a new shot at crimson.png")).to_have_text("Cut")
    render_all(session)
    requests = desk.stand.engine.requests[-3:]
    assert requests[1].shot and requests[1].reference != requests[0].reference == requests[0].reference
    assert requests[2].shot is None and requests[2].reference == requests[1].reference

    page.locator(".card .cell").first.click()
    clip = page.locator(".stage video").first
    expect(clip).to_have_attribute("src", re.compile(str(session.project.film()[0].id)))
    expect(clip).to_have_js_property("readyState", 4)                  # a clip that is not there yet cannot be stopped at a frame
    page.get_by_label("Frame on the stage", exact=True).fill("2")
    expect(page.locator(".counter")).to_contain_text("3 / 4")
    page.get_by_role("button", name="Beginning of segment 3: it continues").click()
    sheet = page.get_by_role("dialog", name="Beginning of segment 3")
    sheet.get_by_role("button", name="Frame on stage").click()
    expect(sheet).to_contain_text("Begins a new shot at segment 1, frame 3.")
    expect(page.locator(".early")).to_contain_text("Segment 3 was changed")
    sheet.get_by_role("button", name="Reference").click()
    expect(sheet).to_contain_text("Begins a new shot at the reference picture.")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    wait_until(session, lambda: session.project.current().segments[2].shot is None)
    expect(page.locator(".early")).to_be_hidden()


def test_a_shot_on_a_phone(phone: Visit) -> None:
    session = phone.stand.film("the harbour", "the ship")
    page = phone.open(session)
    page.get_by_role("button", name="Beginning of segment 2").tap()
    sheet = page.get_by_role("dialog", name="Beginning of segment 2")
    box = sheet.bounding_box()
    assert box and box["x"] >= 0 and box["x"] + box["width"] <= 390 and box["y"] + box["height"] <= 844
    sheet.get_by_role("button", name="Frame on stage").tap()
    expect(page.get_by_text("There is no frame on the stage yet.")).to_be_visible()
    sheet.get_by_role("button", name="Reference").tap()
    wait_until(session, lambda: session.project.current().segments[1].shot is not None)


def test_the_picture_of_a_shot_is_framed(desk: Visit) -> None:
    session = desk.stand.film("the harbour", "the ship")
    session.set_shot(1, session.picture_shot(picture(desk.stand.folder, "crimson", (320, 240))))
    page = desk.open(session)
    page.get_by_role("button", name="Beginning of segment 2").click()
    page.get_by_role("button", name="Frame it").click()
    sheet = page.get_by_role("dialog", name="Picture of the shot from segment 2 on")
    expect(sheet).to_contain_text("The shot begins with this part of the picture.")
    expect(sheet.get_by_role("tab")).to_have_count(0)
    sheet.get_by_role("slider", name="Size of the frame").fill("50")
    page.keyboard.press("Escape")
    wait_until(session, lambda: (session.project.current().segments[1].shot or Shot()).frame is not None)
    shot = session.project.current().segments[1].shot
    assert shot and shot.frame and 0.1 < shot.frame[2] < 0.9
    assert session.project.frame is None, "the film's own frame stays"
