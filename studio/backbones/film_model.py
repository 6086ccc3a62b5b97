"""A loaded model, ready to render: what the `load` of every family returns."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from studio.catalogue.cards import ModelCard
from studio.diffusion.backbone import Backbone
from studio.diffusion.codec import Codec
from studio.diffusion.conditioning import Conditioner
from studio.memory.protocol import Memory
from studio.memory.rope import FIXED_OFFSETS, RopeRule
from studio.placement.device.model_placement import ModelPlacement


@dataclass(frozen=True)
class FilmModel:
    """The parts that the section loop needs, and the card that says how to use them."""

    card: ModelCard
    backbone: Backbone
    codec: Codec
    conditioner: Conditioner
    device: torch.device
    fingerprint: str                           # of the weights; snapshots made with other weights are refused
    memory: Memory | None = None
    rope: RopeRule = FIXED_OFFSETS
    placement: ModelPlacement | None = None       # of a large model on a GPU; None: everything lies on `device`

    def release(self) -> None:
        """Free the memory of a placed model. The model cannot be used afterwards."""
        if self.placement is not None:
            self.placement.release()

    def snapshot_name(self, size: tuple[int, int]) -> str:
        """The name of the model in snapshots of films of width x height pixels.

        The latents of films that show the whole reference do not tell their size, so their name does.
        """
        return f"{self.fingerprint}@{size[0]}x{size[1]}" if self.card.is_large(size) else self.fingerprint

    @property
    def channels(self) -> int:
        """C, the channels of the latents."""
        return self.backbone.channels
