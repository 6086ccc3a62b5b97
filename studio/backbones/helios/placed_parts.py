"""Helios' autoencoder and text encoder, where a plan puts them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from studio.backbones.helios.backbone import HeliosConditioning
from studio.backbones.helios.codec import WanCodec
from studio.backbones.helios.conditioner import HeliosConditioner
from studio.backbones.placed_parts import PlacedAutoencoder, PlacedTextEncoder
from studio.placement.profile import TextEncoderPlacement


class PlacedWanCodec(PlacedAutoencoder[WanCodec]):
    """A WanCodec whose autoencoder is on the device only while it encodes or decodes."""

    def begin(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """As `WanCodec.begin`; where the device's memory runs out, as `encode`."""
        return self._on_device(lambda: self.codec.begin(picture))


class PlacedHeliosConditioner:
    """Helios' conditioning with its text encoder placed by a plan. The embeddings are returned on the device."""

    def __init__(
        self, conditioner: HeliosConditioner, place: TextEncoderPlacement, device: torch.device, free_device: Callable[[], None]
    ) -> None:
        """Wrap a conditioner whose encoder is on the host. The other arguments as for `PlacedTextEncoder`."""
        self._conditioner = conditioner
        self._encoder = PlacedTextEncoder(conditioner.encoder, place, device, free_device)

    def __call__(self, prompt: str, picture: Tensor) -> HeliosConditioning:
        """Embeddings of a prompt."""
        with self._encoder.in_place():
            found = self._conditioner(prompt, picture)
        parts = (found.text, found.mask, found.pooled, found.image, found.negative)
        return HeliosConditioning(*(part.to(self._encoder.device) for part in parts))
