"""A blind vote in a browser: nothing tells which take is which, keys vote, the table and its file say what came of it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from studio.project import edits
from studio.session import Session
from tests.e2e.conftest import Stand, Visit
from tests.shelves import render_all, wait_for_job, wait_until

pytest.importorskip("playwright.sync_api", reason="the page's tests need: pip install playwright")
from playwright.sync_api import expect

AUDIT = (Path(__file__).parent / "audit.js").read_text("utf-8")
# What can be read, heard or pointed at in the sheet: texts, labels and tooltips.
WORDS = """() => { const sheet = document.querySelector('dialog'); return [sheet, ...sheet.querySelectorAll('*')].map((e) =>
  [e.innerText, e.title, e.ariaLabel, e.alt].filter(Boolean).join(' ')).join(' '); }"""
SHOWN = "[...document.querySelectorAll('dialog video')].map((v) => v.src.match(/takes.([0-9a-f]+)/)[1])"


def two_takes(stand: Stand) -> Session:
    session = render_all(stand.film("a lighthouse in fog", sections=3))
    session.edit(edits.rename_branch, session.project.branch, "Foggy")
    session.jobs.retake(str(session.project.head))
    wait_for_job(session)
    return session


def voting(page: Any) -> Any:
    page.get_by_role("button", name="Blind vote").click()
    sheet = page.get_by_role("dialog", name="Blind vote")
    expect(sheet.get_by_text("1 pair to compare")).to_be_visible()
    sheet.get_by_role("button", name="Begin voting").click()
    page.wait_for_function("[...document.querySelectorAll('dialog video')].filter((v) => v.readyState >= 2).length === 2")
    return sheet


def test_a_vote_from_the_first_pair_to_the_file(stand: Stand, desk: Visit) -> None:
    session = two_takes(stand)
    desk.moves = True
    page = desk.open(session)
    sheet = voting(page)
    takes = list(session.project.takes.values())
    spoken = page.evaluate(WORDS)
    for name in ("lighthouse", "Foggy", "Branch 2", "seed", str(takes[1].segment.seed), *(take.id for take in takes)):
        assert name not in spoken, name
    behind = page.evaluate("getComputedStyle(document.querySelector('dialog'), '::backdrop').backgroundColor")
    assert behind.startswith("rgb("), "the page behind, which knows the names, is covered"
    page.wait_for_function("[...document.querySelectorAll('dialog video')].every((v) => !v.paused && v.currentTime > 0)")
    assert page.evaluate("document.querySelector('.stage video').paused"), "nothing else plays"
    assert page.evaluate(AUDIT) == []
    favourite = takes[0].id
    for count in range(1, 7):
        left, right = page.evaluate(SHOWN)
        assert {left, right} == {take.id for take in takes}
        page.keyboard.press("ArrowDown" if count == 6 else "ArrowLeft" if left == favourite else "ArrowRight")
        expect(sheet.get_by_text(f"{count} vote{'s' if count > 1 else ''} in this sitting.")).to_be_visible()
    assert [vote.result for vote in session.project.votes][5] == "alike" and len(session.project.votes) == 6
    won = [vote.left if vote.result == "left" else vote.right for vote in session.project.votes[:5]]
    assert won == [favourite] * 5
    left, _ = page.evaluate(SHOWN)
    sheet.get_by_role("button", name="Right is better" if left == favourite else "Left is better").click()
    expect(sheet.get_by_text("7 votes in this sitting.")).to_be_visible()
    sheet.get_by_role("button", name="Take back the last vote").click()
    expect(sheet.get_by_text("6 votes in this sitting.")).to_be_visible()
    page.keyboard.press("Space")
    page.wait_for_function("[...document.querySelectorAll('dialog video')].every((v) => v.paused)")

    sheet.get_by_role("button", name="Finish").click()
    first = sheet.locator("tbody tr").first.locator("td")
    expect(first.nth(0)).to_have_text("1")
    assert [first.nth(at).inner_text() for at in (1, 2, 5, 6, 7, 8)] == ["0", "Foggy", "6", "5", "0", "1"]
    assert int(first.nth(3).inner_text()) > 1550
    assert page.evaluate(AUDIT) == []
    with page.expect_download() as waiting:
        sheet.get_by_role("button", name="Table as CSV").click()
    with waiting.value.path().open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["take"] for row in rows] == [favourite, takes[1].id] and rows[0]["branch"] == "Foggy"
    assert float(rows[0]["low"]) < float(rows[0]["elo"]) < float(rows[0]["high"])

    sheet.get_by_role("button", name="Two branches").click()
    expect(sheet.locator("th").first).to_have_text("Branch")
    assert sorted(sheet.locator("tbody td:first-child").all_inner_texts()) == ["Branch 2", "Foggy"]
    sheet.get_by_label("The other branch").select_option(label="Branch 2")
    expect(sheet.get_by_text("Choose two different branches.")).to_be_visible()
    expect(sheet.get_by_role("button", name="Begin voting")).to_be_disabled()
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    page.keyboard.press("Control+z")
    wait_until(session, lambda: len(session.project.votes) == 7)        # the vote that was taken back is there again


def test_on_a_phone(stand: Stand, phone: Visit) -> None:
    session = two_takes(stand)
    page = phone.open(session)
    sheet = voting(page)
    assert page.evaluate("[...document.querySelectorAll('dialog video')].every((v) => v.paused)"), "no motion is wanted"
    sheet.get_by_role("button", name="Play", exact=True).tap()
    page.wait_for_function("[...document.querySelectorAll('dialog video')].every((v) => !v.paused)")
    _, lower = page.evaluate(SHOWN)
    for name in ("Upper", "Alike", "Lower", "Finish"):
        expect(sheet.get_by_role("button", name=name, exact=True)).to_be_in_viewport(ratio=1)
    sheet.get_by_role("button", name="Lower", exact=True).tap()
    wait_until(session, lambda: len(session.project.votes) == 1)
    (vote,) = session.project.votes
    assert vote.result == "right" and vote.right == lower
    sheet.get_by_role("button", name="Finish").tap()
    expect(sheet.locator("tbody tr")).to_have_count(2)
    assert page.evaluate("document.querySelector('dialog').scrollWidth <= document.querySelector('dialog').clientWidth")
    assert page.evaluate(AUDIT) == []


def test_without_two_takes_of_a_segment_there_is_nothing_to_vote_on(stand: Stand, desk: Visit) -> None:
    page = desk.open(render_all(stand.film("one", "two")))
    expect(page.get_by_role("button", name="Blind vote")).to_be_disabled()
