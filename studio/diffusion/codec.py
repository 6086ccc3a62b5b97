"""Protocols of a codec: pictures to latents, and latents to frames section by section.

A stream decodes sections one after another at constant cost. It gives the same frames as decoding the whole film so far at once,
for a model whose films are decoded so.
Letters: C latent channels, n latent frames, h and w latent height and width, H and W pixel height and width.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from torch import Tensor


class FrameStream(Protocol):
    """Decodes latents that continue a known history."""

    piece: int | None      # latents that can be pushed at a time with the same frames; None: only whole sections

    def push(self, latents: Tensor) -> Tensor:
        """Frames [1, 3, 4 n, H, W] in [-1, 1] of the next n latent frames [1, C, n, h, w].

        4 n - 3 of them where sections are decoded apart: such a section's first latent is one frame.
        """


class Codec(Protocol):
    """Encodes pictures and decodes latents."""

    pixels_per_latent: int     # a film's height and width are multiples of so many pixels

    def latent_size(self, width: int, height: int) -> tuple[int, int]:
        """Height and width of the latents of frames of width x height pixels."""

    def encode(self, picture: Tensor) -> Tensor:
        """Start latent [1, C, 1, h, w] of a picture [1, 3, H, W] in [-1, 1]. The same picture always gives the same latent."""

    def stream(self, recent: Tensor, sections: int, psi: Tensor | None = None) -> FrameStream:
        """A stream that continues after the latents `recent` [1, C, 19, h, w], when `sections` sections are finished.

        `psi` [1, M, D] is the long-term memory after the section to be decoded, for a film whose frames are views of it.
        """

    def preview(self, latents: Tensor) -> Tensor:
        """Small pictures [n, 3, ., .] in [-1, 1] of latents [1, C, n, h, w], cheap enough for every denoising step."""


@runtime_checkable
class BeginsFilms(Protocol):
    """A codec of a model that sees something else than the start latent as the newest frame of a film that begins."""

    def begin(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """Start latent and newest latent, [1, C, 1, h, w] each, of a film that begins with a picture [1, 3, H, W] in [-1, 1].

        The same picture always gives the same latents.
        """


@runtime_checkable
class EncodesVideo(Protocol):
    """A codec that encodes frames that move. Any other one encodes pictures alone, and a film goes on from a video's last frame."""

    frames_before: int         # frames before those to be encoded that it looks at, as far as there are so many

    def encode_next(self, frames: Tensor, before: Tensor) -> Tensor:
        """Latents [1, C, n, h, w] of the next 4 n frames [1, 3, 4 n, H, W] in [-1, 1].

        `before`: the frames [1, 3, 1 + 4 k, H, W] before them, at most `frames_before`.
        """


@runtime_checkable
class ChangesFrames(Protocol):
    """A codec that decodes and encodes some latents of a film apart from the others, so that their frames can be changed."""

    def decode_apart(self, latents: Tensor) -> Tensor:
        """Frames [1, 3, T, H, W] in [-1, 1] of latents [1, C, n, h, w] that follow each other."""

    def encode_apart(self, frames: Tensor, like: Tensor) -> Tensor:
        """Latents [1, C, n, h, w] of such frames [1, 3, T, H, W] in [-1, 1]. `like`: those that they were decoded from."""
