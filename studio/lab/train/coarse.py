"""A small FramePack model with random weights, on which arms of training can be compared within minutes on a CPU.

Its transformer is of the same class as FramePack-F1's and predicts the same velocity. Its latents are the coarsest channels of the
embedded model's autoencoder, and its encoders are the embedded model's.
Letters: C channels, k or n latent frames, h and w latent height and width, H and W height and width in pixels.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from studio.backbones.animatic.autoencoder import GROUP, LappedAutoencoder
from studio.backbones.animatic.film_size import PATCH
from studio.backbones.animatic.parts import animatic_parts
from studio.backbones.film_model import FilmModel
from studio.backbones.framepack.backbone import FramePackBackbone
from studio.diffusion.codec import FrameStream
from studio.lab.train.parts import new_framepack
from studio.lab.train.shapes import CoarseShape
from studio.memory.rope import FIXED_OFFSETS

SPREAD = 2.0
"""Latents are divided by this, about the standard deviation of the coarse channels."""


class CoarseCodec:
    """The first channels of the autoencoder's latents. Decoded films lack fine detail, and so does a true film after encoding."""

    def __init__(self, autoencoder: LappedAutoencoder, channels: int) -> None:
        self.autoencoder, self.channels, self.pixels_per_latent = autoencoder, channels, PATCH

    def latent_size(self, width: int, height: int) -> tuple[int, int]:
        """Height and width of the latents of frames of width x height pixels."""
        return height // self.pixels_per_latent, width // self.pixels_per_latent

    def encode(self, picture: Tensor) -> Tensor:
        """The latent [1, C, 1, h, w] of a picture [1, 3, H, W] in [-1, 1]."""
        return self.encode_frames(picture.unsqueeze(2))

    def encode_frames(self, frames: Tensor) -> Tensor:
        """Latents [1, C, 1 + k, h, w] of frames [1, 3, 1 + 4 k, H, W] in [-1, 1]."""
        groups = torch.cat([frames[:, :, :1].expand(-1, -1, GROUP - 1, -1, -1), frames], dim=2).to(self.autoencoder.components)
        latents = [self.autoencoder.encode_group(group, self.channels) for group in groups.split(GROUP, dim=2)]
        return torch.stack(latents, dim=2).float() / SPREAD

    def decode(self, latents: Tensor) -> Tensor:
        """Frames [1, 3, 4 n, H, W] in [-1, 1] of latents [1, C, n, h, w], four of each."""
        missing = self.autoencoder.channels - self.channels
        padded = F.pad(SPREAD * latents, (0, 0, 0, 0, 0, 0, 0, missing)).to(self.autoencoder.components)
        return torch.cat([self.autoencoder.decode_group(latent) for latent in padded.unbind(2)], dim=2).float().clamp(-1, 1)

    def stream(self, recent: Tensor, sections: int, psi: Tensor | None = None) -> FrameStream:
        """A decoder of section after section. Each latent is decoded alone, so it needs nothing of the film before."""
        return _FrameByFrame(self)

    def preview(self, latents: Tensor) -> Tensor:
        """One frame [n, 3, H, W] of each latent [1, C, n, h, w]: its last."""
        return self.decode(latents)[0].movedim(1, 0)[3::4]


class _FrameByFrame:
    """A `FrameStream` that keeps nothing between sections."""

    piece: int | None = None

    def __init__(self, codec: CoarseCodec) -> None:
        self._codec = codec

    def push(self, latents: Tensor) -> Tensor:
        """Frames of the next section's latents."""
        return self._codec.decode(latents)


def small_framepack(embedded: FilmModel, shape: CoarseShape, seed: int) -> FilmModel:
    """A film model with a new FramePack transformer, whose autoencoder and encoders are those of the embedded model.

    Args:
        embedded: a model of the embedded family.
        shape: sizes of the transformer.
        seed: of its weights.

    Raises:
        TypeError: the model is of another family.
    """
    backbone = animatic_parts(embedded).backbone
    network: Any = backbone.transformer.config
    torch.manual_seed(seed)
    sides = (network.text_embed_dim, network.pooled_projection_dim, network.image_proj_dim)
    transformer = new_framepack(shape, shape.channels, shape.channels, sides, guidance=True)
    card = replace(embedded.card, name="small-framepack", title="Small FramePack", kind="framepack")
    return replace(
        embedded, card=card, backbone=FramePackBackbone(transformer.to(embedded.device).eval().requires_grad_(False)),
        codec=CoarseCodec(backbone.autoencoder, shape.channels), memory=None, rope=FIXED_OFFSETS,
        fingerprint=f"small-framepack:{shape.channels}:{embedded.fingerprint}",
    )
