"""The sheet of exports in a browser: for editors, sheets, masters and another frame rate, by pointer, by keyboard and by finger."""

from __future__ import annotations

import csv
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.media.clip import probe, write_clip
from studio.project.store import CLIP
from studio.session import Session
from tests.e2e.conftest import Stand, Visit
from tests.shelves import render_all

pytest.importorskip("playwright.sync_api", reason="the page's tests need: pip install playwright")
from playwright.sync_api import expect

AUDIT = (Path(__file__).parent / "audit.js").read_text("utf-8")


def at_24(stand: Stand) -> Session:
    """A film of two segments at 24 frames a second."""
    session = render_all(stand.film("the sea", "=rain"))
    session.edit(lambda project: replace(project, clock=replace(project.clock, fps=24)))
    for take in session.project.takes:
        write_clip(session.store.take_folder(take) / CLIP, np.full((4, 48, 64, 3), 90, np.uint8), 24)
    return session


def fetched(page: Any, name: str) -> Path:
    """The file that a button brings, under the name that it is saved as."""
    with page.expect_download() as waiting:
        page.get_by_role("button", name=name, exact=True).click()
    path = waiting.value.path()
    return Path(path.rename(path.with_name(f"{path.name}-{waiting.value.suggested_filename}")))


def test_for_editors_and_sheets(stand: Stand, desk: Visit) -> None:
    page = desk.open(at_24(stand))
    page.get_by_role("button", name="Export").click()
    sheet = page.get_by_role("dialog", name="Export")
    assert sheet.locator("h3").all_inner_texts() == ["Film", "For editors", "Sheets", "The take on the stage", "The whole project"]
    for name, ending in (("OpenTimelineIO", ".otio"), ("Final Cut XML", ".xml"), ("EDL", ".edl")):
        with zipfile.ZipFile(fetched(page, name)) as archive:
            names = archive.namelist()
            assert names[0] == f"A-film/A-film{ending}" and len([each for each in names if "/segments/" in each]) == 2
        expect(sheet.get_by_role("status")).to_contain_text("Done: A-film-")
    with fetched(page, "Shot list as CSV").open(encoding="utf-8-sig", newline="") as file:
        assert [row["prompt"] for row in csv.DictReader(file)] == ["the sea", "'=rain"]
    page.get_by_label("Paper").select_option("Letter")
    assert b"/MediaBox [0 0 612.00 792.00]" in fetched(page, "Storyboard as PDF").read_bytes()
    assert fetched(page, "Contact sheet as PNG").read_bytes().startswith(b"\x89PNG")
    assert page.evaluate(AUDIT) == []


def test_masters_and_another_rate_by_keyboard(stand: Stand, desk: Visit) -> None:
    page = desk.open(at_24(stand))
    page.get_by_role("button", name="Export").focus()
    page.keyboard.press("Enter")
    rate, how = page.get_by_label("Frame rate"), page.get_by_label("Frames in between")
    assert rate.locator("option").all_inner_texts() == ["24, as it is", "25", "30"]
    expect(how).to_be_hidden()
    rate.focus()
    page.keyboard.press("End")
    expect(how).to_be_visible()
    expect(page.get_by_text("The film lasts as long as before")).to_be_visible()
    how.select_option("blend")
    film = probe(fetched(page, "Film as MP4"))
    assert (film.fps, film.frames) == (30, 10)
    page.get_by_text("Masters and pictures").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Number of the first picture").fill("86400")
    with zipfile.ZipFile(fetched(page, "Pictures as ZIP")) as archive:
        assert archive.namelist()[::7] == ["A-film/A-film.86400.png", "A-film/A-film.86407.png"]
    assert fetched(page, "ProRes").name.endswith("A-film.mov") and fetched(page, "FFV1").name.endswith("A-film.mkv")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Export")).to_be_focused()


def test_what_a_film_cannot_have_is_said_beside_it(stand: Stand, phone: Visit) -> None:
    page = phone.open(render_all(stand.film("the sea")))
    page.get_by_role("button", name="Export").tap()
    for name, enabled in (("EDL", False), ("Final Cut XML", False), ("OpenTimelineIO", True), ("Shot list as CSV", True)):
        expect(page.get_by_role("button", name=name)).to_be_enabled(enabled=enabled)
    expect(page.get_by_text("An EDL holds 24, 25 or 30 frames a second, and this film has 12.")).to_be_visible()
    assert page.evaluate("document.querySelector('dialog').scrollWidth <= document.querySelector('dialog').clientWidth")


def test_without_a_film_only_the_project_can_be_exported(stand: Stand, desk: Visit) -> None:
    page = desk.open(stand.film("nothing made yet"))
    page.get_by_role("button", name="Export").click()
    buttons = page.locator(".makes:enabled")
    expect(buttons).to_have_count(1)
    expect(buttons).to_have_text("Project as ZIP")
