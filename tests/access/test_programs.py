"""Programs and agents at the door of a studio that is really served: with a password, with a token, and with neither."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import anyio
import httpx
import pytest
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from studio.access.front import guarded_page
from studio.access.users import UserFile
from studio.client import Client, StudioError
from studio.session import Studio
from tests.api.conftest import free_port
from tests.fake_engine import FakeEngine, card
from tests.served_pages import close_page
from tests.shelves import picture

PASSWORD = "mira's password"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, quick_hashes: None) -> Iterator[str]:
    home, engine = tmp_path_factory.mktemp("served"), FakeEngine()
    known = UserFile(home)
    known.add("mira", PASSWORD)
    known.add("otto", "otto's password")
    tokens["otto"] = known.make_token("otto")
    _, page, options = guarded_page(known, home, lambda folder: Studio(folder, engine, (card(),)), agents=True)
    page.launch(**options, server_name="127.0.0.1", server_port=free_port(), prevent_thread_lock=True, quiet=True)
    try:
        yield page.local_url.rstrip("/")
    finally:
        close_page(page)


tokens: dict[str, str] = {}


def test_a_program_makes_a_film_with_a_password_and_reaches_no_other(url: str, tmp_path: Path) -> None:
    mira = Client(url, user="mira", password=PASSWORD)
    film = mira.create("Mira's")
    film.set_reference(picture(tmp_path))
    film.add_segment("a wave")
    assert list(film.generate())[-1]["state"] == "done"
    assert film.export(tmp_path / "film.mp4").stat().st_size > 100
    otto = Client(url, token=tokens["otto"])
    assert otto.films() == [] and [each["id"] for each in mira.films()] == [film.id]
    with pytest.raises(StudioError) as refused:
        otto.film(film.id)
    assert refused.value.code == "not_found"


def test_without_or_with_a_wrong_one_it_is_told_so(url: str) -> None:
    for given, told in (({}, "none was given"), ({"user": "mira", "password": "wrong"}, "is wrong"), ({"token": "x"}, "is wrong")):
        with pytest.raises(StudioError, match=told) as refused:
            Client(url, **given)
        assert refused.value.code == "login", given


def test_an_agent_needs_a_token_and_has_its_users_films(url: str) -> None:
    found: list[str] = []

    async def play() -> None:
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {tokens['otto']}"}) as http, \
                streamable_http_client(f"{url}/mcp", http_client=http) as (read, write, _), ClientSession(read, write) as session:
            await session.initialize()
            made = await session.call_tool("create", {"name": "Otto's"})
            found.append(json.loads(made.content[0].text)["id"])  # type: ignore[union-attr]

    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: anyio.run(play)).result(60)
    assert [film["id"] for film in Client(url, token=tokens["otto"]).films()] in ([], found)
    assert Client(url, token=tokens["otto"]).film(found[0]).state["name"] == "Otto's"
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        answer = httpx.post(f"{url}/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, headers=headers)
        assert answer.status_code == 401, headers
