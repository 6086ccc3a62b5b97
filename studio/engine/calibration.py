"""A section that is rendered once on a machine, behind the page, so that waiting times are known before the first take."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from studio.catalogue.cards import ModelCard
from studio.engine.events import RenderRequest

STEPS = 2
TAKE = "calibration"


def calibration(card: ModelCard) -> Iterator[RenderRequest]:
    """The request for one section of a model's usual size, from a picture of its own. Its files are removed afterwards."""
    width, height = card.default_size
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        Image.linear_gradient("L").convert("RGB").resize((width, height)).save(folder / "picture.png")
        yield RenderRequest(
            take=TAKE, model=card.name, prompt="the camera pans right", seed=0, sections=1, steps=STEPS, guidance=card.guidance,
            size=card.default_size, reference=folder / "picture.png", parent=None, folder=folder,
        )  # fmt: skip
