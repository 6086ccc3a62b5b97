"""An agent makes a film with a branch, with the official client, over HTTP and over standard input and output."""

from __future__ import annotations

import base64
import io
import json
import math
import os
import re
import sys
import wave
from array import array
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio.utils import get_upload_folder
from PIL import Image

pytest.importorskip("mcp", reason="the server for agents needs: pip install mcp")

import anyio
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

from studio.api.functions import NAMES
from studio.mcp.http import app_options
from studio.mcp.server import BASIC, TEXT
from tests.api.conftest import Served, served
from tests.fake_engine import FakeEngine
from tests.shelves import make_studio, picture

ROOT = Path(__file__).parents[2]
Play = Callable[[ClientSession], Awaitable[None]]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("agents")
    with served(folder, agents=True) as page:
        yield page


def run(play: Callable[[], Awaitable[None]]) -> None:
    """In a thread of its own: a test before this one may have left a loop running in this one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: anyio.run(play)).result(120)


def over_http(url: str, play: Play, query: str = "") -> None:
    async def main() -> None:
        async with streamable_http_client(f"{url}/mcp{query}") as (read, write, _), ClientSession(read, write) as session:
            await session.initialize()
            await play(session)

    run(main)


def over_stdio(arguments: list[str], play: Play, **environment: str) -> None:
    async def main() -> None:
        server = StdioServerParameters(
            command=sys.executable, args=arguments, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), **environment})
        with Path(os.devnull).open("w") as quiet:
            async with stdio_client(server, errlog=quiet) as (read, write), ClientSession(read, write) as session:
                await session.initialize()
                await play(session)

    run(main)


async def ask(session: ClientSession, tool: str, /, **arguments: Any) -> Any:
    """A tool's answer. Its call must not be refused."""
    result = await session.call_tool(tool, arguments)
    assert not result.isError, result.content
    return json.loads(result.content[0].text)  # type: ignore[union-attr]


async def refusal(session: ClientSession, tool: str, /, **arguments: Any) -> tuple[str, str]:
    """Code and sentence of a call that is refused."""
    result = await session.call_tool(tool, arguments)
    assert result.isError and result.structuredContent
    assert result.content[0].text == result.structuredContent["message"]  # type: ignore[union-attr]
    return result.structuredContent["code"], result.structuredContent["message"]


def tone() -> str:
    """Half a second of a tone, as a data URL."""
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(array("h", (round(9000 * math.sin(at / 3)) for at in range(4000))).tobytes())
    return f"data:audio/wav;base64,{base64.b64encode(written.getvalue()).decode()}"


SOUND = tone()


