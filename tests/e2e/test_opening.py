"""How a film comes onto the page: as a dropped file, from its address, as a sample story, from the list of films."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import expect

from studio.backbones import registry
from studio.project import edits
from studio.session import Studio
from studio.ui import page as studio_page
from tests.e2e.conftest import AUDIT, DROP, Stand, Visit, badge, serve
from tests.processes import hold_film
from tests.shelves import picture, render_all, wait_until

pytestmark = pytest.mark.slow


def test_pictures_can_be_dropped_and_pasted(stand: Stand, desk: Visit) -> None:
    session = stand.studio.create()
    page = desk.open(session)
    for name, colour in (("dropped.png", "gold"), ("pasted.png", "plum")):
        content = list(picture(stand.folder, colour).read_bytes())
        page.evaluate(DROP, [name, "image/png", content])
        expect(page.locator(".reference .file")).to_contain_text(name)
    page.evaluate(DROP, ["notes.txt", "text/plain", [104, 105]])
    expect(page.get_by_role("alert")).to_contain_text("not a picture")
    expect(page.locator(".reference .file")).to_contain_text("pasted.png")
    page.get_by_label("Remove the reference picture").click()
    expect(page.get_by_role("heading", name="A film begins with one picture.")).to_be_visible()

def test_a_film_begins_from_words_alone(stand: Stand, desk: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the model can; where it cannot any more, the page says so before anything starts."""
    session, family = stand.studio.create(), registry.FAMILIES["animatic"]
    monkeypatch.setitem(registry.FAMILIES, "animatic", replace(family, begins_from_words=True))
    page = desk.open(session)
    expect(page.get_by_role("heading", name="A film begins with a picture, or from words.")).to_be_visible()
    page.get_by_role("button", name="Begin from words alone").click()
    expect(page.locator(".reference")).to_contain_text("This film begins from words alone.")
    expect(page.locator(".stage")).to_contain_text("It begins from words alone.")
    assert page.evaluate(AUDIT) == []
    page.get_by_label("Prompt of segment 1").fill("rain on a roof")
    page.get_by_role("button", name="Generate next").click()
    expect(badge(page, 0)).to_have_text("Done")
    assert stand.engine.requests[-1].reference is None and session.project.film()[0].reference == ""
    monkeypatch.setitem(registry.FAMILIES, "animatic", family)
    session.edit(edits.rewind, None)
    expect(page.locator(".reference")).to_contain_text("Tiny begins films with a picture. Choose a reference picture")
    expect(page.get_by_role("button", name="Generate next")).to_be_disabled()
    page.keyboard.press("Control+z")
    page.evaluate(DROP, ["dropped.png", "image/png", list(picture(stand.folder, "gold").read_bytes())])
    expect(page.locator(".reference .file")).to_contain_text("dropped.png")


def test_a_project_that_was_exported_can_be_dropped(stand: Stand, desk: Visit) -> None:
    sent = render_all(stand.film("from a friend"))
    parcel = list(sent.films.export_project().read_bytes())
    shutil.rmtree(sent.folder)
    page = desk.open(stand.studio.create())
    page.evaluate(DROP, ["film.zip", "application/zip", parcel])
    expect(page.get_by_label("Prompt of segment 1")).to_have_value("from a friend")
    expect(badge(page, 0)).to_have_text("Done")


def test_the_address_of_a_film_leads_to_its_renamed_folder(stand: Stand, desk: Visit) -> None:
    session = stand.film("still here")
    session.folder.rename(session.folder.with_name("Фильм (1)"))
    for url in serve(Studio(stand.studio.home, stand.engine, stand.studio.models)):
        page = desk.open(session, url)
        expect(page.get_by_label("Prompt of segment 1")).to_have_value("still here")
        assert "%281%29" in page.url or "(1)" in page.url
    desk.complaints.clear()                                      # of the server that is gone now
    desk.requests[:] = [r for r in desk.requests if not r.startswith(url)]


def test_a_sample_story_opens(stand: Stand, desk: Visit) -> None:
    page = desk.open(stand.studio.create())
    stories = page.get_by_role("button", name=re.compile("^Open the story"))
    expect(stories.first).to_be_visible()
    name = page.locator(".sample b").first.inner_text()
    stories.first.click()
    expect(page.get_by_label("Film title")).to_have_value(name)
    expect(page.locator(".reference img")).to_be_visible()
    assert page.get_by_label("Prompt of segment 1").input_value()


def test_films_can_be_changed_without_leaving_the_page(stand: Stand, desk: Visit) -> None:
    session = stand.film("one")
    session.edit(edits.rename, "The first one")
    page = desk.open(session)
    page.get_by_role("button", name="Open another film").click()
    page.get_by_role("button", name="New film").click()
    expect(page.locator(".start")).to_be_visible()
    assert session.id not in page.url
    page.get_by_role("button", name="Open another film").click()
    page.locator(".spine", has_text="The first one").click()
    expect(page.get_by_label("Prompt of segment 1")).to_have_value("one")
    page.go_back()
    expect(page.locator(".start")).to_be_visible()


def test_a_board_that_is_lost_on_its_way_is_asked_for_again(stand: Stand, desk: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    sea, shore = stand.film("the sea"), stand.film("the shore")
    sea.edit(edits.rename, "Sea")
    shore.edit(edits.rename, "Shore")
    lost, updates = {sea.id: 1, shore.id: 1}, studio_page._updates

    async def losing(api: Any, session: Any, *rest: Any) -> AsyncIterator[dict[str, Any]]:
        """The stream of a film, of which the first board that is sent after `lost` is set does not arrive."""
        async for message in updates(api, session, *rest):
            if "board" in message and lost.get(session.id, 1) == 0:
                lost[session.id] = 1
                del message["board"]
            yield message

    monkeypatch.setattr(studio_page, "_updates", losing)
    page = desk.open(sea)
    title = page.get_by_label("Film title")
    expect(title).to_have_value("Sea")
    lost[sea.id] = 0
    sea.edit(edits.rename, "Ocean")                   # from elsewhere: no answer brings the board
    expect(title).to_have_value("Ocean")
    lost[shore.id] = 0
    page.evaluate(f"history.pushState({{}}, '', '?project={shore.id}'); dispatchEvent(new PopStateEvent('popstate'))")
    expect(title).to_have_value("Shore")
    assert lost == {sea.id: 1, shore.id: 1}


def test_a_film_that_another_studio_closes_can_be_changed(stand: Stand, desk: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studio_page, "HEARTBEAT", 0.5)
    session = stand.film("one")
    stand.studio._open.pop(session.id).store.close()  # as if this studio had not opened it yet
    with hold_film(session.folder):
        page = desk.open(session)
        following, told = page.get_by_role("button", name="Generate next"), page.get_by_text("open in another studio already")
        expect(following).to_be_disabled()
        expect(page.get_by_text("This film is open for viewing only.")).to_be_visible()
        expect(told).to_be_visible()
    expect(following).to_be_enabled()
    expect(told).to_have_count(0)
    page.get_by_label("Film title").fill("Mine now")
    page.keyboard.press("Tab")
    wait_until(session := stand.studio.open(session.id), lambda: session.project.name == "Mine now")
