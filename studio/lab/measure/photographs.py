"""Photographs for measuring only: scikit-image's own samples, no download, never trained on. It knows no model."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor

NAMES = ("astronaut", "chelsea", "coffee", "rocket", "motorcycle", "camera", "coins", "hubble_deep_field", "brick")
COLOURFUL = ("astronaut", "chelsea", "coffee", "rocket", "motorcycle")
"""Films begin with these."""
LEARNED_FROM = ("brick", "coins", "camera")
"""The recognisers of light and weather learn from these, and from scenes: never from what films begin with."""


def photograph(name: str, width: int, height: int) -> Tensor:
    """A scikit-image sample, centre-cropped and resized, [3, H, W] in [0, 1].

    Raises:
        RuntimeError: scikit-image is not installed.
        ValueError: it is none of NAMES.
    """
    picture = _sample(name)
    scale = max(width / picture.width, height / picture.height)
    size = max(width, round(picture.width * scale)), max(height, round(picture.height * scale))
    grown = picture.resize(size, Image.Resampling.LANCZOS)
    left, top = (grown.width - width) // 2, (grown.height - height) // 2
    cut = np.asarray(grown.crop((left, top, left + width, top + height)), dtype=np.float32)
    return torch.from_numpy(cut).movedim(2, 0) / 255


def _sample(name: str) -> Image.Image:
    if name not in NAMES:
        raise ValueError(f"There is no photograph '{name}'. There are: {', '.join(NAMES)}.")
    try:
        from skimage import data as samples  # only measuring needs it
    except ImportError as error:
        raise RuntimeError("Measuring on photographs needs scikit-image: pip install 'memorypack-studio[dev]'.") from error
    pixels = samples.stereo_motorcycle()[0] if name == "motorcycle" else getattr(samples, name)()
    return Image.fromarray(np.asarray(pixels)).convert("RGB")
