"""Conditioners as a protocol: a prompt and a reference image become embeddings."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from studio.diffusion.backbone import Conditioning


class Conditioner(Protocol):
    """Turns what the artist gave into embeddings."""

    def __call__(self, prompt: str, picture: Tensor) -> Conditioning:
        """Embeddings of a prompt and a picture [1, 3, H, W] in [-1, 1]."""
