"""Memory tests by the model that ships: a section with its own psi, with psi_0, and with that of another take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from studio.backbones.load import load
from studio.catalogue.cards import read_card
from studio.engine import take_folder
from studio.engine.events import Event, Failed, RenderRequest, TakeDone
from studio.engine.jobs import Stop
from studio.engine.render import Renderer
from studio.media.clip import read_clip
from studio.media.difference import psnr
from studio.memory.snapshot import read_snapshot

ROOT = Path(__file__).parents[2]
Take = Callable[..., Event]
SMALL, LARGE = (320, 192), (384, 384)


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(load(read_card(ROOT / "models" / "memorypack-mini"), "cpu"))


@pytest.fixture()
def take(renderer: Renderer, tmp_path: Path) -> Take:
    """Renders a take of one section in a folder of its own."""
    with Image.open(ROOT / "assets/examples/lighthouse/lighthouse.jpg") as image:
        image.resize((800, 480)).save(tmp_path / "lighthouse.png")

    def render(name: str, parent: str | None = None, prompt: str = "static shot", **changes: object) -> Event:
        (tmp_path / name).mkdir(exist_ok=True)
        facts: dict[str, object] = {
            "take": name, "model": "memorypack-mini", "prompt": prompt, "seed": 3, "sections": 1, "steps": 1, "guidance": 1.0,
            "size": SMALL, "reference": tmp_path / "lighthouse.png", "parent": tmp_path / parent if parent else None,
            "folder": tmp_path / name}
        return list(renderer.render(RenderRequest(**{**facts, **changes}), Stop()))[-1]      # type: ignore[arg-type]

    return render


def frames(folder: Path) -> NDArray[np.uint8]:
    return read_clip(folder / take_folder.CLIP)


def test_what_only_memory_can_supply(take: Take, tmp_path: Path) -> None:
    """The film zooms out and in again, and stands still until no recent frame shows the margins. Then it zooms out once more."""
    zoom = "the camera zooms out"
    for name, parent, prompt in (("a", None, zoom), ("b", "a", "the camera zooms in"), ("c", "b", ""), ("d", "c", "")):
        assert isinstance(take(name, parent, prompt), TakeDone)
    take("plain", "d", zoom)
    take("own", "d", zoom, psi_of=tmp_path / "d")
    take("begin", "d", zoom, psi_of="begin")
    take("other", "d", zoom, psi_of=tmp_path / "a")
    own = frames(tmp_path / "own")
    assert np.array_equal(own, frames(tmp_path / "plain")), "its own psi is what the film goes on with"
    assert not (tmp_path / "plain" / take_folder.RECALLED).exists()
    recalled = take_folder.read_recalled(tmp_path / "own")
    assert recalled is not None and recalled.shape == own.shape[:3]
    assert 0.1 < recalled.mean() < 0.5
    last = recalled[-1]
    assert last[20:170, 8:28].mean() > 0.95 and not last[30:150, 50:270].any(), "the margin, and nothing that recent frames show"
    begin, there, elsewhere = frames(tmp_path / "begin"), *(part for part in (recalled, ~recalled))
    without = psnr(own, begin, there)
    outside = psnr(own, begin, elsewhere)
    assert without is not None and outside is not None and without < 30 < outside
    nothing = take_folder.read_recalled(tmp_path / "begin")
    assert nothing is not None and nothing.mean() < recalled.mean() / 2, "psi_0 knows little of the margins"
    assert psnr(own, frames(tmp_path / "other"), there) is not None


def test_a_still_section_asks_memory_for_nothing(take: Take, tmp_path: Path) -> None:
    take("a")
    take("own", "a", psi_of=tmp_path / "a")
    recalled = take_folder.read_recalled(tmp_path / "own")
    assert recalled is not None and not recalled.any() and recalled.shape == frames(tmp_path / "own").shape[:3]


def test_a_large_film_is_the_same_without_what_it_has_seen(take: Take, tmp_path: Path) -> None:
    """What the page says of large films: psi is the picture, and does not change."""
    take("a", None, "the camera pans right", size=LARGE)
    take("own", "a", "the camera pans left", size=LARGE, psi_of=tmp_path / "a")
    take("begin", "a", "the camera pans left", size=LARGE, psi_of="begin")
    assert np.array_equal(frames(tmp_path / "own"), frames(tmp_path / "begin"))
    kept, begun = (read_snapshot(tmp_path / name / take_folder.SNAPSHOT).psi for name in ("a", "begin"))
    assert kept is not None and begun is not None and bool((kept == begun).all())
    assert take_folder.read_recalled(tmp_path / "own") is None


def test_a_psi_that_is_not_there(take: Take, tmp_path: Path) -> None:
    take("a")
    (tmp_path / "gone").mkdir()
    failed = take("own", "a", psi_of=tmp_path / "gone")
    assert isinstance(failed, Failed) and "is missing" in failed.message
