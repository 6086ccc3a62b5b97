"""Helios' sampler (2603.04379): a pyramid of sizes, each with steps of its own, on diffusers' schedulers.

Noise of full size is halved to begin with: at a quarter of the size with three stages. Between stages the latents are doubled and
given noise again, so that blocks of equal pixels become noise as the next stage expects it. For stage k, with s = 1 - its original
start sigma, gamma the scheduler's and eps noise whose covariance within a block of 2 x 2 is (1 + gamma) I - gamma 1:

    alpha = 1 / (sqrt(1 + 1 / gamma) (1 - s) + s),    beta = alpha (1 - s) / sqrt(gamma)
    x = alpha double(x) + beta eps

Helios-Base has one stage only. A distilled model goes back from each predicted section to the point where its stage began.
Letters: C latent channels, W window (latent frames per section), h and w latent height and width.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import HeliosDMDScheduler, HeliosScheduler
from diffusers.pipelines.helios.pipeline_helios_pyramid import calculate_shift
from torch import Tensor

from studio.catalogue.cards import ModelError
from studio.diffusion import flow
from studio.diffusion.sampler import SampledStep, Sampling, Velocity
from studio.language import sentence

JITTER = 1e-8
"""Added to the diagonal of the block noise's covariance, which is singular for gamma = 1/3."""
ZERO_STEPS = 2
"""Steps at the beginning that CFG-Zero* leaves out (2503.18886): diffusers' zero_steps = 1 counts from 0."""


@dataclass(frozen=True)
class Variant:
    """What differs between Helios-Base, -Mid and -Distilled, beside the schedulers' configs."""

    distilled: bool = False    # few steps, no guidance
    zero_star: bool = False    # guidance by CFG-Zero*; else plain classifier-free guidance


class HeliosSampler:
    """The steps of one section."""

    def __init__(
        self, scheduler: HeliosScheduler | HeliosDMDScheduler, variant: Variant, sampling: Sampling, noise: Tensor,
        patch: Sequence[int], begins: bool,
    ) -> None:
        """Plan the stages.

        Args:
            scheduler: its config counts; it is not changed.
            variant: of the model.
            sampling: steps of the section in all, guidance, seed of the noise between stages.
            noise: [1, C, W, h, w] that the section is sampled from.
            patch: latent frames, rows and columns of a token.
            begins: whether a film begins with the section: a distilled model takes twice the steps then.

        Raises:
            ModelError: sections of this size cannot be halved so often.
        """
        self._scheduler: Any = type(scheduler).from_config(scheduler.config)
        self._variant, self._seed, self._patch = variant, sampling.seed, tuple(patch)
        self._amplify = begins and variant.distilled
        self._shapes = stage_shapes(noise.shape[2:], int(scheduler.config.stages), self._patch)
        self._steps = stage_steps(sampling.steps, len(self._shapes))
        # Not all of them: the network would never be asked, and the section would be noise.
        self._skipped = min(ZERO_STEPS, sum(self._steps) - 1) if variant.zero_star and sampling.guidance > 1 else 0
        timesteps = [self._begin_stage(stage, noise.device) for stage in range(len(self._shapes))]
        self.timesteps = torch.cat(timesteps)
        self.passes = tuple(len(one) - (self._skipped if not stage else 0) for stage, one in enumerate(timesteps))
        self.guidance = torch.full((1,), 1.0 if variant.distilled else sampling.guidance, device=noise.device)

    def run(self, noise: Tensor, velocity: Velocity) -> Iterator[SampledStep]:
        """See `Sampler.run`. `clean` is what a stage leads to: of all stages but the last one, latents that are still noisy."""
        x = halve(noise, len(self._shapes) - 1)
        for stage in range(len(self._shapes)):
            timesteps = self._begin_stage(stage, noise.device)
            if stage:
                x = self._enlarge(x, stage)
            begin = x
            for step, t in enumerate(timesteps):
                skipped = stage == 0 and step < self._skipped
                v = torch.zeros_like(x) if skipped else velocity(x, self._as_trained(t).expand(1))
                clean = (x - self._scheduler.sigmas[step] * v).to(x.dtype)
                x = self._step(v, t, x, step, begin, timesteps)
                yield SampledStep(x, clean)

    def _begin_stage(self, stage: int, device: torch.device) -> Tensor:
        """Set the scheduler to a stage; returns the stage's timesteps."""
        steps, config = self._steps[stage], self._scheduler.config
        # The shift follows the tokens of the stage before, as in diffusers' pipeline, which asks before it doubles the latents.
        shape = self._shapes[max(0, stage - 1)]
        mu = calculate_shift(
            math.prod(shape) // math.prod(self._patch), config.get("base_image_seq_len", 256),
            config.get("max_image_seq_len", 4096), config.get("base_shift", 0.5), config.get("max_shift", 1.15))
        if len(self._shapes) == 1:
            sigmas = np.linspace(0.999, 0.0, steps + 1)[:-1]
            self._scheduler.set_timesteps(steps, device=device, sigmas=sigmas, mu=mu)
        else:
            self._scheduler.set_timesteps(steps, stage, device=device, mu=mu, is_amplify_first_chunk=self._amplify)
        return self._scheduler.timesteps

    def _as_trained(self, timestep: Tensor) -> Tensor:
        """The timestep as the network was trained with: of a pyramid, a whole number."""
        return timestep if len(self._shapes) == 1 else timestep.to(torch.int64)

    def _step(self, velocity: Tensor, timestep: Tensor, x: Tensor, step: int, begin: Tensor, timesteps: Tensor) -> Tensor:
        """The latents after a step. A distilled model predicts the section, and goes back to the next noise level of `begin`."""
        if not self._variant.distilled:
            return self._scheduler.step(velocity, timestep, x, return_dict=False)[0]
        return self._scheduler.step(
            velocity, timestep, x, return_dict=False, cur_sampling_step=step, dmd_noisy_tensor=begin,
            dmd_sigmas=self._scheduler.sigmas, dmd_timesteps=self._scheduler.timesteps, all_timesteps=timesteps)[0]

    def _enlarge(self, x: Tensor, stage: int) -> Tensor:
        """The latents of the stage before, doubled, with block noise."""
        kept = 1 - self._scheduler.ori_start_sigmas[stage]               # s
        gamma = self._scheduler.config.gamma
        alpha = 1 / (math.sqrt(1 + (1 / gamma)) * (1 - kept) + kept)
        beta = alpha * (1 - kept) / math.sqrt(gamma)
        doubled = _by_frame(x, lambda frames: F.interpolate(frames, scale_factor=2, mode="nearest"))
        drawn = block_noise(tuple(doubled.shape), gamma, self._patch, flow.stage_seed(self._seed, stage))
        return alpha * doubled + beta * drawn.to(x)


