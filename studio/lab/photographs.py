"""Photographs to measure with: scikit-image's own samples. They need no download, and no model is trained on them."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor

NAMES = ("astronaut", "chelsea", "coffee", "rocket", "motorcycle", "camera", "coins", "hubble_deep_field", "brick")
COLOURFUL = ("astronaut", "chelsea", "coffee", "rocket", "motorcycle")
"""The photographs that measured films begin with."""
LEARNED_FROM = ("brick", "coins", "camera")
"""The classifiers of light and weather learn from these photographs and from scenes, and never from what films begin with."""


def photograph(name: str, width: int, height: int) -> Tensor:
    """Returns the scikit-image sample `name`, cropped about its centre and resized, as [3, H, W] in [0, 1].

    Raises:
        RuntimeError: scikit-image is not installed.
        ValueError: `name` is none of NAMES.
    """
    picture = sample(name)
    scale = max(width / picture.width, height / picture.height)
    size = max(width, round(picture.width * scale)), max(height, round(picture.height * scale))
    resized = picture.resize(size, Image.Resampling.LANCZOS)
    left, top = (resized.width - width) // 2, (resized.height - height) // 2
    cropped = np.asarray(resized.crop((left, top, left + width, top + height)), dtype=np.float32)
    return torch.from_numpy(cropped).movedim(2, 0) / 255


def sample(name: str) -> Image.Image:
    """Returns the scikit-image sample `name` as it is, in RGB. Raises what `photograph` raises."""
    if name not in NAMES:
        raise ValueError(f"There is no photograph '{name}'. There are: {', '.join(NAMES)}.")
    try:
        from skimage import data as samples  # installed with the extra "lab" only
    except ImportError as error:
        raise RuntimeError("Measuring on photographs needs scikit-image: pip install 'memorypack-studio[lab]'.") from error
    pixels = samples.stereo_motorcycle()[0] if name == "motorcycle" else getattr(samples, name)()
    return Image.fromarray(np.asarray(pixels)).convert("RGB")
