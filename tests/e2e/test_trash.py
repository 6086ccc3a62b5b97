"""The trash in a browser: takes, a branch and a film are thrown away, restored, and deleted for good."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.project import edits
from studio.project.choices import drop_takes
from tests.e2e.conftest import Visit, faded, pictures_loaded
from tests.shelves import render_all, wait_until

pytest.importorskip("playwright.sync_api", reason="the page's tests need: pip install playwright")
from playwright.sync_api import expect

AUDIT = (Path(__file__).parent / "audit.js").read_text("utf-8")


def test_takes_and_branches_are_restored_and_deleted(desk: Visit) -> None:
    session = render_all(desk.stand.film("the sea", "the shore"))
    first, second = session.project.film()
    session.edit(edits.branch, first.id, "Night")
    session.edit(edits.drop_branch, session.project.branch)
    session.edit(drop_takes, [second.id])
    page = desk.open(session)
    page.keyboard.press("b")
    sheet = page.get_by_role("dialog", name="Trash")
    rows = sheet.locator(".bin > li")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("2 · the shore")
    expect(rows.nth(1)).to_contain_text("Night")
    pictures_loaded(sheet)
    rows.nth(1).get_by_role("button", name="Restore Night").click()
    expect(rows).to_have_count(1)
    assert [branch.name for branch in session.project.branches][-1] == "Night"
    sheet.get_by_role("button", name="Empty: Of this film").click()
    expect(sheet.locator(".asks")).to_contain_text("1 take")
    expect(sheet.locator(".asks")).to_contain_text("This cannot be undone.")
    expect(sheet.get_by_role("button", name="Keep")).to_be_focused()
    faded(page)
    assert page.evaluate(AUDIT) == []
    sheet.get_by_role("button", name="Delete for good").click()
    expect(sheet).to_contain_text("The trash is empty.")
    assert set(session.project.takes) == {first.id} and not session.store.take_folder(second.id).exists()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+z")
    wait_until(session, lambda: session.can_redo)
    expect(page.locator(".node")).to_have_count(1)


def test_a_film_is_thrown_away_with_another_tab_open_and_comes_back(phone: Visit) -> None:
    stand = phone.stand
    session, other = stand.film("the sea"), stand.film("the shore")
    session.edit(edits.rename, "Sea")
    other.edit(edits.rename, "Shore")
    page, tab = phone.open(session), phone.open(session)
    page.get_by_role("button", name="Open another film").tap()
    films = page.get_by_role("dialog", name="Films")
    pictures_loaded(films.locator(".film-line", has_text="Sea"))
    films.get_by_role("button", name="Throw “Sea” away").tap()
    for each in (page, tab):
        expect(each.locator(".notice", has_text="“Sea” is in the trash")).to_be_visible()
        expect(each.get_by_label("Film title")).to_have_value("Shore")
    page.get_by_role("button", name="Open another film").tap()
    page.get_by_role("dialog", name="Films").get_by_role("button", name="Trash").tap()
    trash = page.get_by_role("dialog", name="Trash")
    row = trash.locator(".bin > li", has_text="Sea")
    faded(page)
    assert page.evaluate(AUDIT) == []
    pictures_loaded(row)
    row.get_by_role("button", name="Restore Sea").tap()
    expect(row).to_have_count(0)
    assert stand.studio.open(session.id).project.name == "Sea"
    stand.studio.throw_away(session.id)
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    row = trash.locator(".bin > li", has_text="Sea")
    pictures_loaded(row)
    row.get_by_role("button", name="Delete Sea for good").tap()
    row.get_by_role("button", name="Delete for good", exact=True).tap()
    expect(row).to_have_count(0)
    expect(page.get_by_label("Film title")).to_have_value("Shore")
