"""Model folders and a request, shared by the engine's tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from studio.backbones.load import load
from studio.catalogue.cards import ModelCard, read_card
from studio.engine.events import Event, RenderRequest
from studio.engine.input_reader import InputReader, TakeInputs
from studio.engine.jobs import Stop
from studio.engine.render import Renderer
from studio.lab import tiny
from tests import folders

Ask = Callable[..., RenderRequest]
Take = Callable[..., Event]
ROOT = Path(__file__).parents[2]
SMALL = (160, 96)
"""Half as wide as the films that the model was trained on, for what holds at any size: a section takes a third of the time."""
LARGE = (384, 192)
"""A small one of the large sizes: the picture is seen through V = 2."""
KINDS = ("small", "remembering", "large", "helios")


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ModelCard]:
    root = tmp_path_factory.mktemp("models")
    return {name: getattr(folders, name)(root / name) for name in KINDS}


@pytest.fixture(scope="session", params=KINDS)
def renderer(request: pytest.FixtureRequest, models: dict[str, ModelCard]) -> Renderer:
    return Renderer(load(models[request.param], "cpu"))


@pytest.fixture(scope="session")
def shipped() -> Renderer:
    """The model that ships, loaded once for all tests of a process: what it renders depends on the request alone."""
    return Renderer(load(read_card(ROOT / "models" / "memorypack-mini"), "cpu"))


@pytest.fixture(scope="session")
def zoomed(shipped: Renderer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with takes a to d: the film zooms out and in again, and stands still until no recent frame shows the margins."""
    folder = tmp_path_factory.mktemp("zoomed")
    take = lighthouse_takes(shipped, folder)
    parent = None
    for name, prompt in (("a", "the camera zooms out"), ("b", "the camera zooms in"), ("c", ""), ("d", "")):
        take(name, parent, prompt, drawn=name == "d")
        parent = folder / name
    return folder


@pytest.fixture(scope="session")
def long(shipped: Renderer, zoomed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A take after the take a of `zoomed` that is longer than what a snapshot keeps of it: a pan to the right of three sections."""
    folder = tmp_path_factory.mktemp("long")
    lighthouse_takes(shipped, folder)("long", zoomed / "a", "the camera pans right", sections=3)
    return folder / "long"


@pytest.fixture(scope="session")
def zoomed_out(shipped: Renderer, zoomed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two takes after the take d of `zoomed`, which zoom out once more: with their own psi, and with psi_0."""
    folder = tmp_path_factory.mktemp("zoomed_out")
    take = lighthouse_takes(shipped, folder)
    take("own", zoomed / "d", "the camera zooms out", psi_of=zoomed / "d")
    take("begin", zoomed / "d", "the camera zooms out", psi_of="begin")
    return folder


@pytest.fixture(scope="session")
def large_pan(shipped: Renderer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with takes a and b of a large film: a pan to the right, and one back."""
    folder = tmp_path_factory.mktemp("large_pan")
    take = lighthouse_takes(shipped, folder)
    take("a", None, "the camera pans right", size=LARGE, drawn=True)
    take("b", folder / "a", "the camera pans left", size=LARGE)
    return folder


@pytest.fixture()
def take(shipped: Renderer, tmp_path: Path) -> Take:
    """Renders a take of one section in a folder of its own: the model that ships, of the lighthouse."""
    return lighthouse_takes(shipped, tmp_path)


def lighthouse_takes(renderer: Renderer, folder: Path) -> Take:
    """Renders a take of one section of the lighthouse in a folder of its own.

    What its memory holds is drawn where it is asked for: that takes a sixth of the time, and is looked at in few tests.
    """
    with Image.open(ROOT / "assets/examples/lighthouse/lighthouse.jpg") as image:
        image.resize((400, 240)).save(folder / "lighthouse.png")

    def render(
        name: str, parent: Path | None = None, prompt: str = "static shot", *, drawn: bool = False, **changes: object
    ) -> Event:
        (folder / name).mkdir(exist_ok=True)
        facts: dict[str, object] = {
            "take": name, "model": "memorypack-mini", "prompt": prompt, "seed": 3, "sections": 1, "steps": 1, "guidance": 1.0,
            "size": SMALL, "reference": folder / "lighthouse.png", "parent": parent, "folder": folder / name}
        with pytest.MonkeyPatch.context() as patch:
            if not drawn:
                patch.setattr("studio.engine.render.draw_memory", lambda *_: None)
            return list(renderer.render(RenderRequest(**{**facts, **changes}), Stop()))[-1]      # type: ignore[arg-type]

    return render


def take_inputs(renderer: Renderer, request: RenderRequest) -> TakeInputs:
    """What a take begins with: its words and picture as the network is given them, and the snapshot before it."""
    reading = InputReader(renderer.model).read(request, 0)
    while True:
        try:
            next(reading)
        except StopIteration as done:
            return done.value                    # type: ignore[no-any-return]


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
