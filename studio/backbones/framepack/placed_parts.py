"""The large model's other parts where a plan puts them: autoencoder, text and image encoders. It does not know the backbone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

import torch
from accelerate import cpu_offload
from torch import Tensor

from studio.backbones.framepack.hunyuan import HunyuanCodec, HunyuanConditioner
from studio.diffusion.backbone import Conditioning
from studio.diffusion.codec import FrameStream
from studio.placement.device.memory_errors import is_out_of_memory
from studio.placement.device.on_device import on_device
from studio.placement.profile import TextEncoderPlacement


class PlacedCodec:
    """An autoencoder that is on the device while it encodes or decodes, and not while the transformer works."""

    def __init__(self, codec: HunyuanCodec, device: torch.device, free_device: Callable[[], None] = lambda: None) -> None:
        """`free_device` takes the film model off the device, for a picture that would not fit beside it."""
        self._free_device = free_device
        self.codec = codec
        self.pixels_per_latent = codec.pixels_per_latent
        self._device = device

    @property
    def preview_note(self) -> str:
        """How previews are made, as a sentence; empty where they are rough."""
        return "" if self.codec.previews is None else self.codec.previews.description

    def set_tile_size(self, edge: int) -> None:
        """Decode in tiles of `edge` pixels from now on."""
        self.codec.set_tile_size(edge)

    def encode(self, picture: Tensor) -> Tensor:
        """As `HunyuanCodec.encode`; where the device's memory runs out, once more with the film model off it."""
        try:
            return self._encoded(picture)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
        self._free_device()                       # by now nothing holds what the encoder had made
        return self._encoded(picture)

    def _encoded(self, picture: Tensor) -> Tensor:
        with on_device(self.codec.autoencoder, self._device):
            return self.codec.encode(picture)

    def stream(self, recent: Tensor, sections: int) -> FrameStream:
        return _PlacedStream(self.codec, self.codec.stream(recent, sections), self._device)

    def preview(self, latents: Tensor) -> Tensor:
        return self.codec.preview(latents)


class _PlacedStream:
    def __init__(self, codec: HunyuanCodec, stream: FrameStream, device: torch.device) -> None:
        self._codec, self._stream, self._device = codec, stream, device

    def push(self, latents: Tensor) -> Tensor:
        with on_device(self._codec.autoencoder, self._device):
            return self._stream.push(latents)


class PlacedConditioner:
    """Reads prompt and picture with encoders that the film model leaves room for; what they say goes to the device."""

    def __init__(
        self, conditioner: HunyuanConditioner, place: TextEncoderPlacement, device: torch.device, free_device: Callable[[], None]
    ) -> None:
        """The encoders are on the host. `free_device` takes the film model off, for a text encoder that needs the whole device."""
        self._conditioner = conditioner
        self._place = place
        self._device = device
        self._free_device = free_device
        pipeline = conditioner.pipeline
        if place == "streamed":
            cpu_offload(pipeline.text_encoder, device, state_dict=dict(pipeline.text_encoder.state_dict()))

    def __call__(self, prompt: str, picture: Tensor) -> Conditioning:
        pipeline = self._conditioner.pipeline
        with ExitStack() as stack:
            if self._place == "gpu":
                self._free_device()
                stack.enter_context(on_device(pipeline.text_encoder, self._device))
            if self._place != "cpu":
                stack.enter_context(on_device(pipeline.text_encoder_2, self._device))
            said = self._conditioner(prompt, picture)
        return Conditioning(*(part.to(self._device) for part in (said.text, said.mask, said.pooled, said.image)))
