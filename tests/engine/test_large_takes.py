"""Takes of large films, by the model that ships: the frames of a picture that is larger than the frame, at their own rate."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event as Flag

import numpy as np
import pytest
import torch
from PIL import Image

from studio.backbones.load import load
from studio.catalogue.cards import read_card
from studio.engine import take_folder
from studio.engine.events import Failed, RenderRequest, Step, TakeDone
from studio.engine.render import Renderer
from studio.media.clip import probe, read_clip
from studio.memory.snapshot import read_snapshot

ROOT = Path(__file__).parents[2]
FRAME = (0.3, 0.25, 0.5, 0.5)
Take = Callable[..., list[object]]


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(load(read_card(ROOT / "models" / "memorypack-mini"), "cpu"))


@pytest.fixture()
def take(renderer: Renderer, tmp_path: Path) -> Take:
    """Renders a take in a folder of its own and returns its events."""
    Image.open(ROOT / "assets/examples/lighthouse/lighthouse.jpg").save(tmp_path / "reference.png")

    def render(name: str, **changes: object) -> list[object]:
        (tmp_path / name).mkdir(exist_ok=True)
        facts: dict[str, object] = {
            "take": name, "model": "memorypack-mini", "prompt": "the camera pans left", "seed": 3, "sections": 1, "steps": 2,
            "guidance": 1.0, "size": (640, 384), "reference": tmp_path / "reference.png", "parent": None,
            "folder": tmp_path / name, "frame": FRAME}
        return list(renderer.render(RenderRequest(**{**facts, **changes}), Flag()))  # type: ignore[arg-type]

    return render


def test_a_large_film(take: Take, tmp_path: Path) -> None:
    events = take("a", sections=2)
    assert isinstance(events[-1], TakeDone), events[-1]
    assert sum(isinstance(event, Step) for event in events) == 4
    facts = probe(tmp_path / "a" / take_folder.CLIP)
    assert (facts.width, facts.height, facts.fps, facts.frames) == (640, 384, 24, 144)

    snapshot = read_snapshot(tmp_path / "a" / take_folder.SNAPSHOT)
    assert snapshot.model.endswith("@640x384")
    assert snapshot.start.shape[-2:] == (12, 20)
    assert (tmp_path / "a" / take_folder.SNAPSHOT).stat().st_size < 6e6
    assert (tmp_path / "a" / take_folder.MEMORY).is_file()

    # The first frame is the artist's own picture, framed, and the last one is the picture's left part: the camera stops there.
    frames = read_clip(tmp_path / "a" / take_folder.CLIP).astype(np.float32)
    whole = Image.open(tmp_path / "reference.png").resize((1280, 768), Image.Resampling.LANCZOS)
    for at, left in ((0, 0.3 * 1280), (-1, 0)):
        best = min(float(np.abs(frames[at] - np.asarray(whole.crop((x, 192, x + 640, 576)), np.float32)).mean())
                   for x in range(max(0, int(left) - 8), int(left) + 9))
        assert best < 4.0, (at, best)

    # Two takes of one section each are the same film, and a cut take that goes on is too.
    assert isinstance(take("b")[-1], TakeDone)
    assert isinstance(take("c", parent=tmp_path / "b", seed=4)[-1], TakeDone)
    assert torch.equal(read_snapshot(tmp_path / "b" / take_folder.SNAPSHOT).recent[:, :, -1], snapshot.recent[:, :, -10])
    assert np.array_equal(read_clip(tmp_path / "b" / take_folder.CLIP), read_clip(tmp_path / "a" / take_folder.CLIP)[:72])


def test_another_size_does_not_continue_it(take: Take, tmp_path: Path) -> None:
    """The latents of 640x384 and 960x576 are of one size, and those of 320x192 too, but their memories are not alike."""
    assert isinstance(take("a", steps=1)[-1], TakeDone)
    for size in ((960, 576), (320, 192)):
        last = take(f"{size[0]}", size=size, parent=tmp_path / "a")[-1]
        assert isinstance(last, Failed) and "another size" in last.message
