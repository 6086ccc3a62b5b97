"""The library in a browser: films are found, tagged, renamed, copied and thrown away, by mouse, keyboard and finger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.project import edits, film_trash
from studio.project.tags import set_tags
from studio.session import Studio
from tests.e2e.conftest import Stand, Visit, faded
from tests.e2e.test_accessibility import FINGER, TARGETS, violations
from tests.shelves import render_all, wait_until

pytest.importorskip("playwright.sync_api", reason="the page's tests need: pip install playwright")
from playwright.sync_api import expect

AUDIT = (Path(__file__).parent / "audit.js").read_text("utf-8")


@pytest.fixture(autouse=True)
def shelf_alone(stand: Stand) -> Iterator[None]:
    """An empty shelf before and after: other tests' films are not listed here, nor these elsewhere."""
    clear(stand.studio)
    yield
    clear(stand.studio)


def clear(studio: Studio) -> None:
    for summary in studio.list():
        studio.throw_away(summary.id)
    film_trash.delete(studio.home, [film.key for film in film_trash.list_trash(studio.home)])


def test_a_film_is_found_named_tagged_copied_and_thrown_away(desk: Visit) -> None:
    stand = desk.stand
    sea, shore = render_all(stand.film("the lighthouse at dusk")), stand.film("the dunes")
    sea.edit(edits.rename, "Sea")
    shore.edit(edits.rename, "Shore")
    shore.edit(set_tags, ["Sand"])
    page = desk.open(sea)
    page.keyboard.press("l")
    sheet = page.get_by_role("dialog", name="Films")
    films, find = sheet.locator(".film-line"), sheet.get_by_label("Search films")
    expect(films).to_have_count(2)
    expect(find).to_be_focused()
    page.keyboard.type("dusk light")
    expect(films).to_have_count(1)
    expect(films.first).to_contain_text("“the lighthouse at dusk”")
    expect(sheet.get_by_role("status")).to_contain_text("1 of 2 films")
    find.fill("")
    expect(films).to_have_count(2)
    sheet.get_by_role("button", name="Rename or tag “Sea”").click()
    page.get_by_label("Name", exact=True).fill("The sea")
    page.get_by_label("Tags, with commas between them").fill("Water, #Sand, ")
    page.keyboard.press("Enter")
    row = films.filter(has_text="The sea")
    expect(row).to_contain_text("#Water  #Sand")
    wait_until(sea, lambda: sea.project.tags == ("Water", "Sand") and sea.project.name == "The sea")
    expect(row.get_by_role("button", name="Rename or tag “The sea”")).to_be_focused()
    sheet.get_by_role("button", name="Water · 1").click()
    expect(films).to_have_count(1)
    sheet.get_by_role("button", name="Water · 1").click()
    sheet.get_by_label("Order").select_option("name")
    expect(films.first).to_contain_text("Shore")
    sheet.get_by_role("button", name="Duplicate “The sea”").click()
    expect(films).to_have_count(3)
    expect(films.filter(has_text="The sea (copy)").locator(".spine")).to_be_focused()
    sheet.get_by_role("button", name="Throw “Shore” away").click()
    expect(films).to_have_count(2)
    faded(page)
    assert page.evaluate(AUDIT) == []
    assert violations(page) == []
    find.fill("copy")
    expect(films).to_have_count(1)
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Film title")).to_have_value("The sea (copy)")
    assert sea.id not in page.url
    page.go_back()
    expect(page.get_by_label("Film title")).to_have_value("The sea")
    page.keyboard.press("Control+z")
    wait_until(sea, lambda: sea.project.tags == ())
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Films: the library")


def test_the_library_under_a_finger(phone: Visit) -> None:
    session = render_all(phone.stand.film("the sea"))
    session.edit(edits.rename, "A name that is far too long for a telephone, so that it has to be cut off somewhere")
    session.edit(set_tags, ["water", "night", "a rather long tag of many words"])
    page = phone.open(session)
    page.get_by_role("button", name="Open another film").tap()
    sheet = page.get_by_role("dialog", name="Films")
    expect(sheet.locator(".film-line")).to_have_count(1)
    assert page.evaluate(TARGETS, FINGER) == []
    assert sheet.evaluate("e => e.scrollWidth <= e.clientWidth")
    faded(page)
    assert page.evaluate(AUDIT) == []
    sheet.get_by_role("button", name="Rename or tag").tap()
    assert page.evaluate(TARGETS, FINGER) == []
    page.get_by_role("button", name="Cancel").tap()
    expect(sheet.get_by_role("button", name="Rename or tag")).to_be_focused()
