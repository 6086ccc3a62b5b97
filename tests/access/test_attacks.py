"""What mira tries to reach otto's film or other files of the machine, and what a stranger tries. docs/security.md tells of it."""

from __future__ import annotations

import io
import json
import socket
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from studio.api.functions import descriptions
from studio.api.values import Upload
from tests.access import attacks
from tests.access.conftest import SECRET, House, last_event
from tests.access.pages import VALUES, page_of, routes

pytestmark = pytest.mark.usefixtures("untouched")


def harmless(answer: Any, secrets: list[bytes]) -> None:
    assert not [each for each in secrets if each in answer.content], answer.request.url


@pytest.mark.parametrize("file", attacks.FOREIGN)
def test_no_road_leads_to_a_file_of_others(mira: TestClient, values: dict[str, str], secrets: list[bytes], file: str) -> None:
    link = Path(values["mira"]) / "link"
    link.unlink(missing_ok=True)
    path = file.format(**values)
    if path != "/etc/passwd":
        assert Path(path).exists(), "there is something to steal"
    for road in attacks.roads(path, values):
        for route in ("file=", "file/"):
            for headers in ({}, {"range": "bytes=0-99"}):
                answer = mira.get(f"/gradio_api/{route}{quote(road, safe='/%?#:')}", headers=headers)
                assert answer.status_code in (307, 403, 404, 400, 422, 500) or route == "file/", (road, answer.status_code)
                harmless(answer, secrets)


def test_the_same_file_is_served_to_its_owner(house: House, values: dict[str, str]) -> None:
    """Else the test before this one would prove nothing."""
    otto = house.client("otto")
    for file in attacks.FOREIGN[:3]:
        assert otto.get(f"/gradio_api/file={quote(file.format(**values))}").status_code == 200, file


@pytest.mark.parametrize("folder", attacks.FOLDERS)
def test_other_routes_of_gradio_serve_no_file_either(
    mira: TestClient, values: dict[str, str], secrets: list[bytes], folder: str
) -> None:
    for file in ("/etc/passwd", f"{values['film']}/project.json"):
        for road in (file, f"..{file}", "../" * 12 + file, quote("../" * 12 + file, safe=""), "%2e%2e/" * 12 + file, f"//{file}"):
            harmless(mira.get(f"/{folder}/{road}"), secrets)


@pytest.mark.parametrize("address", attacks.ELSEWHERE)
def test_the_studio_asks_no_other_address(mira: TestClient, house: House, address: str) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.setblocking(False)
        url = address.format(port=server.getsockname()[1])
        for path in (f"file={url}", f"proxy={url}", f"file={quote(url, safe='')}", f"file/{url}"):
            assert mira.get(f"/gradio_api/{path}").status_code != 200, path
        for picture in ({"path": url, "meta": {"_type": "gradio.FileData"}}, {"path": "x", "url": url}, url,
                        {"path": url, "url": url, "meta": {"_type": "gradio.FileData"}})[: 4 if "nip" in address else 1]:
            assert house.call(mira, "set_reference", film="x", picture=picture)["title"] in ("bad_input", "not_found")
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.parametrize("address", ["https://example.org/x", "HTTP://example.org/x", "%68ttp://example.org/x", " https://a/x"])
def test_it_fetches_nothing_for_anybody(mira: TestClient, house: House, address: str) -> None:
    """Gradio would answer with what a public address has, and be a proxy for whoever is logged in."""
    for path in (f"file={address}", f"file/{address}", f"proxy={address}"):
        answer = mira.get(f"/gradio_api/{path}")
        assert answer.status_code == 403 and "fetches nothing" in answer.text, path


@pytest.mark.parametrize("name", attacks.NAMES)
def test_a_name_of_an_upload_is_no_road(mira: TestClient, values: dict[str, str], name: str) -> None:
    answer = mira.post("/gradio_api/upload", files={"files": (name, b"content")})
    for path in answer.json() if answer.status_code == 200 else ():
        assert Path(path).resolve().is_relative_to(Path(values["mira"]) / ".uploads"), path


