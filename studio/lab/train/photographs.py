"""Photographs for measuring only: scikit-image's samples, never trained on."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor

NAMES = ("astronaut", "chelsea", "coffee", "rocket", "camera", "coins", "brick", "hubble_deep_field")


def photograph(name: str, width: int, height: int) -> Tensor:
    """A scikit-image sample, centre-cropped and resized, [3, H, W] in [-1, 1]."""
    from skimage import data as samples  # only measuring needs it

    picture = Image.fromarray(np.asarray(getattr(samples, name)())).convert("RGB")
    scale = max(width / picture.width, height / picture.height)
    size = max(width, round(picture.width * scale)), max(height, round(picture.height * scale))
    grown = picture.resize(size, Image.Resampling.LANCZOS)
    left, top = (grown.width - width) // 2, (grown.height - height) // 2
    cut = np.asarray(grown.crop((left, top, left + width, top + height)), dtype=np.float32)
    return torch.from_numpy(cut).movedim(2, 0) / 127.5 - 1


def psnr(made: Tensor, true: Tensor) -> float:
    """Decibels of pictures in [-1, 1]."""
    return float(10 * torch.log10(4 / (made.clamp(-1, 1) - true).square().mean()))
