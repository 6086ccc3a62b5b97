"""Undo after a restart, in a browser, with two tabs."""

from __future__ import annotations

import pytest

from studio.project import edits
from tests.e2e.conftest import Visit
from tests.shelves import wait_until

pytest.importorskip("playwright.sync_api", reason="the page's tests need: pip install playwright")
from playwright.sync_api import expect


def test_what_was_written_before_a_restart_is_undone_after_it(desk: Visit) -> None:
    studio = desk.stand.studio
    session = desk.stand.film("the sea")
    session.edit(edits.edit_segment, 0, prompt="the shore")
    session.store.close()                                   # as when the program ends
    del studio._open[session.id]
    page, other = desk.open(session), desk.open(session)
    words = page.locator(".card").first.locator("textarea")
    expect(words).to_have_value("the shore")
    page.keyboard.press("Control+z")
    expect(words).to_have_value("the sea")
    expect(other.locator(".card").first.locator("textarea")).to_have_value("the sea")
    other.keyboard.press("Control+Shift+z")
    expect(words).to_have_value("the shore")
    again = studio.open(session.id)
    wait_until(again, lambda: again.project.current().segments[0].prompt == "the shore")