def test_another_users_upload_is_no_file(mira: TestClient, house: House, values: dict[str, str]) -> None:
    film = house.access.pages.studio("mira").create("takes").id
    meta = {"_type": "gradio.FileData"}
    own = mira.post("/gradio_api/upload", files={"files": ("own.png", b"no picture")}).json()[0]
    for path in (values["upload"], f"{values['film']}/project.json", "/etc/passwd", f"{values['home']}/users/users.json",
                 f"{values['mira']}/.uploads/../../otto/.uploads{values['upload'].partition('.uploads')[2]}"):
        for picture in (path, {"path": path}, {"path": path, "meta": meta}, {"path": own, "inner": {"path": path, "meta": meta}}):
            refused = house.call(mira, "set_reference", film=film, picture=picture)
            assert refused["title"] in ("bad_input", "file"), picture
    assert list(Path(values["mira"]).rglob("secret.png")) == []


def test_no_message_of_the_page_reaches_another_users_film(mira: TestClient, house: House, values: dict[str, str]) -> None:
    config = mira.get("/config").json()
    board = next(each["id"] for each in config["components"] if each["props"].get("elem_id") == "mp-board")
    page = page_of(house)
    key = f"../../otto/{values['film_id']}"
    fields = {"take": values["take"], "path": values["upload"], "film": values["film_id"], "known": [values["film_id"]], "key": key,
              "keys": [key, values["film_id"]], "lora": values["lora"], "sha256": values["lora"], "segment": "x", "name": "x"}

    def ask(data: Any, function: str = "ask", component: int = board) -> Any:
        body = {"data": data, "component_id": component, "session_hash": "x", "fn_name": function}
        return mira.post("/gradio_api/component_server", json=body)

    for verb in {*page.verbs, *page.films}:
        for project in (values["film_id"], f"../otto/{values['film_id']}", values["film"]):
            answer = page.answer(fields | {"verb": verb, "project": project, "film": project})
            assert SECRET not in json.dumps(answer), verb
            if verb in page.verbs:
                assert answer["ok"] is False, verb
    answer = ask(fields | {"verb": "film", "project": values["film_id"]})
    assert answer.status_code == 200 and answer.json()["ok"] is False
    for function in ("__init__", "preprocess", "get_config", "load_event_to_page", "_is_server_fn"):
        assert ask({}, function).status_code == 404
    assert mira.post("/gradio_api/component_server", content=b"{", headers={"content-type": "text/plain"}).status_code == 400


def test_a_lora_of_another_user_is_not_there(mira: TestClient, house: House, values: dict[str, str]) -> None:
    shelf = house.access.pages.studio("mira").loras
    assert not shelf.has(values["lora"]) and house.access.pages.studio("otto").loras.has(values["lora"])


def test_a_zip_unpacks_into_its_users_folder_alone(mira: TestClient, house: House, values: dict[str, str]) -> None:
    document = (house.film.folder / "project.json").read_bytes()
    page = page_of(house)
    film = page.answer({"verb": "begin"})["answer"]["project"]
    for road in ("../", "../../otto/", "/tmp/", "..\\", "takes/../../../"):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("project.json", document)
            archive.writestr(f"{road}unzipped.png", b"x")
        path = mira.post("/gradio_api/upload", files={"files": ("film.zip", packed.getvalue())}).json()[0]
        page.answer({"verb": "import_project", "project": film, "path": path})
    assert not list(house.home.rglob("unzipped.png")) and not Path("/tmp/unzipped.png").exists()


def test_streams_of_others_are_not_there(mira: TestClient, house: House) -> None:
    otto = house.client("otto")
    body = {"data": [], "fn_index": 0, "session_hash": "ottos-stream"}
    config = otto.get("/config").json()
    names = {each["api_name"]: each["id"] for each in config["dependencies"]}
    event = otto.post("/gradio_api/queue/join", json=body | {"fn_index": names["v1_about"], "data": ["en"]}).json()["event_id"]
    assert "session_not_found" in mira.get("/gradio_api/queue/data?session_hash=ottos-stream").text
    assert "404" in mira.get(f"/gradio_api/call/v1_about/{event}").text
    assert mira.post("/gradio_api/cancel", json=body | {"event_id": event, "session_hash": "ottos-stream"}).status_code == 200
    assert mira.post(f"/gradio_api/stream/{event}", json=body).status_code == 404
    assert mira.get("/gradio_api/stream/ottos-stream/0/0/playlist.m3u8").status_code == 404
    messages = otto.get("/gradio_api/queue/data?session_hash=ottos-stream").text.strip().split("\n\n")
    done = next(json.loads(each.removeprefix("data: ")) for each in messages if "process_completed" in each)
    assert done["success"] and "models" in done["output"]["data"][0], "mira could not cancel it"


