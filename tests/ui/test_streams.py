"""The stream that brings a film's changes to a page: what it sends and when, and in which words."""

from __future__ import annotations

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from gradio import utils as gradio_utils

from studio.language import localize, sentence
from studio.project import edits
from studio.ui import page
from studio.ui.api import PageApi
from tests.shelves import make_film, make_studio, wait_for_job


def screens(studio: Any, session: Any, count: int, between: Any) -> list[dict[str, Any]]:
    """The first `count` screens; `between(i)` is called after the i-th."""

    async def collect() -> list[dict[str, Any]]:
        seen: list[dict[str, Any]] = []
        async for screen in page._updates(PageApi(studio, (), Path()), session, lambda: len(seen) < count, asyncio.Event()):
            seen.append(screen)
            between(len(seen))
        return seen

    # In a thread of its own: a browser test before this one may have left a loop running in this one.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(asyncio.wait_for(collect(), 20))).result()


def test_a_page_hears_of_every_change_and_of_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "HEARTBEAT", 0.2)
    studio = make_studio(tmp_path)
    session = make_film(studio, "one")
    changes = {1: lambda: session.edit(edits.rename, "Other"), 2: session.jobs.generate_next}
    seen = screens(studio, session, 2, lambda i: changes.get(i, lambda: None)())
    assert [s["board"]["name"] for s in seen] == ["A film", "Other"]
    wait_for_job(session)
    first, *rest = screens(studio, session, 3, lambda i: None)
    assert first["live"]["job"]["state"] == "done" and first["live"]["project"] == session.id
    assert all("board" not in s for s in rest) and [s["live"]["beat"] for s in rest] == [2, 3]


def test_a_change_wakes_the_stream_and_so_does_another_film(tmp_path: Path) -> None:
    """The heartbeat is seconds away; a change is sent at once, and a stream that nobody wants ends at once."""
    studio = make_studio(tmp_path)
    session, api = make_film(studio, "one"), PageApi(studio, (), tmp_path)

    async def follow() -> list[str]:
        bell, wanted, names = asyncio.Event(), [True], []
        async for screen in page._updates(api, session, lambda: bool(wanted), bell):
            names.append(screen["board"]["name"])
            if len(names) == 1:
                asyncio.get_running_loop().call_later(0.1, lambda: session.edit(edits.rename, "Other"))
            else:
                wanted.clear()
                bell.set()
        return names

    with ThreadPoolExecutor(1) as thread:
        names = thread.submit(lambda: asyncio.run(asyncio.wait_for(follow(), page.HEARTBEAT / 2))).result()
    assert names == ["A film", "Other"]


