"""Nobody passes the door without a session or a token, and behind it each user has a studio of their own."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.types import Message, Receive, Scope, Send

from studio.access import door
from studio.access.limits import Limits, place
from studio.access.login_page import login_page, preferred_language
from studio.access.users import User
from studio.language import LANGUAGES
from studio.media import allowance
from studio.ui.api import PageApi
from tests.access.conftest import PASSWORDS, SECRET, House

BROWSER = {"accept": "text/html,*/*"}


def test_a_browser_is_led_to_the_login_page_and_back(house: House) -> None:
    client = house.client()
    asked = client.get("/?project=x&take=y", headers=BROWSER, follow_redirects=False)
    assert (asked.status_code, asked.headers["location"]) == (303, "login?project=x&take=y")
    shown = client.get("/login?project=x", headers=BROWSER | {"accept-language": "de-AT,en;q=0.5"})
    assert '<html lang="de">' in shown.text and "Passwort" in shown.text and "<script" not in shown.text
    assert 'action="login?project=x"' in shown.text and "default-src 'none'" in shown.headers["content-security-policy"]
    wrong = client.post("/login", data={"username": "<b>mira", "password": "no"}, headers=BROWSER)
    assert wrong.status_code == 401 and "do not belong together" in wrong.text and "&lt;b&gt;mira" in wrong.text
    right = client.post("/login?project=x", data={"username": " Mira ", "password": PASSWORDS["mira"]}, headers=BROWSER,
                        follow_redirects=False)
    assert (right.status_code, right.headers["location"]) == (303, "./?project=x")
    cookie = right.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Max-Age=604800" in cookie and "Secure" not in cookie
    assert "MemoryPack Studio" in client.get("/", headers=BROWSER).text


def test_the_cookie_is_kept_to_https_where_the_page_is(house: House) -> None:
    form = {"username": "mira", "password": PASSWORDS["mira"]}
    assert "Secure" in house.client().post("/login", data=form, headers={"x-forwarded-proto": "https"}).headers["set-cookie"]


def test_every_user_has_films_of_their_own(house: House) -> None:
    mira, otto = house.client("mira"), house.client("otto")
    made = house.call(mira, "create", name="Mira's film")[0]
    assert house.call(mira, "status", film=made["id"])[0]["name"] == "Mira's film"
    assert house.call(otto, "status", film=made["id"])["title"] == "not_found"
    assert [film["id"] for film in house.call(otto, "films")[0]] == [house.film.id]
    assert (house.home / "users" / "mira" / made["id"] / "project.json").is_file()


def test_a_token_reaches_its_users_films_alone(house: House) -> None:
    otto, mira = ({"authorization": f"Bearer {house.tokens[name]}"} for name in ("otto", "mira"))
    path = quote(str(house.film.folder / "project.json"))
    client = house.client()
    assert SECRET in client.get(f"/gradio_api/file={path}", headers=otto).text
    assert client.get(f"/gradio_api/file={path}", headers=mira).status_code == 403
    for token in ("Bearer", "Bearer ", "Bearer wrong", "bearer \x80"):
        answer = client.get("/config", headers={"authorization": token.encode("latin-1")})
        assert answer.status_code == 401 and answer.json()["code"] == "login", token


def test_leaving_ends_the_session_and_only_a_word_of_the_page_does_so(house: House) -> None:
    client = house.client("mira")
    assert client.get("/logout").status_code == 405 and client.get("/config").status_code == 200
    assert client.post("/logout", headers={"origin": "https://elsewhere.example"}).status_code == 403
    key = client.cookies[house.access.cookie]
    assert client.post("/logout").status_code == 204 and house.access.cookie not in client.cookies
    assert client.get("/config", headers={"cookie": f"{house.access.cookie}={key}"}).status_code == 401


def test_another_password_ends_sessions(house: House) -> None:
    house.users.add("nina", "nina's password")
    PASSWORDS["nina"] = "nina's password"
    client = house.client("nina")
    assert client.get("/config").status_code == 200
    house.users.set_password("nina", "the next password")
    assert client.get("/config").status_code == 401
    house.users.remove("nina")


@pytest.mark.parametrize("headers", [
    {"origin": "https://elsewhere.example"}, {"origin": "null"}, {"origin": "http://127.0.0.1:8080"},
    {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site", "origin": "http://127.0.0.1:7860"},
])  # fmt: skip
def test_pages_of_other_sites_cannot_use_a_session(house: House, headers: dict[str, str]) -> None:
    client = house.client("mira")
    assert client.post("/gradio_api/call/v2/v1_create", json={}, headers=headers).status_code == 403
    assert client.get("/config", headers=headers | {"sec-fetch-mode": "cors"}).status_code == 403
    assert client.post("/login", data={"username": "mira", "password": "x"}, headers=headers).status_code == 403


def test_the_own_page_and_links_from_elsewhere_can(house: House) -> None:
    client = house.client("mira")
    for headers in ({"origin": "http://127.0.0.1:7860"}, {"sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}):
        assert client.get("/config", headers=headers).status_code == 200, headers
    link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"} | BROWSER
    assert client.get("/", headers=link).status_code == 200


def test_wrong_passwords_are_counted_by_address_and_by_user() -> None:
    limits = Limits()
    assert [limits.login("192.0.2.1", "mira") for _ in range(10)] == [0] * 10
    assert 0 < limits.login("192.0.2.1", "otto") <= 300 and limits.login("192.0.2.2", "otto") == 0
    limits.right("192.0.2.1")
    assert limits.login("192.0.2.1", "otto") == 0
    assert any(limits.login(f"198.51.100.{i % 250}", "nina") for i in range(301)), "from many addresses"
    assert limits.user("mira", "POST") == 0 and limits.stranger("192.0.2.1") == 0


def test_one_network_of_ipv6_counts_as_one_address() -> None:
    assert place("2001:db8::1") == place("2001:db8::ffff") != place("2001:db8:0:1::1")
    assert place("::ffff:192.0.2.1") == place("192.0.2.1") and place("testclient") == "testclient"


def test_too_many_tries_are_a_sentence_and_a_time_to_wait(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house.access, "limits", Limits())
    client, form = house.client(), {"username": "mira", "password": "wrong"}
    answers = [client.post("/login", data=form) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert answers[-1].json()["code"] == "limit" and int(answers[-1].headers["retry-after"]) > 0
    shown = client.post("/login", data=form, headers=BROWSER | {"accept-language": "de"})
    assert shown.status_code == 429 and re.search(r"zu viele Versuche. \d+ s warten", shown.text)


def test_an_upload_without_room_is_not_received(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allowance, "_allowances", [])
    client = house.client("mira")
    uploads = house.home / "users/mira/.uploads"
    before = sorted(uploads.rglob("*"))
    allowance.allow(house.home / "users/mira", 10**6)
    refused = client.post("/gradio_api/upload", files={"files": ("large.bin", bytes(2 * 10**6))})
    assert refused.status_code == 507 and "Empty the trash" in refused.text and sorted(uploads.rglob("*")) == before
    endless = client.post("/gradio_api/upload", content=iter([b"x"]), headers={"content-type": "multipart/form-data"})
    assert endless.status_code == 411
    page = PageApi(house.access.pages.studio("mira"), (), uploads)
    assert "Empty the trash" in page.answer({"verb": "uploads", "size": 2 * 10**6})["answer"]["problem"]
    assert page.answer({"verb": "uploads", "size": 10})["answer"]["problem"] == ""
    assert house.client("otto").post("/gradio_api/upload", files={"files": ("x.bin", bytes(2 * 10**6))}).status_code == 200


def test_the_language_is_the_first_that_is_known() -> None:
    assert preferred_language("fr, de;q=0.8, en;q=0.9") == "en" and preferred_language("de-CH,de;q=0.9,en;q=0.8") == "de"
    assert [preferred_language(text) for text in ("", "xx", ";q=", "de;q=x", "," * 900)] == ["en"] * 5


def test_the_page_is_whole_in_every_language() -> None:
    for language in LANGUAGES:
        for name in (None, "", "mira"):
            text = login_page(language, name=name)
            assert "$" not in text and text.count("autofocus") == 1 and ("username" in text) == (name is not None)
            assert text.count("--paper:") == 2, "light and dark"


def test_the_file_of_the_page_is_part_of_the_package() -> None:
    import tomllib

    root = Path(__file__).parents[2]
    data = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    assert data["studio.access"] == ["*.html"]


def test_a_stream_ends_with_its_session_and_a_file_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "LOOK_AGAIN_SECONDS", -1.0)
    sent: list[Message] = []

    async def play(headers: list[tuple[bytes, bytes]], present: list[bool]) -> None:
        async def page(scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            for part in range(3):
                present[0] = part < 1
                await send({"type": "http.response.body", "body": b"x", "more_body": part < 2})

        async def send(message: Message) -> None:
            sent.append(message)

        user = User("mira", "hash")
        await door._serve(page, {"type": "http"}, send, send, lambda: user if present[0] else None)  # type: ignore[arg-type]

    for headers, bodies in (([], [b"x", b""]), ([(b"Content-Length", b"3")], [b"x", b"x", b"x"])):
        sent.clear()
        with ThreadPoolExecutor(1) as thread:
            thread.submit(lambda given=headers: asyncio.run(play(given, [True]))).result(10)
        assert [message["body"] for message in sent[1:]] == bodies and not sent[-1]["more_body"]
