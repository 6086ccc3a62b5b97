"""Drift in a browser: lines and a table of a film that blurs, the suggestion by keyboard and by finger."""

from __future__ import annotations

import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from studio.media.clip import write_clip
from studio.project.model import Retries, Take
from studio.project.store import CLIP
from studio.session import Session
from studio.session.looks import Looks, MeasuredLook
from tests.e2e.conftest import Stand, Visit
from tests.shelves import render_all, wait_for_job, wait_until

pytest.importorskip("playwright.sync_api", reason="the page's tests need: pip install playwright")
from playwright.sync_api import expect

AUDIT = (Path(__file__).parent / "audit.js").read_text("utf-8")
PICTURE = Path(__file__).parents[2] / "assets" / "examples" / "sea" / "sea.jpg"
RED, BLUE = (220, 20, 20), (20, 20, 220)


def blurring(stand: Stand, *amounts: float) -> Session:
    """A film whose takes show one picture, blurred so much."""
    session = render_all(stand.film(*(f"wave {n}" for n in range(1, len(amounts) + 1))))
    sea = np.asarray(Image.open(PICTURE).convert("RGB").resize((320, 192)))
    for take, amount in zip(session.project.path(), amounts, strict=True):
        frame = cv2.GaussianBlur(sea, (0, 0), amount) if amount else sea
        write_clip(session.store.take_folder(take.id) / CLIP, np.stack([frame] * 4), 12)
    return session


def test_lines_table_and_a_rewind_by_keyboard(stand: Stand, desk: Visit) -> None:
    session = blurring(stand, 0, 0, 0.6, 0.9, 1.3)
    page = desk.open(session)
    opener = page.get_by_role("button", name="Drift: Sharpness has fallen")
    expect(opener).to_have_attribute("aria-expanded", "false")
    opener.focus()
    page.keyboard.press("Enter")
    panel = page.get_by_role("region", name="Drift", exact=True)
    expect(panel).to_be_visible()
    assert page.locator(".drift svg path.drift-line[d]").count() >= 4
    columns = panel.locator(".drift-columns button")
    expect(columns).to_have_count(5)
    columns.nth(4).focus()
    page.keyboard.press("ArrowLeft")
    expect(columns.nth(3)).to_be_focused()
    expect(panel.locator(".drift-legend")).to_contain_text("Segment 4")
    label = columns.nth(3).get_attribute("aria-label") or ""
    assert label.startswith("Segment 4: sharpness ") and "edges" in label
    page.keyboard.press("Enter")
    expect(page.locator(".stage figcaption").first).to_have_text("4 · wave 4")
    assert page.evaluate(AUDIT) == []
    panel.get_by_role("button", name="Table", exact=True).click()
    rows = panel.locator("tbody tr")
    expect(rows).to_have_count(5)
    assert rows.nth(0).inner_text().split("\t")[:4] == ["1", "100 %", "100 %", "100 %"]
    assert page.evaluate(AUDIT) == []
    panel.get_by_role("button", name="Rewind to segment 2").click()
    wait_until(session, lambda: session.project.head == session.project.path()[1].id)
    expect(panel.get_by_role("button", name="Rewind to segment")).to_be_hidden()
    expect(page.get_by_role("button", name="Drift", exact=True)).to_be_visible()


def test_clicks_do_not_wait_for_measuring(stand: Stand, desk: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each rewind asks for the drift again; a browser has six connections to a studio, and one of them is for clicks."""
    session, measured, asked = blurring(stand, 0, 0.3, 0.6), threading.Event(), 0

    def measure(self: Looks, take: Take) -> MeasuredLook:
        nonlocal asked
        asked += 1
        assert measured.wait(30)
        return own(self, take)

    own = Looks.of
    monkeypatch.setattr(Looks, "of", measure)
    page = desk.open(session)
    for number in (1, 2, 1, 2, 1, 2, 1):
        page.locator(f".card:nth-child({number}) [data-verb=rewind]").click()
        expect(page.locator(f".card:nth-child({number})")).to_have_attribute("aria-current", "step")
    assert asked == 1
    measured.set()
    expect(page.get_by_role("button", name="Drift")).to_be_visible()
    wait_until(session, lambda: asked == 2 * len(session.project.path()))


def test_on_a_phone(stand: Stand, phone: Visit) -> None:
    session = blurring(stand, 0, 0.7, 1.2)
    first = session.project.path()[0]
    (session.store.take_folder(session.project.path()[1].id) / CLIP).unlink()
    page = phone.open(session)
    page.get_by_role("button", name="Drift").tap()
    panel = page.get_by_role("region", name="Drift", exact=True)
    panel.locator(".drift-columns button").nth(1).tap()
    expect(panel.locator(".drift-legend")).to_contain_text("The clip of this take is missing")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(AUDIT) == []
    expect(panel.get_by_role("button", name="Rewind to segment")).to_be_hidden()      # two takes are no trend
    assert session.project.path()[0] == first


def test_retries_are_set_before_there_is_a_take_and_followed(stand: Stand, desk: Visit) -> None:
    session = stand.film("one", "two")
    page = desk.open(session)
    page.get_by_role("button", name="Drift", exact=True).click()
    panel = page.get_by_role("region", name="Drift", exact=True)
    expect(panel.get_by_text("With two takes or more")).to_be_visible()
    times = panel.get_by_label("Retries of a take")
    expect(times).to_have_value("0")
    expect(panel.get_by_label("Threshold of retries, in percent")).to_be_hidden()
    times.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    wait_until(session, lambda: session.project.retries.times == 2)
    threshold = panel.get_by_label("Threshold of retries, in percent")
    threshold.fill("90")
    threshold.press("Enter")
    panel.get_by_label("Measure that retries go by").select_option("palette")
    wait_until(session, lambda: session.project.retries == Retries(2, "palette", 0.9))
    assert page.evaluate(AUDIT) == []
    threshold.fill("700")                                       # moved to the nearest that there is
    threshold.press("Enter")
    wait_until(session, lambda: session.project.retries.threshold == 0.99)
    expect(threshold).to_have_value("99")
    stand.engine.gate = threading.Semaphore(4 + 4 + 2)
    stand.engine.colours = [RED, BLUE]        # two of chance are alike once in 200 times, and nothing is tried again
    page.get_by_role("button", name="Generate all").click()
    expect(page.locator(".deck .status")).to_contain_text("retry 1 of 2")
    page.keyboard.press("Escape")
    wait_until(session, lambda: session.job is not None and (session.job.doing == "stopping" or session.job.state == "cancelled"))
    stand.engine.gate = None
    assert wait_for_job(session).state == "cancelled"
    assert len(session.project.path()) == 2 and len(session.project.takes) == 2
    stand.engine.colours = [BLUE] * 3
    page.get_by_role("button", name="Retake").nth(1).click()
    wait_until(session, lambda: bool(session.job and session.job.state == "done"))
    assert len(session.project.takes) == 2 + 3, "the new take and two retries"
