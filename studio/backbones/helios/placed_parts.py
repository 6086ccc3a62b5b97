"""Helios' autoencoder and text encoder, where a plan puts them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

import torch
from accelerate import cpu_offload
from torch import Tensor

from studio.backbones.framepack.placed_parts import PlacedAutoencoder
from studio.backbones.helios.backbone import HeliosConditioning
from studio.backbones.helios.codec import WanCodec
from studio.backbones.helios.conditioner import HeliosConditioner
from studio.placement.device.on_device import on_device
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
        """Wrap a conditioner whose encoder is on the host.

        Args:
            conditioner: with its encoder on the host.
            place: where the plan has the text encoder.
            device: of the film model.
            free_device: takes the film model off the device, for a text encoder that needs all of it.
        """
        self._conditioner, self._place, self._device, self._free_device = conditioner, place, device, free_device
        if place == "streamed":
            cpu_offload(conditioner.encoder, device, state_dict=dict(conditioner.encoder.state_dict()))

    def __call__(self, prompt: str, picture: Tensor) -> HeliosConditioning:
        """Embeddings of a prompt."""
        with ExitStack() as stack:
            if self._place == "gpu":
                self._free_device()
                stack.enter_context(on_device(self._conditioner.encoder, self._device))
            found = self._conditioner(prompt, picture)
        parts = (found.text, found.mask, found.pooled, found.image, found.negative)
        return HeliosConditioning(*(part.to(self._device) for part in parts))
