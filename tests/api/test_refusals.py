"""Whatever a caller sends is answered with a code and a sentence, reaches no film that it was not given, and harms nothing."""

from __future__ import annotations

import asyncio
import inspect
import json
import shutil
import struct
import urllib.error
import urllib.request
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from gradio.utils import get_upload_folder
from PIL import Image

from studio.api.all_calls import AllCalls
from studio.api.endpoints import make_endpoint
from studio.api.errors import CODES
from studio.api.functions import describe, descriptions
from studio.api.reference import reference
from studio.client import Client, Film, StudioError
from studio.ui.api import PageApi
from studio.ui.gallery import find_samples
from tests.api.bad_calls import BAD, NAN
from tests.api.conftest import Served


def refusal(call: Any, *values: Any, **named: Any) -> StudioError:
    with pytest.raises(StudioError) as error:
        call(*values, **named)
    assert error.value.message and "Traceback" not in error.value.message
    return error.value


def raw(url: str, name: str, body: bytes) -> dict[str, Any]:
    """What Gradio's API answers to a body that no client of it would send: the data of its error event."""
    request = urllib.request.Request(f"{url}/gradio_api/call/v1_{name}", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        event = json.load(answer)["event_id"]
    with urllib.request.urlopen(f"{url}/gradio_api/call/v1_{name}/{event}") as answer:
        kind, data = answer.read().decode().strip().split("\n\n")[-1].split("\n")[:2]
    assert kind == "event: error", data
    return dict(json.loads(data.removeprefix("data: ")))


def upload(url: str, path: Path) -> str:
    """Upload a file as Gradio does; returns where it lies there."""
    body = b"--x\r\nContent-Disposition: form-data; name=\"files\"; filename=\"" + path.name.encode()
    body += b"\"\r\n\r\n" + path.read_bytes() + b"\r\n--x--\r\n"
    request = urllib.request.Request(f"{url}/gradio_api/upload", body, {"Content-Type": "multipart/form-data; boundary=x"})
    with urllib.request.urlopen(request) as answer:
        return str(json.load(answer)[0])


@pytest.fixture(scope="module")
def film(own_page: Served) -> Film:
    film = own_page.client().create("A film", preset="draft")
    film.set_reference(own_page.picture)
    film.add_segment("one", seconds=0.3)
    list(film.generate())
    film.status()
    return film


@pytest.fixture(autouse=True)
def nothing_changes(own_page: Served, film: Film) -> Any:
    before = own_page.studio.open(film.id).project
    yield
    assert own_page.studio.open(film.id).project is before


@pytest.fixture(scope="module")
def endpoints(own_page: Served) -> dict[str, Any]:
    """The functions that Gradio calls with what came as JSON, by name."""
    calls = AllCalls(PageApi(own_page.studio, find_samples(), Path(get_upload_folder())))
    return {about.name: make_endpoint(calls, about) for about in descriptions()}


def data(film: Film, name: str, arguments: dict[str, Any]) -> list[Any]:
    """The arguments as Gradio's API takes them: all, in order."""
    given = {"film": film.id, **arguments}
    return [given.get(each.name, None if each.required else each.default) for each in describe(name).arguments]


@pytest.mark.parametrize(("name", "arguments", "code"), BAD, ids=[f"{name}-{n}" for n, (name, _, _) in enumerate(BAD)])
def test_bad_input_has_a_code(
    endpoints: dict[str, Any], film: Film, name: str, arguments: dict[str, Any], code: str
) -> None:
    async def call(values: list[Any]) -> None:
        if inspect.isasyncgenfunction(endpoints[name]):
            async for _ in endpoints[name](*values):
                pass
        else:
            endpoints[name](*values)

    # In a thread of its own: Playwright leaves a loop running in the thread of a test that ran before.
    with pytest.raises(gr.Error) as refused, ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(call(data(film, name, arguments)))).result()
    assert refused.value.title == code in CODES, refused.value.message
    assert refused.value.message.endswith(".") and "Error" not in refused.value.message


@pytest.mark.parametrize(("name", "arguments", "code"), BAD[::9], ids=[name for name, _, _ in BAD[::9]])
def test_it_comes_over_the_wire(own_page: Served, film: Film, name: str, arguments: dict[str, Any], code: str) -> None:
    """As JSON that nothing on the way corrects: NaN, halves of surrogate pairs, other types."""
    error = raw(own_page.url, name, json.dumps({"data": data(film, name, arguments)}).encode())
    assert error["title"] == code, error


@pytest.mark.parametrize("values", [[], ["x"], ["x"] * 40, [None] * 6])
def test_too_few_and_too_many_arguments(own_page: Served, values: list[Any]) -> None:
    error = raw(own_page.url, "add_segment", json.dumps({"data": values}).encode())
    assert error["title"] in ("bad_input", "not_found") and error["error"]


@pytest.mark.parametrize("named", [{}, {"film": "x", "wings": 2}])
def test_wrong_names_over_the_wire_are_answered_as_the_reference_says(own_page: Served, film: Film, named: dict[str, Any]) -> None:
    url, head = f"{own_page.url}/gradio_api/call/v2/v1_status", {"Content-Type": "application/json"}
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(url, json.dumps(named).encode(), head))
    assert refused.value.code == 500 and "Gradio itself answers status 500" in reference()