def test_a_change_makes_one_board_for_all_who_see_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer of who changed the film, and the streams of the pages that show it; a page that is opened gets its own."""
    studio = make_studio(tmp_path)
    session, api, made = make_film(studio, "one"), PageApi(studio, (), tmp_path), list[int]()
    draw = page.views.board

    def counted(*facts: Any) -> Any:
        made.append(session.revision)
        return draw(*facts)

    monkeypatch.setattr(page.views, "board", counted)

    async def follow() -> list[dict[str, Any]]:
        streams = [page._updates(api, session, lambda: True, asyncio.Event()) for _ in range(2)]
        for stream in streams:
            await anext(stream)
        coming = [asyncio.ensure_future(anext(stream)) for stream in streams]
        await asyncio.sleep(2 * page.PAUSE)
        answer = await asyncio.to_thread(api.answer, {"verb": "rename", "project": session.id, "name": "Other"})
        boards = [answer["board"], *[(await each)["board"] for each in coming]]
        for stream in streams:
            await stream.aclose()
        return boards

    with ThreadPoolExecutor(1) as thread:
        boards = thread.submit(lambda: asyncio.run(asyncio.wait_for(follow(), 20))).result()
    assert len(made) == 3, "two pages were opened, and one change was made"
    assert boards[0]["name"] == "Other" and all(board is boards[0] for board in boards)


def test_a_page_is_not_sent_again_what_its_own_click_brought(tmp_path: Path) -> None:
    """What others change is, and so is what it changed itself where the answer did not have the newest board."""
    studio = make_studio(tmp_path)
    session, api = make_film(studio, "one"), PageApi(studio, (), tmp_path)

    async def follow() -> list[list[str]]:
        seen: list[list[str]] = [[], []]

        async def look_on(at: int, page_name: str) -> None:
            with api.boards.page(page_name):
                async for screen in page._updates(api, session, lambda: True, asyncio.Event(), page_name):
                    seen[at] += [screen["board"]["name"]] if "board" in screen else ["no board"]

        pages = [asyncio.ensure_future(look_on(at, name)) for at, name in enumerate(("mine", "yours"))]
        rename = {"verb": "rename", "project": session.id}
        await asyncio.sleep(4 * page.PAUSE)
        for message in ({"name": "Mine", "page": "mine"}, {"name": "Yours", "page": "yours"}, {"name": "Nobody's"},
                        {"name": "Elsewhere", "page": "elsewhere"}):
            answer = await asyncio.to_thread(api.answer, rename | message)
            assert answer["board"]["name"] == message["name"]
            await asyncio.sleep(6 * page.PAUSE)
        for each in pages:
            each.cancel()
        await asyncio.gather(*pages, return_exceptions=True)
        return seen

    with ThreadPoolExecutor(1) as thread:
        mine, yours = thread.submit(lambda: asyncio.run(asyncio.wait_for(follow(), 20))).result()
    assert mine == ["A film", "Yours", "Nobody's", "Elsewhere"]
    assert yours == ["A film", "Mine", "Nobody's", "Elsewhere"]
    assert not api.boards._given, "pages that are gone are forgotten"


def test_another_language_keeps_no_other_page_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    studio, threads = make_studio(tmp_path), list[int]()
    session = make_film(studio, "one")

    def noted(value: Any, language: str) -> Any:
        threads.append(threading.get_ident())
        return localize(value, language)

    monkeypatch.setattr("studio.ui.api.localize", noted)
    follow: Any = next(each.fn for each in page.build(studio).fns.values() if each.name == "follow")

    async def first() -> tuple[dict[Any, Any], int]:
        event, request = SimpleNamespace(_data={"project": session.id, "language": "de"}), SimpleNamespace(session_hash="x")
        async for update in follow(event, request):
            return update, threading.get_ident()
        raise AssertionError

    with ThreadPoolExecutor(1) as thread:
        update, loop = thread.submit(lambda: asyncio.run(asyncio.wait_for(first(), 20))).result()
    assert "Geplant" in str(update) and len(threads) == 1 and loop not in threads


def test_a_message_without_a_board_says_nothing_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Gradio takes for an update of properties (`gr.skip` too, and an output left out) costs it 11 ms a message."""
    monkeypatch.setattr(page, "HEARTBEAT", 0.05)
    studio = make_studio(tmp_path)
    session = make_film(studio, "one")
    built = page.build(studio)
    follow: Any = next(each for each in built.fns.values() if each.name == "follow")

    async def updates() -> list[dict[Any, Any]]:
        event, request = SimpleNamespace(_data={"project": session.id}), SimpleNamespace(session_hash="x")
        stream = follow.fn(event, request)
        seen = [await anext(stream), await anext(stream)]
        studio.throw_away(session.id)
        return seen + [update async for update in stream]

    with ThreadPoolExecutor(1) as thread:
        first, *rest = thread.submit(lambda: asyncio.run(asyncio.wait_for(updates(), 20))).result()
    board, live = follow.outputs
    assert json.loads(first[board]["json"])["id"] == session.id and len(rest) > 1
    assert all(set(update) == {board, live} and update[board] is None for update in rest)
    assert json.loads(rest[-2][live]["json"])["lost"] and rest[-1][live] is None


def test_a_message_replaces_the_one_before_whole(tmp_path: Path) -> None:
    api = PageApi(make_studio(tmp_path), (), tmp_path)
    boards = [{"board": {"segments": [{"takes": takes}]}} for takes in (["one", "two", "three"], ["one"])]
    before, after = (page._encoded(api, board, "en")["board"] for board in boards)
    assert gradio_utils.diff(before, after) == [["replace", ["json"], '{"segments":[{"takes":["one"]}]}']]


@pytest.mark.parametrize("public", [True, False])
def test_the_stream_of_a_shared_studio_names_no_folder(tmp_path: Path, public: bool) -> None:
    studio = make_studio(tmp_path)
    session = make_film(studio, "one")
    session.add_finding(sentence("{path} may not be read.", path=session.folder / "project.json"))
    follow: Any = next(each.fn for each in page.build(studio, public=public).fns.values() if each.name == "follow")

    async def first() -> dict[str, Any]:
        event, request = SimpleNamespace(_data={"project": session.id}), SimpleNamespace(session_hash="x")
        async for update in follow(event, request):
            assert all(set(value) == {"json"} for value in update.values()), "Gradio would go through everything else"
            return next(board for value in update.values() if "findings" in (board := json.loads(value["json"])))
        raise AssertionError

    with ThreadPoolExecutor(1) as thread:
        board = thread.submit(lambda: asyncio.run(asyncio.wait_for(first(), 20))).result()
    where = "" if public else f"{session.folder}/"
    assert f"{where}project.json may not be read." in str(board["findings"])
    assert public is not (str(session.folder) in str(board["findings"]))


def test_anything_may_be_asked_to_be_followed(tmp_path: Path) -> None:
    studio = make_studio(tmp_path)
    session = make_film(studio, "one")
    api = PageApi(studio, (), tmp_path)
    assert page._session_or_notice(api, {"project": session.id}) is session
    assert page._session_or_notice(api, {}) is session, "without a name: the film changed last"
    for message in (None, 3, [], "x", {"project": "../x"}, {"project": 7}, {"project": ["a"]}, {"project": "\ud800"}):
        answer = page._session_or_notice(api, message)
        assert isinstance(answer, dict) and answer["lost"] and answer["notice"]["message"], message
