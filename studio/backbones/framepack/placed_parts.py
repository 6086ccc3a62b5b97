"""The large model's autoencoder and encoders, where a plan puts them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

import torch
from torch import Tensor

from studio.backbones.framepack.codec import HunyuanCodec
from studio.backbones.framepack.conditioner import HunyuanConditioner
from studio.backbones.placed_parts import PlacedAutoencoder, PlacedTextEncoder
from studio.diffusion.backbone import Conditioning
from studio.placement.device.on_device import on_device
from studio.placement.profile import TextEncoderPlacement


class PlacedCodec(PlacedAutoencoder[HunyuanCodec]):
    """A HunyuanCodec whose autoencoder is on the device only while it encodes or decodes."""

    @property
    def frames_before(self) -> int:
        """As `HunyuanCodec.frames_before`."""
        return self.codec.frames_before

    def encode_next(self, frames: Tensor, before: Tensor) -> Tensor:
        """As `HunyuanCodec.encode_next`, in the tiles in which frames are decoded; where memory runs out, as `encode`."""
        return self._on_device(lambda: self.codec.encode_next(frames, before))


class PlacedConditioner:
    """FramePack's conditioning with encoders placed by a plan. The embeddings are returned on the device."""

    def __init__(
        self, conditioner: HunyuanConditioner, place: TextEncoderPlacement, device: torch.device, free_device: Callable[[], None]
    ) -> None:
        """Wrap a conditioner whose encoders are all on the host. The other arguments as for `PlacedTextEncoder`."""
        self._conditioner = conditioner
        self._llama = PlacedTextEncoder(conditioner.pipeline.text_encoder, place, device, free_device)

    def __call__(self, prompt: str, picture: Tensor) -> Conditioning:
        """Embeddings of a prompt and a picture [1, 3, H, W] in [-1, 1]."""
        device = self._llama.device
        with ExitStack() as stack:
            stack.enter_context(self._llama.in_place())
            if self._llama.place != "cpu":
                stack.enter_context(on_device(self._conditioner.pipeline.text_encoder_2, device))
            embeddings = self._conditioner(prompt, picture)
        parts = (embeddings.text, embeddings.mask, embeddings.pooled, embeddings.image)
        return Conditioning(*(part.to(device) for part in parts))