def story(given: str) -> Play:
    """A film with a branch. `given`: its picture, as the transport takes one."""

    async def play(session: ClientSession) -> None:
        tools = {tool.name: tool for tool in (await session.list_tools()).tools}
        assert set(tools) == set(NAMES)
        assert tools["add_segment"].inputSchema["properties"]["seconds"]["oneOf"] == [{"type": "null"}, {"type": "number"}]
        assert tools["add_segment"].inputSchema["required"] == ["film"]
        assert tools["set_reference"].inputSchema["properties"]["picture"]["type"] == "string"
        assert tools["status"].annotations and tools["status"].annotations.readOnlyHint

        film = (await ask(session, "create", name="Storyboard", preset="draft"))["id"]
        await ask(session, "set_reference", film=film, picture=given)
        for prompt in ("a cat walks", "it sits down"):
            await ask(session, "add_segment", film=film, prompt=prompt, seconds=0.3)
        heard: list[tuple[float, str]] = []

        async def hear(progress: float, total: float | None, message: str | None) -> None:
            heard.append((progress, message or ""))

        result = await session.call_tool("generate", {"film": film}, progress_callback=hear)
        made = json.loads(result.content[0].text)  # type: ignore[union-attr]
        assert made["job"]["state"] == "done" and "note" not in made
        assert heard and any(re.match(r"segment \d: .*, section 1 of 1, step \d of \d", words) for _, words in heard)
        first = made["film"]["branches"][0]["takes"][0]
        branched = await ask(session, "branch", film=film, take=first)
        await ask(session, "edit_segment", film=film, segment=branched["segments"][1]["id"], prompt="it runs away")
        made = await ask(session, "generate", film=film)
        assert [len(branch["takes"]) for branch in made["film"]["branches"]] == [2, 2]

        for arguments, kind in (({}, "PNG"), ({"takes": [first], "kind": "poster"}, "WEBP")):
            shown = (await session.call_tool("look", {"film": film, **arguments})).content[0]
            assert shown.type == "image" and shown.mimeType == f"image/{kind.lower()}"
            assert Image.open(io.BytesIO(base64.b64decode(shown.data))).format == kind

        segment = made["film"]["segments"][0]["id"]
        for tool, named in (("set_sound", {"sound": "/etc/passwd"}), ("add_lora", {"segment": segment, "file": "/etc/passwd"}),
                            ("set_sound", {"sound": "data:audio/wav;base64,QUJD"}), ("set_sound", {"sound": 5})):
            assert (await refusal(session, tool, film=film, **named))[0] in ("bad_input", "file"), named
        heard_with = await ask(session, "set_sound", film=film, sound=SOUND)
        assert heard_with["sound"]["name"] == "sound.wav" and heard_with["sound"]["seconds"] > 0.4
        assert (await ask(session, "star", film=film, take=first))["takes"][0]["star"]
        assert tools["delete_film"].annotations and tools["delete_film"].annotations.destructiveHint
        assert tools["ratings"].annotations and tools["ratings"].annotations.readOnlyHint

        assert await refusal(session, "resume", film=film) == (
            "refused", "There is nothing to resume. Generate the next segment instead.")
        assert (await refusal(session, "status", film="../../etc/passwd"))[0] == "not_found"
        assert (await refusal(session, "add_segment", film=film, seconds="long"))[0] == "bad_input"
        assert (await refusal(session, "generate", film=film, wait_seconds=-1))[0] == "bad_input"
        assert (await refusal(session, "fly"))[0] == "bad_input"
        for bad in ("data:image/png;base64,???", "data:image/png;base64,QUJD", "nothing", "\0", "data:image/png;base64,"):
            assert (await refusal(session, "set_reference", film=film, picture=bad))[0] in ("bad_input", "file"), bad
        exported = (await ask(session, "export", film=film))["file"]
        if exported.startswith("http"):
            assert httpx.get(exported).content[4:8] == b"ftyp"
        else:
            assert Path(exported).read_bytes()[4:8] == b"ftyp"

    return play


def data_url(path: Path) -> str:
    return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"


def test_over_http(page: Served) -> None:
    over_http(page.url, story(data_url(page.picture)))


def test_over_stdio(tmp_path: Path) -> None:
    over_stdio(["-m", "tests.mcp.fake_server", str(tmp_path / "projects")], story(str(picture(tmp_path))))


def test_an_agent_is_shown_fewer_tools_where_it_asks(page: Served, tmp_path: Path) -> None:
    async def play(session: ClientSession) -> None:
        tools = (await session.list_tools()).tools
        assert [tool.name for tool in tools] == [name for name in NAMES if name in BASIC]
        words = " ".join([TEXT, *(tool.description or "" for tool in tools)])
        assert {name for name in NAMES if "_" in name and re.search(rf"\b{name}\b", words)} <= set(BASIC), "of no hidden tool"
        film = (await ask(session, "create", name="Few"))["id"]
        assert (await ask(session, "tag_film", film=film, tags=["draft"]))["tags"] == ["draft"], "the others are there"

    assert set(BASIC) < set(NAMES)
    over_stdio(["-m", "tests.mcp.fake_server", str(tmp_path / "projects"), "basic"], play)
    over_http(page.url, play, "?tools=basic")


def test_over_http_no_file_of_this_machine_can_be_named(page: Served) -> None:
    uploads = Path(get_upload_folder())
    before = set(uploads.glob("agent-*"))

    async def play(session: ClientSession) -> None:
        film = (await ask(session, "create"))["id"]
        for path in ("/etc/passwd", str(page.picture), f"file://{page.picture}"):
            code, sentence = await refusal(session, "set_reference", film=film, picture=path)
            assert code == "bad_input" and "data URL" in sentence
        for nothing in (5, None, {"path": "/etc/passwd"}, [page.url]):
            assert (await refusal(session, "set_reference", film=film, picture=nothing))[0] == "bad_input"
        large = "data:image/png;base64," + "A" * (33 * 2**20)
        assert (await refusal(session, "set_reference", film=film, picture=large))[0] == "bad_input"

    over_http(page.url, play)
    assert set(uploads.glob("agent-*")) == before, "no picture of an agent stays among the uploads"


