"""Codecs: frames to latents and back, section by section; they do not know how latents are made.

A stream decodes sections as they come, at constant cost, and gives the frames of the one-shot decode of the film so far.
Letters: C latent channels, h and w latent height and width, H and W pixel height and width, T frames.
"""

from __future__ import annotations

from typing import Protocol

import torch
from diffusers import AutoencoderKLHunyuanVideo
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


class HunyuanCodec:
    """HunyuanVideo's autoencoder: temporal tiles of 5 latents every 3, so a section of 9 is 3 new tiles."""

    def __init__(self, autoencoder: AutoencoderKLHunyuanVideo, window: int) -> None:
        self.autoencoder = autoencoder
        self.spatial = int(autoencoder.spatial_compression_ratio)
        self.stride = autoencoder.tile_sample_stride_num_frames // autoencoder.temporal_compression_ratio
        if window % self.stride:
            raise ValueError(f"a window of {window} latent frames is not a whole number of temporal tiles of {self.stride}")

    def encode(self, picture: Tensor) -> Tensor:
        pixels = picture.unsqueeze(2).to(self.autoencoder.device, self.autoencoder.dtype)
        # The mode, not a sample as in the stock pipeline: the same picture always begins the same film.
        latents = self.autoencoder.encode(pixels).latent_dist.mode()
        return (latents * self.autoencoder.config.scaling_factor).float()

    def stream(self, recent: Tensor, sections: int) -> Stream:
        return HunyuanStream(self.autoencoder, recent, self.stride, begun=sections > 0)

    def preview(self, latents: Tensor) -> Tensor:
        """The first three latent channels, scaled: a rough look until a calibrated map is measured."""
        rough = latents[0, :3].movedim(1, 0)
        return rough / rough.abs().amax().clamp(min=1e-6)


class HunyuanStream:
    """diffusers' temporal tiling, tile by tile: each new tile is blended over the end of the one before.

    Each section's frames are those of the one-shot decode of the film up to its end, bit for bit. The decoder's group norms
    see the whole tile, so one that a later section makes longer would come out slightly different; a clip never waits for that.
    """

    def __init__(self, autoencoder: AutoencoderKLHunyuanVideo, recent: Tensor, stride: int, begun: bool) -> None:
        self._autoencoder = autoencoder
        self._stride = stride
        self._size = autoencoder.tile_sample_min_num_frames // autoencoder.temporal_compression_ratio
        self._overlap = autoencoder.tile_sample_min_num_frames - autoencoder.tile_sample_stride_num_frames
        # The last tile before the section, which is one latent longer now, is decoded again to blend over its end.
        keep = stride + 1 if begun else 1
        self._tail = recent[:, :, -keep:]

    def push(self, latents: Tensor) -> Tensor:
        context = torch.cat([self._tail.to(latents), latents], dim=2)
        first = self._tail.shape[2] > 1
        offset = self._stride if first else 0
        previous = self._decode(context[:, :, : self._size + 1]) if first else None
        out = []
        for at in range(offset, context.shape[2] - 1, self._stride):
            frames = self._decode(context[:, :, at : at + self._size + 1])[:, :, 1:]
            if previous is not None:
                frames = self._autoencoder.blend_t(previous, frames, self._overlap)
            out.append(frames[:, :, : self._stride * self._autoencoder.temporal_compression_ratio])
            previous = frames
        self._tail = context[:, :, -(self._stride + 1) :]
        return torch.cat(out, dim=2).float()

    def _decode(self, latents: Tensor) -> Tensor:
        latents = latents.to(self._autoencoder.device, self._autoencoder.dtype) / self._autoencoder.config.scaling_factor
        if self._autoencoder.use_tiling:
            return self._autoencoder.tiled_decode(latents).sample
        return self._autoencoder.decoder(self._autoencoder.post_quant_conv(latents))
