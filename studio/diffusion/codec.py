"""Codecs as protocols: frames to latents and back, section by section.

A stream decodes sections as they come, at constant cost, and gives the frames of the one-shot decode of the film so far.
Letters: B batch, C latent channels, h and w latent height and width, H and W pixel height and width, T frames.
"""

from __future__ import annotations

from typing import Protocol

from torch import Tensor


class FrameStream(Protocol):
    """Decodes what follows a known history."""

    def push(self, latents: Tensor) -> Tensor:
        """Frames [1, 3, 4 n, H, W] in [-1, 1] of the next n latent frames [1, C, n, h, w]."""


class Codec(Protocol):
    """Between pictures and latents."""

    pixels_per_latent: int               # pixels per latent pixel, each way

    def encode(self, picture: Tensor) -> Tensor:
        """Start latent [1, C, 1, h, w] of a picture [1, 3, H, W] in [-1, 1]. Deterministic."""

    def stream(self, recent: Tensor, sections: int) -> FrameStream:
        """A stream that continues after `recent` [1, C, 19, h, w], `sections` sections into the film."""

    def preview(self, latents: Tensor) -> Tensor:
        """A quick small look at latents [1, C, n, h, w]: [n, 3, ., .] in [-1, 1]."""