def test_a_file_from_elsewhere_that_says_it_was_uploaded(own_page: Served, film: Film) -> None:
    """Gradio itself refuses such a file, before any function of ours is called."""
    studio = own_page.studio.home / film.id / "project.json"
    for path in ("/etc/passwd", str(studio), "http://127.0.0.1:1/x.png"):
        picture = {"path": path, "meta": {"_type": "gradio.FileData"}}
        error = raw(own_page.url, "set_reference", json.dumps({"data": [film.id, picture, None, "en"]}).encode())
        assert error["title"] == "bad_input", (path, error)


def png_that_claims(width: int, height: int) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


def test_pictures_that_are_none(own_page: Served, film: Film, tmp_path: Path) -> None:
    files = {
        "huge.png": png_that_claims(100_000, 100_000), "empty.png": b"", "text.png": b"no picture at all",
        "cut.png": own_page.picture.read_bytes()[:60], "film.mp4": b"\0\0\0\x20ftypisom" + b"\0" * 50,
    }  # fmt: skip
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        error = refusal(film.set_reference, tmp_path / name)
        assert error.code == "file", (name, error.message)
    Image.new("RGB", (1, 1)).save(tmp_path / "tiny.png")
    assert refusal(film.set_reference, tmp_path / "tiny.png").code == "file"
    assert refusal(film.set_reference, tmp_path / "nowhere.png").code == "file"
    Image.new("RGB", (64, 48)).save(tmp_path / "x.png")
    for frame in ([0, 0, 2, 2], [NAN] * 4, [1, 2]):
        path = upload(own_page.url, tmp_path / "x.png")
        empty = own_page.client().create("Other")
        assert refusal(empty._client.call, "set_reference", film=empty.id, picture={"path": path}, frame=frame).code in (
            "bad_input", "refused"), frame
        assert not empty.status()["picture"], "neither picture nor frame is kept"


def test_unknown_arguments_and_functions(own_page: Served, film: Film) -> None:
    client = own_page.client()
    assert refusal(client.call, "status", film=film.id, wings=2).code == "bad_input"
    assert refusal(client.call, "fly").code == "bad_input"
    assert refusal(client.create, name="x", preset="no-such-preset").code == "refused"
    assert refusal(client.create, name="x", width=7, height=7).code in ("refused", "bad_input")
    assert refusal(client.create, name="x", width=64).code == "bad_input"
    assert refusal(client.create, name="x", model="../../etc").code == "refused"
    assert not client.films("x"), "what could not be created is not there"


def test_a_film_for_viewing_only(own_page: Served) -> None:
    film = own_page.client().create("Locked")
    store = own_page.studio.open(film.id).store
    store.read_only = True
    error = refusal(film.add_segment, "one")
    assert error.code == "read_only" and "viewing only" in error.message
    assert film.status()["segments"] == []


def test_what_nobody_expected(
    own_page: Served, film: Film, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("secret /path")

    monkeypatch.setattr("studio.api.calls.film_value", broken)
    error = refusal(film._client.call, "status", film=film.id)
    assert error.code == "failed" and "secret" not in error.message
    assert "secret /path" in caplog.text, "the log says what happened"


@pytest.mark.parametrize("shared", [True, False])
def test_a_shared_studio_tells_of_no_folder(shared_page: Served, own_page: Served, shared: bool) -> None:
    page = shared_page if shared else own_page
    film = page.client().create("Mine")
    shutil.rmtree(page.studio.home / film.id)
    error = refusal(film.set_words, name="Sea")
    assert error.code == "file" and film.id in error.message and (str(page.studio.home) in error.message) is not shared
    page.studio.discard(page.studio._open[film.id])


def test_a_shared_studio_tells_of_no_film(shared_page: Served, tmp_path: Path) -> None:
    mine, other = shared_page.client(), Client(shared_page.url)
    film = mine.create("Mine")
    film.set_reference(shared_page.picture)
    assert mine.about()["shared"]
    assert other.films() == [] and other.films("Mine") == []
    assert [each["id"] for each in other.films(known=[film.id])] == [film.id]
    assert refusal(other.call, "films", known="all").code == "bad_input"
    for guess in (film.id[:-1], film.id.upper() + "x", "*", ".", "..", f"{film.id}/..", f"./{film.id}", "Mine"):
        assert refusal(other.film, guess).code == "not_found", guess
    theirs = other.create("Theirs")
    take = {"segment": theirs.add_segment("one")["segments"][0]["id"], "begins": "frame", "take": film.id, "at": 0}
    assert refusal(other.call, "new_shot", film=theirs.id, **take).code == "not_found"
    inside = next((shared_page.studio.home / film.id / "media").glob("*.png"))
    error = raw(shared_page.url, "set_reference", json.dumps({"data": [theirs.id, str(inside), None, "en"]}).encode())
    assert error["title"] == "bad_input", "a picture of another film is no upload"
