"""Logging in and out in a browser: one password, the film that was asked for, and the session that ends while the page is open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from studio.access.access import Access
from studio.access.door import Door
from studio.access.front import guarded_page
from studio.access.users import UserFile
from studio.session import Studio
from tests.api.conftest import free_port
from tests.e2e.conftest import WAIT, Browser
from tests.fake_engine import FakeEngine, card
from tests.served_pages import close_page

pytestmark = pytest.mark.e2e


@pytest.fixture
def guarded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Access]]:
    monkeypatch.setattr("studio.access.passwords.SLOW_SECONDS", 0.0)
    users, engine = UserFile(tmp_path), FakeEngine()
    users.add("mira", "a long password")
    _, page, options = guarded_page(users, tmp_path, lambda home: Studio(home, engine, (card(),)))
    page.launch(**options, server_name="127.0.0.1", server_port=free_port(), prevent_thread_lock=True, quiet=True)
    (access,) = (each.kwargs["access"] for each in options["app_kwargs"]["middleware"] if each.cls is Door)
    try:
        yield page.local_url, access
    finally:
        close_page(page)


def log_in(page: Any, password: str) -> None:
    page.get_by_label("Name").fill("mira")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def choose_another_password(page: Any, access: Access) -> None:
    """On the sheet: what is wrong is a sentence on it, and afterwards this page goes on, and no other session."""
    elsewhere = access.sessions.begin(access.users.find("mira"))  # type: ignore[arg-type]
    page.get_by_role("button", name="mira", exact=True).click()
    page.get_by_role("menuitem", name="Change the password").click()
    for old, new, again, said in (
        ("a wrong password", "the next password", "the next password", "not your present password"),
        ("a long password", "short", "short", "8 to 1024 characters"),
        ("a long password", "the next password", "the next passwort", "not written the same"),
    ):
        page.get_by_label("Present password").fill(old)
        page.get_by_label("New password", exact=True).fill(new)
        page.get_by_label("New password again").fill(again)
        page.get_by_role("button", name="Change the password").click()
        page.get_by_role("alert").filter(has_text=said).wait_for()
    page.get_by_label("New password again").fill("the next password")
    page.keyboard.press("Enter")
    page.get_by_text("Your password was changed").wait_for()
    assert access.sessions.user(elsewhere) is None and not page.locator("dialog").count()
    page.get_by_label("Film title").fill("Goes on")
    page.get_by_label("Film title").blur()
    page.wait_for_function("document.title.startsWith('Goes on')")


def test_a_user_logs_in_and_out_and_is_asked_again_when_the_session_has_ended(
    guarded: tuple[str, Access], chromium: Browser
) -> None:
    url, access = guarded
    page = chromium.profile(viewport={"width": 390, "height": 844}).new_page()
    page.set_default_timeout(WAIT)
    page.goto(f"{url}?project=nothing")
    log_in(page, "a wrong password")
    assert "do not belong together" in page.get_by_role("alert").inner_text()
    log_in(page, "a long password")
    page.locator(".start:visible").wait_for()
    film = page.url
    assert "project=" in film and "nothing" not in film, "a film that is not there is told, and the last one shown"
    page.get_by_role("button", name="mira", exact=True).click()
    page.get_by_role("menuitem", name="Log out").click()
    page.get_by_label("Password").wait_for()
    page.goto(film)
    log_in(page, "a long password")
    page.locator(".start:visible").wait_for()
    assert page.url == film
    choose_another_password(page, access)
    access.sessions._sessions.clear()
    page.get_by_label("Film title").fill("Ended")
    page.get_by_label("Password").wait_for()
    assert page.url.startswith(f"{url}login?project=")
    page.close()
