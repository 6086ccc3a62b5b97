"""The page as it is put together: scripts that parse, styles that are there, one wire, nothing of torch."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from studio.ui import page
from studio.ui.api import PageApi
from studio.ui.component import STATIC
from tests.shelves import make_studio


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return page.build(make_studio(tmp_path_factory.mktemp("studio")))


def script(built: Any, name: str) -> str:
    return next(str(b.js_on_load) for b in built.blocks.values() if getattr(b, "elem_id", "") == f"mp-{name}")


def test_every_static_file_is_used() -> None:
    assert {p.stem for p in STATIC.glob("*.js")} == {*page.SCRIPTS, "live"}
    assert {p.stem for p in STATIC.glob("*.css")} == set(page.STYLES)


@pytest.mark.skipif(not shutil.which("node"), reason="needs node")
@pytest.mark.parametrize("name", ["board", "live"])
def test_scripts_parse(built: Any, name: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.js"
    path.write_text(f"(async function (element, props, trigger, watch, server, upload) {{\n{script(built, name)}\n}})", "utf-8")
    subprocess.run(["node", "--check", path], check=True, capture_output=True)


def test_user_text_is_never_markup() -> None:
    for path in STATIC.glob("*.js"):
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b", path.read_text("utf-8")), path.name


def test_nothing_is_fetched_from_elsewhere(built: Any) -> None:
    text = script(built, "board").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|@import|url\(", text)


def test_every_verb_the_page_asks_for_is_answered(built: Any) -> None:
    asked = set(re.findall(r"(?:ask|act|askAside)\('(\w+)'", script(built, "board")))
    api = PageApi.__new__(PageApi)
    PageApi.__init__(api, None, (), Path())  # type: ignore[arg-type]
    assert asked <= {*api.verbs, *api.films, "samples"}
    assert len(asked) > 15


def test_launch_options_are_known_to_gradio(built: Any) -> None:
    import inspect

    options = page.launch_options()
    assert set(options) <= set(inspect.signature(built.launch).parameters)
    assert options["favicon_path"].is_file() and options["ssr_mode"] is False and options["run_history"] is False


def test_the_queue_takes_more_than_one_event(built: Any) -> None:
    assert built.max_size == 512 if hasattr(built, "max_size") else built._queue.max_size == 512


def test_an_answer_is_encoded_where_it_is_made(built: Any) -> None:
    """In a thread. FastAPI goes through an answer that is not, in the loop that serves everybody, and takes longer."""
    ask = next(block for block in built.blocks.values() if getattr(block, "elem_id", "") == "mp-board").ask
    answer = json.loads(ask({"verb": "nonsense"}).body)
    assert answer["ok"] is False and answer["notice"]["message"].startswith("The page and the studio")


def test_no_statistics_are_made_of_events(built: Any) -> None:
    """Gradio's need pandas, which takes longer to import than the page to answer, and grow with every call."""
    built._queue.events_recorded += 1
    assert built._queue.compute_analytics_summary([{"function": "follow", "status": "success", "process_time": 1.0}]) == {}


def test_an_idle_page_looks_seldom_for_events(built: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gradio's own queue looks a thousand times a second, which costs a core 7 % while nobody does anything."""
    queue, pauses, mine, sleep = built._queue, list[float](), list[int](), asyncio.sleep

    async def paused(seconds: float) -> None:
        if threading.get_ident() not in mine:   # a server of another test
            await sleep(seconds)
            return
        pauses.append(seconds)
        queue.stopped = len(pauses) >= 3

    def process() -> None:
        mine.append(threading.get_ident())
        asyncio.run(queue.start_processing())

    monkeypatch.setattr(queue, "stopped", False)
    monkeypatch.setattr("gradio.queueing.asyncio.sleep", paused)
    with ThreadPoolExecutor(1) as thread:       # a thread has no running loop, whatever tests ran before
        thread.submit(process).result()
    assert pauses == [page.LOOK] * 3 and 0.005 <= page.LOOK <= 0.02        # and an event that comes need not wait long
    assert queue.progress_update_sleep_when_free >= 0.1
