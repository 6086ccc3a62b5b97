"""A preset of the artist's own, and a segment that takes over from a take, in a browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.project import edits
from tests.e2e.conftest import Stand, Visit, faded
from tests.shelves import render_all, wait_until

pytest.importorskip("playwright.sync_api", reason="the page's tests need: pip install playwright")
from playwright.sync_api import expect

AUDIT = (Path(__file__).parent / "audit.js").read_text("utf-8")


def test_a_preset_is_saved_used_and_removed(stand: Stand, desk: Visit) -> None:
    session = stand.film("one")
    page = desk.open(session)
    page.get_by_role("button", name="Preset: Draft").click()
    page.get_by_role("menuitemradio", name="Your own…").click()
    sheet = page.get_by_role("dialog", name="A preset of your own")
    expect(sheet.get_by_label("Name of the preset")).to_be_focused()
    page.keyboard.type("Night tests")
    expect(sheet.get_by_label("Guidance")).to_have_count(0)        # this model has none
    sheet.get_by_label("Denoising steps").fill("3")
    faded(page)
    assert not page.evaluate(AUDIT)
    page.keyboard.press("Tab")
    sheet.get_by_role("button", name="Save and use").click()
    wait_until(session, lambda: session.project.settings.steps == 3)
    expect(page.get_by_role("button", name="Preset: Night tests")).to_be_visible()
    page.get_by_role("button", name="Preset: Night tests").click()
    page.get_by_role("menuitemradio", name="Your own…").click()
    expect(sheet.get_by_label("Name of the preset")).to_have_value("Night tests")
    sheet.get_by_role("button", name="Remove Night tests").click()
    expect(sheet.locator(".own-presets li")).to_have_count(0)
    assert not session.presets.own() and session.project.settings.steps == 3
    assert not desk.complaints, desk.complaints


@pytest.mark.parametrize("shape", ["desk", "phone"])
def test_a_segment_takes_over_from_the_take_on_the_stage(stand: Stand, shape: str, request: pytest.FixtureRequest) -> None:
    visit: Visit = request.getfixturevalue(shape)
    session = render_all(stand.film("the sea", "the land"))
    session.edit(edits.edit_segment, 0, prompt="changed")
    page = visit.open(session)
    page.locator(".card .cell").nth(0).click()
    page.locator(".card").nth(1).locator(".opens-more").click()
    page.locator(".more-verbs:popover-open [data-verb=take_over]").click()
    sheet = page.get_by_role("dialog", name="Segment 2 takes over")
    expect(sheet.get_by_text("the sea", exact=True)).to_be_visible()
    faded(page)
    assert not page.evaluate(AUDIT)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    sheet.locator("[data-part=prompt]").click()
    wait_until(session, lambda: session.project.current().segments[1].prompt == "the sea")
    assert session.project.current().segments[1].seed == 1
    assert not visit.complaints, visit.complaints
