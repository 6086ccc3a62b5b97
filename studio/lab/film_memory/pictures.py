"""The pictures that cameras walk over: photographs and drawn scenes, those to learn from and those to measure on apart."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from studio.lab.photographs import COLOURFUL, NAMES, photograph
from studio.lab.train.checkpoints import load_checkpoint, save_checkpoint
from studio.lab.world import Section, shoot

FIRST, HELD_OUT = 710_000_000, 920_000_000
"""Numbers of the first scenes to learn from and to measure on."""


def picture_names(scenes: int, held_out: bool) -> list[str]:
    """Names of the photographs and of so many scenes that are held out for measuring, or of those to learn from."""
    first = HELD_OUT if held_out else FIRST
    photographs = [name for name in NAMES if (name in COLOURFUL) == held_out]
    return [*photographs, *(f"scene {first + n}" for n in range(scenes))]


def load_or_draw(name: str, size: tuple[int, int], folder: Path) -> Tensor:
    """A picture [3, H, W] uint8. A scene is read from the folder, or drawn and written there.

    Args:
        name: see `picture_names`.
        size: width and height in pixels.
        folder: of drawn scenes.

    Raises:
        RuntimeError: scikit-image, which has the photographs, is not installed.
    """
    if not name.startswith("scene "):
        return (photograph(name, *size) * 255 + 0.5).byte()
    path = folder / f"{name.replace(' ', '-')}-{size[0]}x{size[1]}.pt"
    saved = load_checkpoint(path)
    if saved is None:
        saved = {"picture": torch.as_tensor(shoot([Section()], *size, int(name.split()[1])).scene[0]).clone()}
        save_checkpoint(path, saved)
    picture: Tensor = saved["picture"]
    return picture
