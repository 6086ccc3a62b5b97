"""The real page on a fake engine, served for programs: one for its owner, one that is shared."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from studio.catalogue.cards import ADAPTER, ModelFile
from studio.client import Client
from studio.session import Studio
from studio.ui.page import build, launch_options
from tests.fake_engine import FakeEngine
from tests.lora_shelves import model
from tests.shelves import picture

MEMORY = (ModelFile(ADAPTER, 1, "0" * 64),)
"""Of a model with a memory that grows."""


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

    def client(self, language: str = "en") -> Client:
        return Client(self.url, language)


@contextmanager
def served(folder: Path, public: bool = False, agents: bool = False) -> Iterator[Served]:
    engine = FakeEngine()
    studio = Studio(folder / "projects", engine, (model(folder / "models", files=MEMORY),), shared=public)
    studio.home.mkdir()
    page = build(studio, public=public)
    options: dict[str, Any] = launch_options(public)
    if agents:
        from studio.mcp.http import app_options

        options["app_kwargs"] = app_options(studio, public, "127.0.0.1")
    page.launch(**options, server_name="127.0.0.1", server_port=free_port(), prevent_thread_lock=True, quiet=True)
    try:
        yield Served(page.local_url.rstrip("/"), studio, engine, picture(folder))
    finally:
        page.close(verbose=False)


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
