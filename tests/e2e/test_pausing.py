"""Pausing in a browser: the buttons, what the page says, and the choice that a film goes on after a restart."""

from __future__ import annotations

import threading

import pytest

from studio.engine.rates import Rate
from tests.e2e.conftest import Visit
from tests.shelves import wait_for_job, wait_until

pytest.importorskip("playwright.sync_api", reason="the page's tests need: pip install playwright")
from playwright.sync_api import expect


def test_pause_and_resume(desk: Visit) -> None:
    stand = desk.stand
    session = stand.film("the sea", "the shore", sections=3)
    stand.engine.gate = threading.Semaphore(4 + 1)
    page = desk.open(session)
    page.get_by_role("button", name="Generate all").click()
    wait_until(session, lambda: bool(session.job and (session.job.section, session.job.step) == (1, 1)))
    goes_on = page.get_by_label("Go on after a restart")
    goes_on.check()
    wait_until(session, lambda: session.project.go_on)
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.locator(".deck .status")).to_contain_text("pausing after this section")
    stand.engine.gate = None
    assert wait_for_job(session).state == "paused"
    expect(page.locator(".deck .status")).to_have_text("Paused. Left: segment 1 from section 3 of 3, 2 takes")
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    page.get_by_role("button", name="Resume").focus()
    page.keyboard.press("Control+Enter")
    wait_until(session, lambda: bool(session.job and session.job.state == "done"))
    expect(page.get_by_role("button", name="Resume")).to_be_hidden()
    assert [t.sections for t in session.project.film()] == [3, 3]


def test_a_key_pauses_and_resumes_but_not_while_typing(desk: Visit) -> None:
    stand = desk.stand
    session = stand.film("the sea", "the shore", sections=3)
    stand.engine.gate = threading.Semaphore(4 + 1)
    page = desk.open(session)
    page.get_by_role("button", name="Generate all").click()
    wait_until(session, lambda: bool(session.job and (session.job.section, session.job.step) == (1, 1)))
    title = page.get_by_label("Film title")
    title.fill("Sho")
    title.press("p")
    expect(title).to_have_value("Shop")
    assert session.job and session.job.doing != "pausing"
    title.blur()
    page.keyboard.press("p")
    expect(page.locator(".deck .status")).to_contain_text("pausing after this section")
    stand.engine.gate = None
    assert wait_for_job(session).state == "paused"
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    page.keyboard.press("p")
    wait_until(session, lambda: bool(session.job and session.job.state == "done"))
    assert [t.sections for t in session.project.film()] == [3, 3]
    page.keyboard.press("?")
    expect(page.get_by_text("Pause after this section; resume")).to_be_visible()


def test_a_film_that_waits_says_its_place_and_for_how_long(phone: Visit) -> None:
    stand = phone.stand
    first, session = stand.film("the sea", "the shore"), stand.film("the land")
    stand.engine.gate = threading.Semaphore(0)
    stand.engine.rates.record("tiny", (64, 48), Rate(step=30, rest=0, size=1))
    first.jobs.generate_all()
    page = phone.open(session)
    page.get_by_role("button", name="Generate next").click()
    status = page.locator(".deck .status")
    expect(status).to_have_text("1 film before yours · about 4 min until it begins")
    shown = status.bounding_box()
    assert shown and shown["x"] >= 0 and shown["x"] + shown["width"] <= page.viewport_size["width"], shown
    first.jobs.cancel()
    stand.engine.gate = None
    assert wait_for_job(session).state == "done"
    stand.engine.rates._rates.clear()
