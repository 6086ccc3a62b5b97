"""Sizes of films: the network always sees latents of the size that it was trained at, whatever the size of the frames.

The latents of a film that is V times as large each way are those of the film reduced V times. What its frames show is looked up at
full size in the picture that the long-term memory holds (`scene_picture`), where the latents say that the camera is.

This module needs no torch.
"""

from __future__ import annotations

import math

PATCH = 16
"""Pixels of one side of the autoencoder's patches."""
TRAINED_SIDE = 320
"""Pixels of the longest side of the films that the network was trained on."""


def view_factor(width: int, height: int) -> int:
    """V for frames of width x height pixels: 1 for films of the trained size."""
    return max(1, math.ceil(max(width, height) / TRAINED_SIDE))


def is_large(size: tuple[int, int]) -> bool:
    """Whether films of this width and height are larger than the network was trained on."""
    return view_factor(*size) > 1


def latent_size(width: int, height: int) -> tuple[int, int]:
    """Height and width of the latents of frames of width x height pixels."""
    cell = PATCH * view_factor(width, height)
    return height // cell, width // cell
