"""Takes of large films, by the model that ships: the frames of a picture that is larger than the frame, at their own rate."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from studio.engine import take_folder
from studio.engine.events import Failed, RenderRequest, Step, TakeDone
from studio.engine.jobs import Stop
from studio.engine.render import Renderer
from studio.media.clip import probe, read_clip
from studio.memory.snapshot import read_snapshot
from tests.engine.conftest import LARGE

ROOT = Path(__file__).parents[2]
FRAME = (0.3, 0.25, 0.48, 0.4)
"""So large as the film is, in a picture of 800x480."""
Take = Callable[..., list[object]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the takes of this file lie, beside the picture."""
    return tmp_path_factory.mktemp("takes")


@pytest.fixture(scope="module")
def take(shipped: Renderer, folder: Path) -> Take:
    """Renders a take in a folder of its own and returns its events."""
    Image.open(ROOT / "assets/examples/lighthouse/lighthouse.jpg").resize((800, 480)).save(folder / "reference.png")

    def render(name: str, **changes: object) -> list[object]:
        (folder / name).mkdir(exist_ok=True)
        facts: dict[str, object] = {
            "take": name, "model": "memorypack-mini", "prompt": "the camera pans left", "seed": 3, "sections": 1, "steps": 2,
            "guidance": 1.0, "size": LARGE, "reference": folder / "reference.png", "parent": None,
            "folder": folder / name, "frame": FRAME}
        return list(shipped.render(RenderRequest(**{**facts, **changes}), Stop()))  # type: ignore[arg-type]

    return render


@pytest.fixture(scope="module")
def section(take: Take, folder: Path) -> Path:
    """The folder of a take of one section."""
    assert isinstance(take("section")[-1], TakeDone)
    return folder / "section"


def test_a_large_film(take: Take, section: Path, folder: Path) -> None:
    events = take("a", sections=2)
    assert isinstance(events[-1], TakeDone), events[-1]
    assert sum(isinstance(event, Step) for event in events) == 4
    facts = probe(folder / "a" / take_folder.CLIP)
    assert (facts.width, facts.height, facts.fps, facts.frames) == (*LARGE, 24, 144)

    snapshot = read_snapshot(folder / "a" / take_folder.SNAPSHOT)
    assert snapshot.model.endswith("@384x192")
    assert snapshot.start.shape[-2:] == (6, 12)
    assert (folder / "a" / take_folder.SNAPSHOT).stat().st_size < 6e6
    assert (folder / "a" / take_folder.MEMORY).is_file()

    # The first frame is the artist's own picture, framed, and the last one is the picture's left part: the camera stops there.
    frames = read_clip(folder / "a" / take_folder.CLIP).astype(np.float32)
    whole = Image.open(folder / "reference.png")
    for at, left in ((0, 0.3 * 800), (-1, 0)):
        best = min(float(np.abs(frames[at] - np.asarray(whole.crop((x, 120, x + 384, 312)), np.float32)).mean())
                   for x in range(max(0, int(left) - 8), int(left) + 9))
        assert best < 4.0, (at, best)

    # A take of one section is its beginning.
    assert torch.equal(read_snapshot(section / take_folder.SNAPSHOT).recent[:, :, -1], snapshot.recent[:, :, -10])
    assert np.array_equal(read_clip(section / take_folder.CLIP), read_clip(folder / "a" / take_folder.CLIP)[:72])


def test_another_size_does_not_continue_it(take: Take, folder: Path) -> None:
    """The latents of 320x192 and 640x384 are of one size, and those of 960x576 too, but their memories are not alike."""
    assert isinstance(take("320", size=(320, 192), steps=1)[-1], TakeDone)
    for size in ((960, 576), (640, 384)):
        last = take(f"{size[0]}", size=size, parent=folder / "320")[-1]
        assert isinstance(last, Failed) and "another size" in last.message
