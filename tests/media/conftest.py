"""Small real films to test with: smooth colours that move, different for every `phase`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from studio.media.clip import Frames, write_clip


def smooth(frames: int = 12, width: int = 96, height: int = 64, phase: float = 0.0) -> Frames:
    t, y, x = np.meshgrid(np.arange(frames), np.arange(height), np.arange(width), indexing="ij")
    waves = [np.sin(x / 40 + t / 9 + phase), np.sin(y / 30 + t / 7 + 1 + phase), np.cos((x + y) / 50 + phase)]
    return np.rint(127 + 100 * np.stack(waves, axis=-1)).astype(np.uint8)


@pytest.fixture
def film() -> Callable[..., Frames]:
    return smooth


@pytest.fixture
def clip(tmp_path: Path) -> Callable[..., Path]:
    """Writes a clip named `name` and returns its path."""

    def write(
        name: str = "clip.mp4", *, fps: float = 12, metadata: dict[str, str] | None = None, **shape: float
    ) -> Path:
        write_clip(tmp_path / name, smooth(**shape), fps, metadata)  # type: ignore[arg-type]
        return tmp_path / name

    return write


def left_behind(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def names() -> Callable[[Path], list[str]]:
    return left_behind
