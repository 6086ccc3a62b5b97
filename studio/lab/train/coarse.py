"""A small FramePack-F1, new: the same transformer class and the plain velocity field, over coarse latents. It is not trained here.

Its latents are the coarsest channels of the embedded model's autoencoder, its encoders the embedded model's: small enough for a
CPU to learn and film with in minutes, and in everything that forcing touches like the 13B one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from studio.backbones.animatic.autoencoder import GROUP, PATCH, LappedAutoencoder
from studio.backbones.animatic.backbone import AnimaticBackbone
from studio.backbones.animatic.conditioner import SmallConditioner
from studio.backbones.film_model import FilmModel
from studio.backbones.framepack.backbone import FramePackBackbone
from studio.diffusion.codec import FrameStream
from studio.lab.train.parts import Blocks, framepack
from studio.memory.rope import FIXED_OFFSETS

SPREAD = 2.0
"""The coarse channels' deviation, about: latents are divided by it."""


@dataclass(frozen=True)
class Shape(Blocks):
    """Sizes of the transformer, and how many channels its latents have."""

    head_width: int = 32
    channels: int = 16


class CoarseCodec:
    """The first channels of the autoencoder's latents. Fine detail is lost: the truth looks coarse as well."""

    def __init__(self, autoencoder: LappedAutoencoder, channels: int) -> None:
        self.autoencoder, self.channels, self.pixels_per_latent = autoencoder, channels, PATCH

    def encode(self, picture: Tensor) -> Tensor:
        return self.film(picture.unsqueeze(2))

    def film(self, frames: Tensor) -> Tensor:
        """Latents [1, C, 1 + k, h, w] of frames [1, 3, 1 + 4 k, H, W]."""
        whole = torch.cat([frames[:, :, :1].expand(-1, -1, GROUP - 1, -1, -1), frames], dim=2).to(self.autoencoder.components)
        groups = [self.autoencoder.encode_group(group, self.channels) for group in whole.split(GROUP, dim=2)]
        return torch.stack(groups, dim=2).float() / SPREAD

    def decode(self, latents: Tensor) -> Tensor:
        """Frames [1, 3, 4 n, H, W] of latents [1, C, n, h, w], four of each."""
        missing = self.autoencoder.channels - self.channels
        whole = F.pad(SPREAD * latents, (0, 0, 0, 0, 0, 0, 0, missing)).to(self.autoencoder.components)
        return torch.cat([self.autoencoder.decode_group(latent) for latent in whole.unbind(2)], dim=2).float().clamp(-1, 1)

    def stream(self, recent: Tensor, sections: int) -> FrameStream:
        return _Whole(self)

    def preview(self, latents: Tensor) -> Tensor:
        return self.decode(latents)[0].movedim(1, 0)[3::4]


class _Whole:
    """Every latent is decoded alone, so nothing is to be remembered."""

    def __init__(self, codec: CoarseCodec) -> None:
        self._codec = codec

    def push(self, latents: Tensor) -> Tensor:
        return self._codec.decode(latents)


def small_framepack(embedded: FilmModel, shape: Shape, seed: int) -> FilmModel:
    """A film model with a new FramePack transformer, from a seed, beside the autoencoder and the encoders of the embedded one.

    Raises:
        TypeError: the model is not of the embedded kind.
    """
    backbone, words = embedded.backbone, embedded.conditioner
    if not isinstance(backbone, AnimaticBackbone) or not isinstance(words, SmallConditioner):
        raise TypeError(f"{embedded.card.name} is no animatic model: its encoders do not fit a small FramePack")
    network: Any = backbone.transformer.config
    torch.manual_seed(seed)
    sides = (network.text_embed_dim, network.pooled_projection_dim, network.image_proj_dim)
    transformer = framepack(shape, shape.channels, shape.channels, sides, guidance=True)
    card = replace(embedded.card, name="small-framepack", title="Small FramePack", kind="framepack")
    return replace(
        embedded, card=card, backbone=FramePackBackbone(transformer.to(embedded.device).eval().requires_grad_(False)),
        codec=CoarseCodec(backbone.autoencoder, shape.channels), memory=None, rope=FIXED_OFFSETS,
        fingerprint=f"small-framepack:{shape.channels}:{embedded.fingerprint}",
    )
