"""Schedule and noise of one section's flow, on diffusers' Euler scheduler."""

from __future__ import annotations

import hashlib
import math

import numpy as np
import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from torch import Tensor

LARGEST_SHIFT = 7.0
"""FramePack's limit of the dynamic shift: exp(mu) <= 7."""


def make_scheduler(shift: float) -> FlowMatchEulerDiscreteScheduler:
    """A scheduler of Euler steps. `shift` 0: the shift is computed from the token count, as in FramePack; else it is constant."""
    if shift:
        return FlowMatchEulerDiscreteScheduler(shift=shift)
    return FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True)


def set_timesteps(euler: FlowMatchEulerDiscreteScheduler, steps: int, tokens: float) -> Tensor:
    """Set `euler` to `steps` steps for a section of `tokens` noisy tokens; returns its timesteps [steps], 1000 sigma."""
    slope = (1.15 - 0.5) / (4096 - 256)
    mu = min(tokens * slope + 0.5 - slope * 256, math.log(LARGEST_SHIFT))
    euler.set_timesteps(sigmas=list(np.linspace(1.0, 0.0, steps + 1)[:-1]), mu=mu)
    return euler.timesteps


def section_seed(take: int, section: int) -> int:
    """Seed of one section, from the take's seed and the section's number: the noise of the other sections does not matter."""
    return int.from_bytes(hashlib.sha256(f"{take}/{section}".encode()).digest()[:8]) >> 1


def stage_seed(section: int, stage: int) -> int:
    """Seed of the noise that a sampler draws before a stage of a section, from the section's seed and the stage's number."""
    return int.from_bytes(hashlib.sha256(f"{section}/stage {stage}".encode()).digest()[:8]) >> 1


def noise(shape: tuple[int, ...], seed: int) -> Tensor:
    """Standard normal noise, drawn on the CPU so that it is the same on every device."""
    return torch.randn(shape, generator=torch.Generator("cpu").manual_seed(seed))