def test_a_question_about_the_memory(page: Served) -> None:
    async def play(session: ClientSession) -> None:
        film = (await ask(session, "create", preset="draft"))["id"]
        await ask(session, "set_reference", film=film, picture=data_url(page.picture))
        await ask(session, "add_segment", film=film, seconds=0.3)
        take = (await ask(session, "generate", film=film))["film"]["head"]
        page.engine.step_seconds = 0.1
        begun = await ask(session, "test_memory", film=film, take=take, wait_seconds=0.3)
        assert begun["job"]["state"] in ("queued", "running") and "memory_test_events" in begun["note"]
        page.engine.step_seconds = 0.0
        result = (await ask(session, "memory_test_events", film=film))["job"]["result"]
        picture = httpx.get(result["comparisons"][0]["difference"])
        assert Image.open(io.BytesIO(picture.content)).format == "WEBP", "files have an address"
        assert (await ask(session, "memory_test", film=film, take=take))["result"] == result
        assert (await refusal(session, "measure_memory_use", film=film, take=take))[0] == "refused"

    over_http(page.url, play)


def test_an_agent_sees_what_is_remembered_beside_the_frame(page: Served) -> None:
    async def play(session: ClientSession) -> None:
        film = (await ask(session, "create", preset="draft", model="places"))["id"]
        await ask(session, "set_reference", film=film, picture=data_url(page.picture))
        await ask(session, "add_segment", film=film, seconds=0.3)
        take = (await ask(session, "generate", film=film))["film"]["head"]
        words, *pictures = (await session.call_tool("ask_moment", {"film": film, "take": take, "at": 0})).content
        assert json.loads(words.text)["job"]["result"]["known"] == pytest.approx(0.4)  # type: ignore[union-attr]
        assert [Image.open(io.BytesIO(base64.b64decode(each.data))).mode for each in pictures] == ["RGB", "RGBA"]  # type: ignore[union-attr]
        assert len((await session.call_tool("moment_events", {"film": film})).content) == 3
        assert len((await session.call_tool("memory_map", {"film": film})).content) == 1, "there is no picture of it"
        folder = page.studio.open(film).store.take_folder(take)
        Image.new("RGB", (96, 48), "navy").save(folder / "memory.webp")
        assert (await session.call_tool("memory_map", {"film": film})).content[1].type == "image"

    over_http(page.url, play)


def test_a_long_job_is_not_waited_for(page: Served) -> None:
    async def play(session: ClientSession) -> None:
        film = (await ask(session, "create", preset="draft"))["id"]
        await ask(session, "set_reference", film=film, picture=data_url(page.picture))
        await ask(session, "add_segment", film=film, seconds=1)
        page.engine.step_seconds = 0.1
        begun = await ask(session, "generate", film=film, wait_seconds=0.5)
        assert begun["job"]["state"] in ("queued", "running") and "events" in begun["note"]
        assert (await refusal(session, "generate", film=film))[0] == "busy"
        page.engine.step_seconds = 0.0
        assert (await ask(session, "events", film=film))["job"]["state"] == "done"

    over_http(page.url, play)


def test_pages_of_other_sites_are_refused(page: Served) -> None:
    """A browser of this machine that shows a page of another site, whose name leads here."""
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    accept = {"Accept": "application/json, text/event-stream"}
    assert httpx.post(f"{page.url}/mcp", json=body, headers=accept).status_code == 200
    for header in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}):
        assert httpx.post(f"{page.url}/mcp", json=body, headers=accept | header).status_code in (400, 403, 421), header
    assert httpx.post(f"{page.url}/mcp", content=b"x" * (49 * 2**20), headers=accept).status_code in (400, 413)
    assert httpx.post(f"{page.url}/mcp", content=b"{", headers=accept).status_code == 400


def test_a_shared_studio_tells_agents_of_no_film(tmp_path: Path) -> None:
    with served(tmp_path, public=True, agents=True) as shared:
        async def play(session: ClientSession) -> None:
            film = (await ask(session, "create", name="Mine"))["id"]
            assert await ask(session, "films") == []
            assert [each["id"] for each in await ask(session, "films", known=[film])] == [film]
            assert (await refusal(session, "status", film="Mine"))[0] == "not_found"

        over_http(shared.url, play)


def test_agents_are_served_only_if_asked_for(own_page: Served) -> None:
    answer = httpx.post(f"{own_page.url}/mcp", json={}, headers={"Accept": "application/json, text/event-stream"})
    assert answer.status_code in (404, 405)
    assert set(app_options(make_studio(own_page.picture.parent, FakeEngine()), False, "127.0.0.1")) == {"routes", "lifespan"}
