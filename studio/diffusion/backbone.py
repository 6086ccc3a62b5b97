"""Protocols of a backbone: the velocity field that the section loop integrates, of any family of models.

Letters: B batch, C latent channels, W window, h and w latent height and width, L text tokens, S image tokens, M memory
tokens, D the width of psi. Flow time is sigma in diffusers' sense: x_t = (1 - sigma) x + sigma noise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from studio.catalogue.loras.layers import LoraLayers
from studio.diffusion.lora_branches import ActiveLoras
from studio.diffusion.magnitude_cache import MagnitudeCache
from studio.memory.framepack import PackedContext


@dataclass(frozen=True)
class Conditioning:
    """Embeddings of the prompt and the reference image. A model that does not use a part leaves it empty."""

    text: Tensor      # [B, L, .]
    mask: Tensor      # [B, L] 1 where a token is
    pooled: Tensor    # [B, .]
    image: Tensor     # [B, S, .]


@dataclass(frozen=True)
class SubjectLayer:
    """What stands in front of its ground: both are planes, at distances of their own."""

    alpha: Tensor     # [1, 1, H, W] 1 where the subject covers its ground
    ground: Tensor    # [1, 3, H, W] in [-1, 1] the picture without the subject
    depth: float      # how many times as far from the camera as the subject the ground lies


@dataclass(frozen=True)
class ScenePicture:
    """The whole reference picture, also outside the film's frame, at the scale at which the frame has the film's size."""

    picture: Tensor   # [1, 3, H, W] in [-1, 1]
    left: int         # of the frame in the picture, in pixels
    top: int
    width: int        # of the frame, which is the film's
    height: int
    subject: SubjectLayer | None = None
    own: tuple[int, int, int, int] | None = None    # edges of the artist's picture: left, top, right, bottom; None: all of it
    flows: Tensor | None = None       # [2, F, 2, H / 4, W / 4] of ground and subject: pixels in a frame of the slowest clock


@dataclass(frozen=True)
class SceneConditioning(Conditioning):
    """Embeddings, and the reference beyond the frame for a model that can show it, with what moves in it."""

    scene: ScenePicture | None        # None where psi knows it already
    dolly: bool = False               # the prompt moves the camera forward or back; a zoom only magnifies
    flows: tuple[float, ...] = ()     # for each flow of the scene: 1 it starts, 0 it stops, -1 it goes on as it was


class Backbone(Protocol):
    """The velocity d x_t / d sigma = noise - x of the section that is being denoised."""

    @property
    def device(self) -> torch.device:
        """The device that computes."""

    @property
    def dtype(self) -> torch.dtype:
        """The precision that it computes with."""

    @property
    def patch_size(self) -> int:
        """Latent pixels along one edge of a token. The schedule's shift depends on the number of tokens."""

    @property
    def channels(self) -> int:
        """C, the channels of the latents."""

    def prepare(
        self, timesteps: Tensor, conditioning: Conditioning, guidance: Tensor | None, should_stop: Callable[[], bool]
    ) -> None:
        """Called once before the steps of a section, so that a backbone can place its weights and compute what all steps share.

        Args:
            timesteps: [S] 1000 sigma of all steps of the section.
            conditioning, guidance: what every step will be called with.
            should_stop: may be called within a step; where it returns True, the step raises `section.StoppedError`.
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
            x: [B, C, W, h, w] x_t; h and w are smaller than the context's where the sampler begins small.
            timestep: [B] 1000 sigma.
            packed: FramePack's short-term context, with the frame index of every part.
            conditioning: prompt and reference image.
            guidance: [B] as the sampler gives it: 1000 times the distilled guidance, for a backbone trained with it.
            psi: [B, M, D] long-term memory, or None.

        Returns:
            [B, C, W, h, w] the velocity.
        """


@runtime_checkable
class SkipsBlocks(Protocol):
    """A backbone with a step cache by its first block (`step_cache`)."""

    def skip_blocks(self, threshold: float) -> AbstractContextManager[object]:
        """A context for the steps of one section. Blocks are skipped while their input changes by less than `threshold`."""


@runtime_checkable
class SkipsSteps(Protocol):
    """A backbone with a step cache by magnitudes (`magnitude_cache`)."""

    def skip_steps(self, skips: Sequence[bool]) -> AbstractContextManager[MagnitudeCache]:
        """A context for the steps of one section, of which some are left out; with no `skips` all run, and are measured."""


@runtime_checkable
class RoundsLatents(Protocol):
    """A backbone whose finished latents are rounded, so that snapshots are small. Nothing sees them unrounded."""

    def round_latents(self, latents: Tensor, psi: Tensor | None) -> Tensor:
        """The finished section's latents [B, C, W, h, w] as the film keeps them; psi [B, M, D] as in the steps."""


@runtime_checkable
class StopsAtEdge(Protocol):
    """A backbone whose camera may be stopped by the edge of the reference picture."""

    @property
    def stopped_at_edge(self) -> bool:
        """Whether the picture's edge stopped the camera in the newest section."""


@runtime_checkable
class IgnoresThreads(Protocol):
    """A backbone whose sections, frames included, may be the same bit for bit on any number of processor threads."""

    def ignores_threads(self, loras: bool) -> bool:
        """Whether they are, on this processor. `loras`: whether LoRAs are applied."""


@runtime_checkable
class RecallsPlaces(Protocol):
    """A backbone that tells which pixels of its frames came from the long-term memory."""

    def recalled_pixels(self) -> Tensor | None:
        """[T, H, W] bool: the pixels of the newest section that psi shows, and no frame of the snapshot that the backbone looks at.

        None if psi is not asked for places in films of this size, or there was no section yet.
        """


@runtime_checkable
class AppliesLoras(Protocol):
    """A backbone that LoRAs can be applied to."""

    @property
    def lora_layers(self) -> LoraLayers:
        """The layers that LoRAs may change, under all the names that files use."""

    def apply_loras(self, loras: ActiveLoras) -> None:
        """Replace the active LoRAs by these; `NO_LORAS` for none.

        Raises:
            torch.OutOfMemoryError: they do not fit on the device. No LoRA is active then.
        """
