"""The real page on a fake engine, served for programs: one for its owner, one that is shared."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from gradio_client import utils

from studio.catalogue.cards import ADAPTER, RECALL, ModelCard, ModelFile
from studio.catalogue.cards import MEMORY as PLACES
from studio.client import Client, Film
from studio.session import Studio
from studio.ui.page import build, launch_options
from tests.fake_engine import FakeEngine, card
from tests.lora_shelves import model
from tests.served_pages import close_page
from tests.shelves import make_film, picture, render_all

MEMORY = (ModelFile(ADAPTER, 1, "0" * 64),)
"""Of a model with a memory that grows."""


def others(models: Path) -> tuple[ModelCard, ...]:
    """Models that a film may be set to: one that takes marks, one whose memory is a map, one that is asked for places."""
    cards = []
    for name, files, changes in (
        ("wide", (), {"sizes": ((640, 384), (64, 48))}), ("map", (ADAPTER, RECALL), {}),
        ("places", (PLACES,), {"kind": "panorama", "window": 2}),
    ):
        (models / name).mkdir(parents=True)
        for file in files:
            (models / name / file).write_bytes(b"0")
        cards.append(card(name, folder=models / name, files=tuple(ModelFile(file, 1, "0" * 64) for file in files), **changes))
    return tuple(cards)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Served:
    """A studio that is served."""

    url: str
    studio: Studio
    engine: FakeEngine
    picture: Path
    public: bool = False
    clients: dict[str, Client] = field(default_factory=dict)

    def client(self, language: str = "en") -> Client:
        """A program. On a page that knows no visitors apart it is always the same one: to connect takes longer than to call."""
        if self.public:
            return Client(self.url, language)
        if language not in self.clients:
            self.clients[language] = Client(self.url, language)
        return self.clients[language]

    def other_client(self) -> Client:
        """A program beside that one."""
        return Client(self.url)

    def film(self, *prompts: str, sections: int = 1, made: bool = True) -> Film:
        """A film that was made on the page, as a program sees it."""
        session = make_film(self.studio, *prompts, sections=sections)
        return self.client().film((render_all(session) if made else session).id)


@contextmanager
def served(folder: Path, public: bool = False, agents: bool = False) -> Iterator[Served]:
    engine = FakeEngine()
    models = folder / "models"
    studio = Studio(folder / "projects", engine, (model(models, files=MEMORY), *others(models)), shared=public)
    studio.home.mkdir()
    page = build(studio, public=public)
    options: dict[str, Any] = launch_options(public)
    if agents:
        from studio.mcp.http import app_options

        options["app_kwargs"] = app_options(studio, public, "127.0.0.1")
    page.launch(**options, server_name="127.0.0.1", server_port=free_port(), prevent_thread_lock=True, quiet=True)
    try:
        yield Served(page.local_url.rstrip("/"), studio, engine, picture(folder), public)
    finally:
        close_page(page)


@pytest.fixture(autouse=True, scope="session")
def _quick_answers() -> Iterator[None]:
    """Gradio's client looks every 50 ms whether there is an answer; here it looks every 5."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(utils, "time", SimpleNamespace(sleep=lambda seconds: time.sleep(seconds / 10)))
        yield


@pytest.fixture(scope="session")
def own_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("own")) as page:
        yield page


@pytest.fixture(scope="session")
def shared_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("shared"), public=True) as page:
        yield page


@pytest.fixture
def own(own_page: Served) -> Iterator[Served]:
    own_page.engine.gate, own_page.engine.fail_at, own_page.engine.step_seconds = None, None, 0.0
    yield own_page
    own_page.engine.gate = None
