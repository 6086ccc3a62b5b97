"""Codecs: frames to latents and back, section by section; they do not know how latents are made.

A stream decodes sections as they come, at constant cost, and gives the frames of the one-shot decode of the film so far.
Letters: C latent channels, h and w latent height and width, H and W pixel height and width, T frames.
"""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from studio.diffusion.autoencoder import PatchVideoAutoencoder


class Stream(Protocol):
    """Decodes what follows a known history."""

    def push(self, latents: Tensor) -> Tensor:
        """Frames [1, 3, 4 n, H, W] in [-1, 1] of the next n latent frames [1, C, n, h, w]."""


class Codec(Protocol):
    """Between pictures and latents."""

    spatial: int               # pixels per latent pixel, each way

    def encode(self, picture: Tensor) -> Tensor:
        """Start latent [1, C, 1, h, w] of a picture [1, 3, H, W] in [-1, 1]. Deterministic."""

    def stream(self, recent: Tensor, sections: int) -> Stream:
        """A stream that continues after `recent` [1, C, 19, h, w], `sections` sections into the film."""

    def preview(self, latents: Tensor) -> Tensor:
        """A quick small look at latents [1, C, n, h, w]: [n, 3, ., .] in [-1, 1]."""


class PatchCodec:
    """The embedded model's codec: a causal autoencoder that needs one latent of history."""

    def __init__(self, autoencoder: PatchVideoAutoencoder) -> None:
        self.autoencoder = autoencoder
        self.spatial = 16

    def encode(self, picture: Tensor) -> Tensor:
        return self.autoencoder.encode(picture.unsqueeze(2).to(self._like())).float()

    def stream(self, recent: Tensor, sections: int) -> Stream:
        return PatchStream(self.autoencoder, recent[:, :, -1:])

    def preview(self, latents: Tensor) -> Tensor:
        return self.autoencoder.linear_rgb(latents.to(self._like()))[0].movedim(1, 0)

    def _like(self) -> Tensor:
        return next(self.autoencoder.parameters())


class PatchStream:
    """Remembers the newest latent only."""

    def __init__(self, autoencoder: PatchVideoAutoencoder, newest: Tensor) -> None:
        self._autoencoder = autoencoder
        self._newest = newest.to(next(autoencoder.parameters()))

    def push(self, latents: Tensor) -> Tensor:
        latents = latents.to(self._newest)
        frames = self._autoencoder.decode_next(latents, self._newest)
        self._newest = latents[:, :, -1:]
        return frames.float()