def test_deep_links_and_what_gradio_has_for_developers_tell_nothing(
    mira: TestClient, values: dict[str, str], secrets: list[bytes]
) -> None:
    for link in attacks.DEEP_LINKS:
        harmless(mira.get("/", params={"deep_link": link.format(**values)}), secrets)
    for path in ("monitoring", "monitoring/x", "monitoring/summary", "gradio_api/vibe-code", "gradio_api/profiling/traces"):
        answer = mira.get(f"/{path}")
        assert answer.status_code in (401, 403, 404) or "not enabled" in answer.text or path == "monitoring/summary", path
        harmless(answer, secrets)
    for path in ("vibe-edit", "vibe-code", "undo-vibe-edit", "vibe-starter-queries"):
        assert mira.post(f"/gradio_api/{path}", json={"prompt": "x", "hash": "x", "code": "x"}).status_code in (403, 422), path


def test_nobody_is_answered_by_any_route(house: House, secrets: list[bytes]) -> None:
    """Every route that Gradio has, by every method, without a session: those of later versions of Gradio too."""
    stranger = house.client()
    paths = set(house.server.portal.call(routes, house))
    assert len(paths) > 60 and ("/gradio_api/upload", "POST") in paths and ("/mcp", "POST") in paths
    for path, method in paths:
        for headers in ({}, {"x-forwarded-for": "127.0.0.1", "x-original-url": "/login"}, {"cookie": f"{house.access.cookie}=x"}):
            answer = stranger.request(method, path, headers=headers, follow_redirects=False)
            if path.rstrip("/") == "/login":
                continue
            allowed = (303, 401) if path != "/gradio_api/startup-events" else (404,)
            assert answer.status_code in allowed and len(answer.content) < 400, (method, path, answer.status_code)
    for path in ("//gradio_api/config", "/login/../config", "/login%2f..%2fconfig", "/LOGIN", "/gradio_api/startup-events/", "/.."):
        answer = stranger.get(path, follow_redirects=False)
        assert answer.status_code in (303, 401), path


def test_a_session_cannot_be_chosen_beforehand(house: House) -> None:
    client = house.client()
    client.cookies.set(house.access.cookie, "chosen", domain="127.0.0.1")
    answer = client.post("/login", data={"username": "mira", "password": "mira's password"})
    assert f"{house.access.cookie}=chosen" not in answer.headers["set-cookie"]
    assert house.access.sessions.user("chosen") is None
    for place in (f"/config?token={house.tokens['mira']}", f"/config?{house.access.cookie}={house.tokens['mira']}"):
        assert house.client().get(place).status_code == 401


def test_an_agent_reaches_its_users_films_alone(house: House, values: dict[str, str], secrets: list[bytes]) -> None:
    client = house.client()
    headers = {"authorization": f"Bearer {house.tokens['mira']}", "accept": "application/json, text/event-stream"}

    def code(name: str, arguments: dict[str, object]) -> str:
        """With what code a tool refuses a call."""
        asked = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}}
        answer = client.post("/mcp", json=asked, headers=headers)
        harmless(answer, secrets)
        assert answer.status_code == 200 and SECRET not in answer.text
        result = last_event(answer.text.replace("\r\n", "\n"))["result"]
        assert result["isError"] is True, name
        return str(result["structuredContent"]["code"])

    for about in descriptions():
        named = {each.name: VALUES.get(each.name, values["take"]) for each in about.arguments if each.required}
        files = [each.name for each in about.arguments if each.type in (Upload, Upload | None)]
        for film in (values["film_id"], f"../otto/{values['film_id']}") if "film" in named else ():
            given = named | {"film": film} | dict.fromkeys(files, "data:image/png;base64,QUJD")
            assert code(about.name, given) == "not_found", about.name
        own = {"film": house.access.pages.studio("mira").create("takes").id} if files and "film" in named else {}
        for file, at in ((file, at) for file in attacks.FOREIGN for at in files):
            assert code(about.name, named | own | {at: file.format(**values)}) == "bad_input", (about.name, file)
