"""What the codecs of the large families share: tiles in which frames are decoded, and previews of latents that are not.

Letters: C latent channels, n latent frames, h and w latent height and width, H and W pixel height and width.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from torch import Tensor


class PreviewMethod(Protocol):
    """Computes previews of latents that are not decoded yet."""

    @property
    def description(self) -> str:
        """How previews are made, as a sentence for people."""

    def __call__(self, latents: Tensor) -> Tensor:
        """Preview [n, 3, ., .] in [-1, 1] of latents [1, C, n, h, w]."""

    def learn(self, latents: Tensor, frames: Tensor) -> None:
        """Take note that latents [1, C, n, h, w] were decoded to frames [1, 3, 4 n, H, W]."""


def rough_preview(latents: Tensor) -> Tensor:
    """The first three latent channels [n, 3, h, w], scaled to [-1, 1]. They are no real colours."""
    channels = latents[0, :3].movedim(1, 0)
    return channels / channels.abs().amax().clamp(min=1e-6)


class LargeCodec:
    """An autoencoder of diffusers, which can decode in tiles. Each family adds how its frames are encoded and decoded."""

    def __init__(self, autoencoder: Any, pixels_per_latent: int, previews: PreviewMethod | None) -> None:
        """Wrap an autoencoder.

        Args:
            autoencoder: one of diffusers' for films.
            pixels_per_latent: along one edge.
            previews: how previews are made; None: by `rough_preview`.
        """
        self.autoencoder = autoencoder
        self.pixels_per_latent = pixels_per_latent
        self.previews = previews

    def set_tile_size(self, edge: int) -> None:
        """Decode in tiles of `edge` pixels from now on. Neighbours overlap by a quarter, where they are blended."""
        stride = edge * 3 // 4
        self.autoencoder.enable_tiling(
            tile_sample_min_height=edge, tile_sample_min_width=edge,
            tile_sample_stride_height=stride, tile_sample_stride_width=stride,
        )

    @contextmanager
    def without_tiles(self) -> Iterator[None]:
        """A context in which nothing is tiled: the same picture must give the same latent, whatever decoding does."""
        tiled, self.autoencoder.use_tiling = self.autoencoder.use_tiling, False
        try:
            yield
        finally:
            self.autoencoder.use_tiling = tiled

    def latent_size(self, width: int, height: int) -> tuple[int, int]:
        """Height and width of the latents of frames of width x height pixels."""
        return height // self.pixels_per_latent, width // self.pixels_per_latent

    def preview(self, latents: Tensor) -> Tensor:
        """Preview [n, 3, ., .] in [-1, 1] of latents [1, C, n, ., .], of the film's size or of a smaller one."""
        return rough_preview(latents) if self.previews is None else self.previews(latents)
