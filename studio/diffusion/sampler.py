"""Samplers: how the latents of a section get from noise to the clean section, by calls of the backbone's velocity field.

The section loop knows the protocol alone. A backbone that was trained for a sampler of its own brings it (`BringsSampler`); all
others are sampled by Euler steps at one size.
Letters: C latent channels, W window (latent frames per section), h and w latent height and width, S steps of a section.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from studio.diffusion import flow
from studio.diffusion.backbone import Backbone
from studio.diffusion.blend import SectionBlend
from studio.diffusion.magnitude_cache import Stages

Velocity = Callable[[Tensor, Tensor], Tensor]
"""The velocity [1, C, W, ., .] in float32 of latents [1, C, W, ., .] at a timestep [1], which is 1000 sigma."""


@dataclass(frozen=True)
class Sampling:
    """How a section is sampled."""

    steps: int = 25
    guidance: float = 10.0     # distilled into the network or by a second pass, as the sampler has it
    window: int = 9            # W
    shift: float = 0.0         # of the flow schedule; 0: computed from the token count
    cache: float = 0.0         # threshold of the step cache, see `SkipsBlocks`; 0: no block is skipped
    ratios: Stages = ()        # of the step cache by magnitudes; none: the step cache is that of the first block
    blend: SectionBlend | None = None    # where the section lies in its segment's blend, for a backbone that blends by itself
    seed: int = 0              # of noise that a sampler draws between its steps; the same for every section unless it is given


@dataclass(frozen=True)
class SampledStep:
    """What one step made. A sampler may work on smaller latents in its first steps; those of the last one are [1, C, W, h, w]."""

    latents: Tensor            # [1, C, W, ., .] after the step
    clean: Tensor              # [1, C, W, ., .] where the step's velocity leads to: its prediction of the clean latents


class Sampler(Protocol):
    """The steps of one section."""

    @property
    def timesteps(self) -> Tensor:
        """[S] 1000 sigma of all steps, in their order."""

    @property
    def guidance(self) -> Tensor:
        """[1] what the backbone is called with as `guidance`."""

    @property
    def passes(self) -> tuple[int, ...]:
        """For each size at which latents are sampled, one after another, the number of steps in which `velocity` is called."""

    def run(self, noise: Tensor, velocity: Velocity) -> Iterator[SampledStep]:
        """Sample a section from noise [1, C, W, h, w], standard normal. The same noise always gives the same section.

        Yields:
            S steps. `velocity` is called between them as often as the sampler needs it.
        """


@runtime_checkable
class BringsSampler(Protocol):
    """A backbone that was trained for a sampler of its own."""

    def sampler(self, sampling: Sampling, noise: Tensor, begins: bool) -> Sampler:
        """The sampler of one section.

        Args:
            sampling: steps, guidance, and the seed of what noise the sampler draws itself.
            noise: [1, C, W, h, w] that the section will be sampled from; its shape and device count.
            begins: whether the film, or a shot of it, begins with this section.

        Raises:
            ModelError: sections of this size cannot be sampled. Nothing was computed.
        """


class EulerSampler:
    """Euler steps at one size, with guidance that is distilled into the network: FramePack's sampling (2504.12626)."""

    def __init__(self, sampling: Sampling, tokens: float, dtype: torch.dtype, device: torch.device) -> None:
        """The steps of a section of `tokens` noisy tokens; the guidance is given in precision `dtype`."""
        self._euler = flow.make_scheduler(sampling.shift)
        self.timesteps = flow.set_timesteps(self._euler, sampling.steps, tokens)
        self.guidance = torch.full((1,), sampling.guidance, dtype=dtype, device=device) * 1000.0

    @property
    def passes(self) -> tuple[int, ...]:
        """All steps, at one size."""
        return (len(self.timesteps),)

    def run(self, noise: Tensor, velocity: Velocity) -> Iterator[SampledStep]:
        """x_{sigma_{s+1}} = x_{sigma_s} + (sigma_{s+1} - sigma_s) v for every step s. See `Sampler.run`."""
        x = noise
        for step, t in enumerate(self.timesteps):
            v = velocity(x, t.expand(1).to(x.device))
            clean = x - self._euler.sigmas[step].to(x.device) * v
            x = self._euler.step(v, t, x, return_dict=False)[0]
            yield SampledStep(x, clean)


def make_sampler(backbone: Backbone, sampling: Sampling, noise: Tensor, begins: bool) -> Sampler:
    """The backbone's own sampler for a section, or Euler steps. Arguments and errors as for `BringsSampler.sampler`."""
    if isinstance(backbone, BringsSampler):
        return backbone.sampler(sampling, noise, begins)
    tokens = noise.shape[2] * noise.shape[3] * noise.shape[4] / backbone.patch_size**2
    return EulerSampler(sampling, tokens, backbone.dtype, noise.device)