def stage_shapes(section: Sequence[int], stages: int, patch: Sequence[int]) -> list[tuple[int, int, int]]:
    """Latent frames, rows and columns of a section of shape (W, h, w) in each stage, the smallest first.

    Raises:
        ModelError: it cannot be halved so often, or not to whole tokens.
    """
    frames, height, width = section
    least = 2 ** (stages - 1)
    if height % (least * patch[1]) or width % (least * patch[2]):
        start = sentence("full size") if stages == 1 else sentence("1/{least} of their size", least=least)
        raise ModelError(sentence(
            "Helios begins sections at {start}: width and height must be multiples of {width} and {height} pixels. Choose another "
            "size; nothing was lost.", start=start, width=8 * least * patch[2], height=8 * least * patch[1]))
    return [(frames, height >> halvings, width >> halvings) for halvings in reversed(range(stages))]


def stage_steps(steps: int, stages: int) -> list[int]:
    """The steps of each stage: as equal as they can be, and what is left over in the first stages, which are the quickest."""
    each, left = divmod(max(steps, stages), stages)
    return [each + (stage < left) for stage in range(stages)]


def halve(noise: Tensor, times: int) -> Tensor:
    """Noise [1, C, W, h, w] at half the size so many times: bilinear, times 2, so that it stays standard normal."""
    for _ in range(times):
        noise = _by_frame(noise, lambda frames: F.interpolate(
            frames, size=(frames.shape[2] // 2, frames.shape[3] // 2), mode="bilinear") * 2)
    return noise


def block_noise(shape: tuple[int, ...], gamma: float, patch: Sequence[int], seed: int) -> Tensor:
    """Normal noise [1, C, W, h, w] with covariance (1 + gamma) I - gamma 1 within each block, and none between blocks.

    Drawn on the CPU, so that it is the same on every device. The covariance is factorized in float64: in float32, as diffusers does
    it, that of gamma = 1/3 is not positive definite, and processors refuse it.
    """
    batch, channels, frames, height, width = shape
    rows, columns = patch[1:]
    size = rows * columns
    one = torch.eye(size, dtype=torch.float64)
    covariance = one * (1 + gamma) - torch.ones_like(one) * gamma + one * JITTER
    blocks = flow.noise((batch * channels * frames * (height // rows) * (width // columns), size), seed)
    drawn = blocks @ torch.linalg.cholesky(covariance).float().T
    drawn = drawn.view(batch, channels, frames, height // rows, width // columns, rows, columns)
    return drawn.transpose(4, 5).reshape(shape)


def _by_frame(latents: Tensor, change: Any) -> Tensor:
    """`change`, which takes pictures [W, C, ., .], applied to the frames of latents [1, C, W, ., .]."""
    return change(latents[0].movedim(1, 0)).movedim(0, 1).unsqueeze(0)
