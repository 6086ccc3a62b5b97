"""Servers that answer in place of the hub: portals of hotels, mirrors, proxies. Each is a sentence, and nothing is lost."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from huggingface_hub import constants

from studio.catalogue.cards import ModelCard
from studio.catalogue.hub.download import plan_download
from studio.catalogue.hub.errors import FetchError
from studio.catalogue.hub.fetch import fetch
from tests import folders
from tests.catalogue import fake_hub

Answer = tuple[int, dict[str, str], bytes, str]
"""Status (0: none), headers, body, and a part of what is said of it."""
SHA = "0123456789abcdef0123456789abcdef01234567"
FILE = {"rfilename": "transformer/config.json", "size": 2, "blobId": SHA}
PORTAL = b"<html><body>Welcome to the hotel's network. Please log in.</body></html>"
STRANGE = "answered, but not as the hub does"
BROKEN = "could not be reached, or the connection broke"


def listing(**facts: object) -> bytes:
    return json.dumps({"id": "a/b", "sha": SHA, "siblings": [FILE], **facts}).encode()


ANSWERS: dict[str, Answer] = {
    "{}": (200, {}, b"{}", STRANGE),
    "portal": (200, {"Content-Type": "text/html"}, PORTAL, STRANGE),
    "nothing in it": (200, {}, b"", STRANGE),
    "list": (200, {}, b"[]", STRANGE), "null": (200, {}, b"null", STRANGE), "text": (200, {}, b'"hello"', STRANGE),
    "half": (200, {}, listing()[:60], STRANGE),
    "not UTF-8": (200, {}, b'{"id": "\xff\xfe"}', STRANGE),
    "no commit": (200, {}, listing(sha=None), STRANGE), "odd commit": (200, {}, listing(sha="../../etc"), STRANGE),
    "odd files": (200, {}, listing(siblings={"a": 5}), STRANGE),
    "odd name": (200, {}, listing(siblings=[{"rfilename": 5}]), STRANGE),
    "no name": (200, {}, listing(siblings=[{"size": 5}]), STRANGE),
    "no files": (200, {}, listing(siblings=None), "has nothing for"),
    "error": (500, {}, PORTAL, "error 500"), "unavailable": (503, {}, b"", "error 503"),
    "redirects for ever": (302, {"Location": "/again"}, b"", BROKEN),
    "cut": (200, {"Content-Length": "100000"}, listing(), BROKEN),
    "ends the connection": (0, {}, b"", BROKEN),
}


@pytest.fixture
def answer() -> Iterator[list[Answer]]:
    """A list with one answer, which a server on this machine gives to everything; the address is its second entry."""
    given: list[Answer] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            return

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            status, headers, body, _ = given[0]
            if status:
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(body)), "Content-Type": "application/json"} | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)
            self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    given += [(0, {}, b"", ""), (0, {}, b"", f"http://127.0.0.1:{server.server_address[1]}")]
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield given
    server.shutdown()
    server.server_close()


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelCard:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.delenv("STUDIO_MODELS", raising=False)
    return fake_hub.card_of(tmp_path / "models" / "large")


@pytest.mark.parametrize("kind", ANSWERS)
def test_another_answer_than_the_hubs_is_a_sentence(card: ModelCard, answer: list[Answer], kind: str) -> None:
    answer[0] = ANSWERS[kind]
    with pytest.raises(FetchError) as caught:
        plan_download(card, (), endpoint=answer[1][3])
    told = str(caught.value)
    assert ANSWERS[kind][3] in told and "\n" not in told and len(told) < 500, told
    assert not list(card.folder.glob(".incoming/*"))


@pytest.mark.parametrize("kind", ["{}", "portal", "error", "redirects for ever", "cut", "ends the connection"])
def test_a_portal_that_appears_during_a_download_costs_nothing(
    card: ModelCard, tmp_path: Path, answer: list[Answer], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sleep = time.sleep
    monkeypatch.setattr(time, "sleep", lambda seconds: sleep(seconds / 100))     # between two attempts of the hub's client
    hub, server = fake_hub.serve()
    try:
        fake_hub.fill(hub, folders.large(tmp_path / "source"), card.sources)
        plan = plan_download(card, (), endpoint=hub.url)
    finally:
        server.shutdown()
        server.server_close()
    answer[0] = ANSWERS[kind]
    with pytest.raises(FetchError) as caught:
        fetch(replace(plan, endpoint=answer[1][3]), lambda count, path: None)
    assert "\n" not in str(caught.value)
    assert not [path for path in card.folder.rglob("*.safetensors") if ".incoming" not in path.parts]
