"""Without a password too, pages of other sites and names that lead here by a trick are not answered."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from studio.access.origins import LOCAL, OwnPages, is_own


def client(root_path: str = "", hosts: tuple[str, ...] = LOCAL) -> TestClient:
    routes = [Route(path, lambda _: PlainTextResponse("here"), methods=["GET", "POST"]) for path in ("/", "/mcp")]
    middleware = [Middleware(OwnPages, root_path=root_path, hosts=hosts)]
    return TestClient(Starlette(routes=routes, middleware=middleware), base_url="http://127.0.0.1:7860")


@pytest.mark.parametrize(("headers", "status"), [
    ({}, 200),
    ({"origin": "http://127.0.0.1:7860"}, 200),
    ({"origin": "http://localhost:7860", "host": "localhost:7860"}, 200),
    ({"origin": "http://[::1]:7860", "host": "[::1]:7860"}, 200),
    ({"origin": "http://localhost:7860"}, 403),
    ({"origin": "http://127.0.0.1:8080"}, 403),
    ({"origin": "https://elsewhere.example"}, 403),
    ({"origin": "null"}, 403),
    ({"origin": "http://[broken"}, 403),
    ({"sec-fetch-site": "cross-site"}, 403),
    ({"sec-fetch-site": "same-site"}, 403),
    ({"sec-fetch-site": "same-origin", "host": "rebound.example:7860", "origin": "http://rebound.example:7860"}, 421),
    ({"host": "rebound.example"}, 421),
    ({"host": "127.0.0.1.rebound.example"}, 421),
    ({"host": "[broken"}, 421),
    ({"host": ""}, 421),
])  # fmt: skip
def test_only_the_own_page_and_programs_are_answered(headers: dict[str, str], status: int) -> None:
    answer = client().post("/", headers=headers)
    assert answer.status_code == status, answer.text
    assert status == 200 or "--root-path" in answer.text


def test_a_link_from_elsewhere_opens_the_page_and_does_nothing_else() -> None:
    link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert client().get("/", headers=link).status_code == 200
    assert client().post("/", headers=link).status_code == 403
    assert client().get("/", headers={"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}).status_code == 403


def test_behind_a_proxy_its_name_is_the_own_one() -> None:
    proxied = client("https://films.example/studio", ())
    assert proxied.post("/", headers={"origin": "https://films.example"}).status_code == 200
    assert proxied.post("/", headers={"origin": "https://films.example.evil.example"}).status_code == 403
    assert is_own(Headers({"origin": "https://a.example", "host": "a.example"}))


def test_the_agents_server_looks_for_itself() -> None:
    assert client().post("/mcp", headers={"origin": "http://localhost:6274"}).status_code == 200
