"""Parts of the large families' models where a plan puts them: an autoencoder, and a text encoder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, Protocol, TypeVar

import torch
from accelerate import cpu_offload
from torch import Tensor, nn

from studio.backbones.large_codec import PreviewMethod
from studio.diffusion.codec import Codec, FrameStream
from studio.placement.device.memory_errors import is_out_of_memory
from studio.placement.device.on_device import on_device
from studio.placement.profile import TextEncoderPlacement

T = TypeVar("T")


class TiledAutoencoder(Codec, Protocol):
    """A codec of a large family."""

    autoencoder: Any
    previews: PreviewMethod | None

    def set_tile_size(self, edge: int) -> None:
        """Decode in tiles of `edge` pixels from now on."""


C = TypeVar("C", bound=TiledAutoencoder)


class PlacedAutoencoder(Generic[C]):
    """A codec whose autoencoder is on the device only while it encodes or decodes."""

    def __init__(self, codec: C, device: torch.device, free_device: Callable[[], None] = lambda: None) -> None:
        """`free_device` takes the film model off the device; it is called if a picture cannot be encoded next to it."""
        self._free_device = free_device
        self.codec = codec
        self.pixels_per_latent = codec.pixels_per_latent
        self._device = device

    @property
    def preview_note(self) -> str:
        """How previews are made, as a sentence; empty for rough ones."""
        return "" if self.codec.previews is None else self.codec.previews.description

    def set_tile_size(self, edge: int) -> None:
        """Decode in tiles of `edge` pixels from now on."""
        self.codec.set_tile_size(edge)

    def latent_size(self, width: int, height: int) -> tuple[int, int]:
        """Height and width of the latents of frames of width x height pixels."""
        return height // self.pixels_per_latent, width // self.pixels_per_latent

    def encode(self, picture: Tensor) -> Tensor:
        """Start latent of a picture, as the codec's `encode`.

        Where the device's memory runs out, the film model is taken off the device and the picture encoded again.
        """
        return self._on_device(lambda: self.codec.encode(picture))

    def _on_device(self, encode: Callable[[], T]) -> T:
        """What `encode` gives with the autoencoder on the device: beside the film model, or else without it."""
        try:
            with on_device(self.codec.autoencoder, self._device):
                return encode()
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
        self._free_device()                       # after the except block, so that the error no longer keeps tensors alive
        with on_device(self.codec.autoencoder, self._device):
            return encode()

    def stream(self, recent: Tensor, sections: int, psi: Tensor | None = None) -> FrameStream:
        """As the codec's `stream`."""
        return _PlacedStream(self.codec, self.codec.stream(recent, sections, psi), self._device)

    def preview(self, latents: Tensor) -> Tensor:
        """As the codec's `preview`."""
        return self.codec.preview(latents)


class _PlacedStream:
    """A stream that moves the autoencoder to the device for every call."""

    piece: int | None = None

    def __init__(self, codec: TiledAutoencoder, stream: FrameStream, device: torch.device) -> None:
        self._codec, self._stream, self._device = codec, stream, device

    def push(self, latents: Tensor) -> Tensor:
        """As the codec's stream."""
        with on_device(self._codec.autoencoder, self._device):
            return self._stream.push(latents)


class PlacedTextEncoder:
    """A text encoder that lies on the host, and computes where the plan says."""

    def __init__(
        self, encoder: nn.Module, place: TextEncoderPlacement, device: torch.device, free_device: Callable[[], None]
    ) -> None:
        """Wrap an encoder.

        Args:
            encoder: on the host.
            place: where the plan has it.
            device: of the film model.
            free_device: takes the film model off the device, for an encoder that needs all of it.
        """
        self._encoder, self.place, self.device, self._free_device = encoder, place, device, free_device
        if place == "streamed":
            cpu_offload(encoder, device, state_dict=dict(encoder.state_dict()))

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """A context in which it can be called."""
        if self.place != "gpu":
            yield
            return
        self._free_device()
        with on_device(self._encoder, self.device):
            yield
