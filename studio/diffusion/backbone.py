"""What a backbone is: a velocity field that the section loop can ask, of any family of models. It names no network.

Letters: B batch, C latent channels, W window, h and w latent height and width, L text tokens, S image tokens, M memory
tokens, D the width of psi. Flow time is sigma in diffusers' sense: x_t = (1 - sigma) x + sigma noise.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from studio.catalogue.loras.layers import LoraLayers
from studio.diffusion.lora_branches import ActiveLoras
from studio.memory.framepack import PackedContext


@dataclass(frozen=True)
class Conditioning:
    """What the prompt and the reference image say, as embeddings. A model that has no use for a part leaves it empty."""

    text: Tensor      # [B, L, .]
    mask: Tensor      # [B, L] 1 where a token is
    pooled: Tensor    # [B, .]
    image: Tensor     # [B, S, .]


class Backbone(Protocol):
    """Velocity d x_t / d sigma = noise - x of the section in flight."""

    @property
    def device(self) -> torch.device:
        """Computes."""

    @property
    def dtype(self) -> torch.dtype:
        """It computes with."""

    @property
    def patch_size(self) -> int:
        """Latents along an edge of a token: the schedule's shift goes by tokens."""

    @property
    def channels(self) -> int:
        """C, of the latents."""

    def prepare(
        self, timesteps: Tensor, conditioning: Conditioning, guidance: Tensor | None, should_stop: Callable[[], bool]
    ) -> None:
        """Called once before the steps of a section. A backbone whose weights are not simply there gets ready for them here.

        Args:
            timesteps: [S] 1000 sigma, all that will come.
            conditioning, guidance: as every step will get them.
            stopped: may be looked at within a step; a stop raises `section.StoppedError` out of it.
        """

    def __call__(
        self,
        x: Tensor,
        timestep: Tensor,
        packed: PackedContext,
        conditioning: Conditioning,
        guidance: Tensor | None = None,
        psi: Tensor | None = None,
    ) -> Tensor:
        """Velocity of x_t.

        Args:
            x: [B, C, W, h, w] x_t.
            timestep: [B] 1000 sigma.
            packed: the short-term context: the start and the newest latent frame at full size, 2 and 16 frames for coarser
                patches, and where each lies in time.
            conditioning: prompt and reference image.
            guidance: [B] distilled guidance times 1000, for a backbone trained with it.
            psi: [B, M, D] long-term memory, or None.

        Returns:
            [B, C, W, h, w].
        """


@runtime_checkable
class SkipsBlocks(Protocol):
    """A backbone that can save steps by a step cache. One that cannot computes all blocks in every step."""

    def skip_blocks(self, threshold: float) -> AbstractContextManager[object]:
        """Within it (the steps of one section) blocks are skipped whose input changes less than `threshold` between steps."""


@runtime_checkable
class AppliesLoras(Protocol):
    """A backbone on which LoRAs can act."""

    @property
    def lora_layers(self) -> LoraLayers:
        """The layers that LoRAs may change, by all their names."""

    def apply_loras(self, loras: ActiveLoras) -> None:
        """Run these LoRAs beside the network's layers from now on, instead of those before; `NO_LORAS` for none.

        Raises:
            torch.OutOfMemoryError: the device is too small for them; then none is active.
        """
