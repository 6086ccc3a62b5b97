"""A section that is rendered once on a machine, behind the page, so that waiting times are known before the first take."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

from PIL import Image

from studio.catalogue.cards import ModelCard
from studio.engine.events import RenderRequest

STEPS = 2
TAKE = "calibration"
PATCH = 8
"""Pixels along a patch of one colour in its picture."""


def calibration(card: ModelCard) -> Iterator[RenderRequest]:
    """The request for one section of a model's usual size, from a picture of its own. Its files are removed afterwards."""
    width, height = card.default_size
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        # Patches of random colours, since a plain picture would be stored in much less room than a real one.
        patches = (max(1, width // PATCH), max(1, height // PATCH))
        noise = Image.frombytes("RGB", patches, Random(0).randbytes(3 * patches[0] * patches[1]))
        noise.resize((width, height), Image.Resampling.BICUBIC).save(folder / "picture.png")
        yield RenderRequest(
            take=TAKE, model=card.name, prompt="the camera pans right", seed=0, sections=1, steps=STEPS, guidance=card.guidance,
            size=card.default_size, reference=folder / "picture.png", parent=None, folder=folder,
        )  # fmt: skip
