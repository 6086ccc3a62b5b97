"""New shots by the model that ships: a hard cut to another picture, back to the reference, or to a frame of the film."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from studio.engine import take_folder
from studio.engine.events import Event, Failed, RenderRequest, ShotStart, TakeDone
from studio.engine.jobs import Stop
from studio.engine.render import Renderer
from studio.media.clip import read_clip
from studio.memory.snapshot import read_snapshot
from tests.engine.conftest import LARGE, SMALL

ROOT = Path(__file__).parents[2]
Take = Callable[..., Event]


@pytest.fixture()
def take(shipped: Renderer, tmp_path: Path) -> Take:
    """Renders a take of one section in a folder of its own."""
    for name in ("lighthouse", "desert"):
        with Image.open(ROOT / f"assets/examples/{name}/{name}.jpg") as image:
            image.resize((800, 480)).save(tmp_path / f"{name}.png")

    def render(name: str, parent: str | None = None, picture: str = "lighthouse", **changes: object) -> Event:
        (tmp_path / name).mkdir(exist_ok=True)
        facts: dict[str, object] = {
            "take": name, "model": "memorypack-mini", "prompt": "static shot", "seed": 3, "sections": 1, "steps": 1,
            "guidance": 1.0,
            "size": LARGE, "reference": tmp_path / f"{picture}.png", "parent": tmp_path / parent if parent else None,
            "folder": tmp_path / name, "frame": (0.2, 0.3, 0.48, 0.4)}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("studio.engine.render.draw_memory", lambda *_: None)                # nobody looks at it here
            return list(shipped.render(RenderRequest(**{**facts, **changes}), Stop()))[-1]      # type: ignore[arg-type]

    return render


def frames(folder: Path) -> NDArray[np.float32]:
    return read_clip(folder / take_folder.CLIP).astype(np.float32)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_a_cut_to_another_picture_and_back(take: Take, tmp_path: Path, size: tuple[int, int]) -> None:
    take("a", size=size, prompt="the camera pans right")
    take("b", "a", picture="desert", size=size, shot=ShotStart(None))
    take("alone", picture="desert", size=size)
    assert np.abs(frames(tmp_path / "b") - frames(tmp_path / "alone")).max() == 0, "nothing of the shot before is mixed in"
    take("d", "b", size=size, shot=ShotStart(tmp_path / "a"))
    take("first", size=size)
    now, then = frames(tmp_path / "d"), frames(tmp_path / "first")
    assert np.abs(now[0] - then[0]).mean() < 3, "the first view again"
    memory, kept = (read_snapshot(tmp_path / name / take_folder.SNAPSHOT) for name in ("d", "a"))
    assert memory.psi is not None and kept.psi is not None
    begun = read_snapshot(tmp_path / "first" / take_folder.SNAPSHOT)
    assert begun.psi is not None
    if size == LARGE:
        assert torch.equal(memory.psi, kept.psi), "the scene of the first shot"
    else:
        assert not torch.equal(memory.psi, begun.psi), "the map goes on from what the first shot has shown"


def test_a_cut_to_a_frame_of_the_film(take: Take, tmp_path: Path) -> None:
    take("a", prompt="the camera pans right")
    take("b", "a", prompt="night falls")
    shown = frames(tmp_path / "a")
    at = 4 * 8 - 1                                        # the last frame of the fourth latent
    take("c", "b", shot=ShotStart(tmp_path / "b", tmp_path / "a", at))
    now = frames(tmp_path / "c")
    assert np.abs(now[0] - shown[at]).mean() < 2.5 < np.abs(now[0] - shown[0]).mean()
    snapshot = read_snapshot(tmp_path / "c" / take_folder.SNAPSHOT)
    assert snapshot.sections == 1


def test_a_frame_without_a_state_says_so(take: Take, tmp_path: Path) -> None:
    take("a", sections=3)
    failed = take("b", "a", shot=ShotStart(tmp_path / "a", tmp_path / "a", 3))
    assert isinstance(failed, Failed) and "Choose a later frame" in failed.message
    assert isinstance(take("c", "a", shot=ShotStart(tmp_path / "a", tmp_path / "a", 3 * 72 - 1)), TakeDone)
