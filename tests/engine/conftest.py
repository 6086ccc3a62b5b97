"""Model folders and a request, shared by the engine's tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.backbones.load import load
from studio.catalogue.cards import ModelCard
from studio.engine.events import RenderRequest
from studio.engine.render import Renderer
from studio.lab import tiny
from tests import folders

Ask = Callable[..., RenderRequest]
KINDS = ("small", "remembering", "large", "helios")


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ModelCard]:
    root = tmp_path_factory.mktemp("models")
    return {name: getattr(folders, name)(root / name) for name in KINDS}


@pytest.fixture(scope="session", params=KINDS)
def renderer(request: pytest.FixtureRequest, models: dict[str, ModelCard]) -> Renderer:
    return Renderer(load(models[request.param], "cpu"))


@pytest.fixture()
def ask(tmp_path: Path) -> Ask:
    """Make requests; each take gets a folder of its own."""
    tiny.picture(size=96).save(tmp_path / "reference.png")

    def make(take: str = "a", **changes: Any) -> RenderRequest:
        folder = tmp_path / take
        folder.mkdir(exist_ok=True)
        facts: dict[str, Any] = {
            "take": take, "model": "small", "prompt": "the camera pans left", "seed": 7, "sections": 1, "steps": 2,
            "guidance": 4.5, "size": (64, 32), "reference": tmp_path / "reference.png", "parent": None, "folder": folder,
        }
        return RenderRequest(**{**facts, **changes})

    return make
