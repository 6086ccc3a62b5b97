"""Pins and forgotten places in a browser: painted by pointer, keys and finger, pinned and unpinned, and why there are none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.catalogue.cards import ADAPTER, RECALL, ModelFile
from studio.engine import take_folder
from studio.media.picture import save_map
from studio.project import edits
from studio.session import Session, Studio
from tests.e2e.conftest import Stand, Visit, faded, serve, visit
from tests.fake_engine import FakeEngine
from tests.lora_shelves import model
from tests.shelves import render_all, wait_for_job, wait_until
from tests.test_session_memory_edits import readable

pytest.importorskip("playwright.sync_api", reason="the page's tests need: pip install playwright")
pytest.importorskip("axe_playwright_python", reason="the page's tests need: pip install axe-playwright-python")
from playwright.sync_api import expect

from tests.e2e.test_accessibility import FINGER, TARGETS, violations

AUDIT = (Path(__file__).parent / "audit.js").read_text("utf-8")
SMALL, LARGE = (320, 192), (640, 384)
PART = {"rows": 32, "columns": 64, "left": -10.5, "top": -6.5, "width": 20, "height": 12}


@pytest.fixture(scope="module")
def atelier(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    folder = tmp_path_factory.mktemp("edits")
    engine = FakeEngine()
    files = tuple(ModelFile(name, 1, "0" * 64) for name in (ADAPTER, RECALL))
    studio = Studio(folder / "projects", engine, (model(folder, files=files, sizes=(SMALL, LARGE)),))
    studio.home.mkdir()
    for url in serve(studio):
        yield Stand(url, studio, engine, folder)


@pytest.fixture
def desk(atelier: Stand, chromium: Any) -> Iterator[Visit]:
    yield from visit(atelier, chromium)


@pytest.fixture
def phone(atelier: Stand, chromium: Any) -> Iterator[Visit]:
    screen = {"width": 390, "height": 844}
    yield from visit(atelier, chromium, viewport=screen, has_touch=True, is_mobile=True, reduced_motion="reduce")


def mapped(stand: Stand) -> Session:
    """A film of one take whose memory is a map, and a segment to come."""
    session = render_all(stand.film("the harbour"))
    session.edit(edits.add_segment, prompt="the ship", seed=1)
    folder = session.folder / "takes" / session.project.film()[0].id
    take_folder.write_map(folder, PART)
    shade = np.linspace(40, 220, SMALL[0]).astype(np.uint8)[None, :, None].repeat(SMALL[1], 0).repeat(3, 2)
    save_map(shade, np.ones(shade.shape[:2], np.float32), (80, 48, 240, 144), folder / take_folder.MEMORY)
    session.notify()
    return session


@pytest.fixture(scope="module")
def archive(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """A studio whose model keeps what every section wrote."""
    folder = tmp_path_factory.mktemp("sections")
    engine = FakeEngine()
    studio = Studio(folder / "projects", engine, (readable(folder),))
    studio.home.mkdir()
    for url in serve(studio):
        yield Stand(url, studio, engine, folder)


@pytest.fixture
def archive_desk(archive: Stand, chromium: Any) -> Iterator[Visit]:
    yield from visit(archive, chromium)


def forgotten(session: Session) -> tuple[int, ...]:
    return session.project.current().segments[1].forget


def test_places_are_painted_and_a_take_is_pinned(atelier: Stand, desk: Visit) -> None:
    session = mapped(atelier)
    page = desk.open(session)
    page.get_by_role("button", name="Pin and forget").click()
    sheet = page.get_by_role("dialog", name="Pin and forget")
    canvas = sheet.get_by_role("application")
    faded(page)
    assert page.evaluate(AUDIT) == [] == violations(page)
    box = canvas.bounding_box()
    cell = box["width"] / 20
    page.mouse.move(box["x"] + 2.5 * cell, box["y"] + 2.5 * cell)
    page.mouse.down()
    page.mouse.move(box["x"] + 6.5 * cell, box["y"] + 2.5 * cell)
    page.mouse.up()
    wait_until(session, lambda: bool(forgotten(session)))
    # The picture's corner is the corner of cell (-10, -6), so the stroke goes along row -4, from column -8 to column -4.
    rows = {-5: range(-8, -3), -4: range(-9, -2), -3: range(-8, -3)}
    along = {row % 32 * 64 + column % 64 for row, columns in rows.items() for column in columns}
    assert set(forgotten(session)) == along
    expect(sheet.get_by_role("status")).to_contain_text(f"{len(along)} places are forgotten before segment 2.")
    canvas.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    wait_until(session, lambda: len(forgotten(session)) == len(along) + 5)
    expect(sheet.get_by_role("status")).to_contain_text("Column 12, row 7: forgotten.")
    sheet.get_by_role("button", name="Keep", exact=True).click()
    page.mouse.click(box["x"] + 4.5 * cell, box["y"] + 2.5 * cell)
    wait_until(session, lambda: len(forgotten(session)) == len(along))
    sheet.get_by_role("button", name="Pin the take of segment 1").click()
    expect(sheet.get_by_role("list", name="Pinned takes").get_by_role("listitem")).to_contain_text("Segment 1 · the harbour")
    faded(page)
    assert page.evaluate(AUDIT) == [] == violations(page)
    first = session.project.film()[0].id
    assert session.project.pins == (first,)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name=f"Pin and forget · 1 pinned · {len(along)} forgotten")).to_be_visible()
    session.jobs.generate_next()
    wait_for_job(session)
    request = atelier.engine.requests[-1]
    assert len(request.forget) == len(along) and [pin.take.name for pin in request.pins] == [first]
    node = page.get_by_role("treeitem").nth(1)
    expect(node).to_have_attribute("title", re.compile(f"seed 1 · with 1 pinned take · {len(along)} places forgotten"))
    page.get_by_role("button", name="Pin and forget").click()
    expect(sheet).to_contain_text("its map is gone")
    sheet.get_by_role("button", name="Unpin the take of segment 1, the harbour").click()
    wait_until(session, lambda: session.project.pins == ())
    page.keyboard.press("Escape")
    page.keyboard.press("Control+z")
    wait_until(session, lambda: session.project.pins == (first,))


def test_forgetting_nothing(atelier: Stand, desk: Visit) -> None:
    session = mapped(atelier)
    session.memory_edits.forget(1, [5, 6])
    page = desk.open(session)
    page.get_by_role("button", name="Pin and forget").click()
    sheet = page.get_by_role("dialog", name="Pin and forget")
    expect(sheet.get_by_role("status")).to_contain_text("2 places are forgotten")
    sheet.get_by_role("button", name="Forget nothing").click()
    wait_until(session, lambda: forgotten(session) == ())
    expect(sheet.get_by_role("status")).to_contain_text("Nothing is forgotten.")


def test_a_large_film_says_why_not(atelier: Stand, desk: Visit) -> None:
    session = atelier.film("the harbour")
    session.set_size(LARGE)
    page = desk.open(render_all(session))
    page.get_by_role("button", name="Pin and forget").click()
    sheet = page.get_by_role("dialog", name="Pin and forget")
    expect(sheet).to_contain_text("whole picture and does not change")
    expect(sheet.get_by_role("application")).to_have_count(0)


def test_takes_are_pinned_and_forgotten_where_every_section_is_kept(archive: Stand, archive_desk: Visit) -> None:
    session = render_all(archive.film("the harbour", "the ship"))
    second = session.project.film()[1]
    page = archive_desk.open(session)
    page.get_by_role("button", name="Pin and forget").click()
    sheet = page.get_by_role("dialog", name="Pin and forget")
    expect(sheet).to_contain_text("This memory keeps what every section wrote")
    expect(sheet.get_by_role("application")).to_have_count(0)
    sheet.get_by_role("button", name="Forget the take of segment 2").click()
    expect(sheet.get_by_role("list", name="Forgotten takes").get_by_role("listitem")).to_contain_text("Segment 2 · the ship")
    faded(page)
    assert page.evaluate(AUDIT) == [] == violations(page)
    assert session.project.forgotten == (second.id,)
    sheet.get_by_role("button", name="Pin the take of segment 2").click()
    expect(sheet.get_by_role("list", name="Pinned takes").get_by_role("listitem")).to_contain_text("Segment 2 · the ship")
    wait_until(session, lambda: (session.project.pins, session.project.forgotten) == ((second.id,), ()))
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Pin and forget · 1 pinned")).to_be_visible()
    page.keyboard.press("Control+z")
    wait_until(session, lambda: session.project.forgotten == (second.id,))
    expect(page.get_by_role("button", name="Pin and forget · 1 forgotten")).to_be_visible()
    page.get_by_role("button", name="Pin and forget").click()
    sheet.get_by_role("button", name="Remember the take of segment 2, the ship").click()
    wait_until(session, lambda: session.project.forgotten == ())


def test_by_finger(atelier: Stand, phone: Visit) -> None:
    session = mapped(atelier)
    page = phone.open(session)
    page.get_by_role("button", name="Pin and forget").tap()
    box = page.get_by_role("application").bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    wait_until(session, lambda: len(forgotten(session)) == 5)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Pin the take of segment 1").tap()
    page.get_by_role("list", name="Pinned takes").get_by_role("listitem").wait_for()
    assert page.evaluate("document.querySelector('dialog[open]').scrollWidth <= document.querySelector('dialog[open]').clientWidth")
    assert page.evaluate(TARGETS, FINGER) == []
    assert page.evaluate(AUDIT) == []
