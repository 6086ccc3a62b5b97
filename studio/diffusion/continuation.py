"""What the next latents would be if the newest frame only moved as the prompt says; it knows neither steps nor noise.

A learned motion, not a drawn one: a small network turns the pooled prompt into a velocity (to the right, downwards, inwards),
and the newest latent is resampled along it, one frame after the other. It is trained by the error of what comes out, through
the sampling. Letters: B batch, C latent channels, W window, h and w latent height and width.
"""

from __future__ import annotations

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import Tensor, nn
from torch.nn import functional as F

FIRST = 0.625
"""A latent is four frames: the first one behind the newest is, on average, 2.5 frames of 4 away from its last."""
SWELL = 0.04
"""Logarithm of the magnification per latent frame at a velocity of 1 inwards."""
STILL = 0.2
"""Velocities below this are none: a camera that stands still stands quite still."""


class Continuation(ModelMixin, ConfigMixin):
    """The newest latent, moved on."""

    config_name = "config.json"

    @register_to_config
    def __init__(self, pooled_width: int = 128, width: int = 128) -> None:
        super().__init__()
        last = nn.Linear(width, 3)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.motion = nn.Sequential(nn.Linear(pooled_width, width), nn.SiLU(), last)

    def velocity(self, pooled: Tensor) -> Tensor:
        """Camera's way per latent frame, [B, 3]: latent cells to the right and down, and inwards."""
        velocity: Tensor = self.motion(pooled.to(self.dtype)).float()
        return velocity

    def forward(self, newest: Tensor, pooled: Tensor, window: int) -> Tensor:
        """Expected latents [B, C, W, h, w] after `newest` [B, C, 1, h, w], for pooled prompts [B, P]."""
        velocity = self.velocity(pooled)
        if not self.training:  # there is no slope below the threshold
            velocity = torch.where(velocity.abs() < STILL, 0.0, velocity)
        return move(newest, velocity, window)


def move(newest: Tensor, velocity: Tensor, window: int) -> Tensor:
    """Resample `newest` [B, C, 1, h, w] along `velocity` [B, 3]; what comes into view repeats the border."""
    b, c, _, h, w = newest.shape
    many = newest.float().transpose(1, 2).expand(b, window, c, h, w).flatten(0, 1)
    grid = places(velocity, window, h, w).flatten(0, 1)
    moved = F.grid_sample(many, grid, padding_mode="border", align_corners=False)
    return moved.unflatten(0, (b, window)).transpose(1, 2)


def places(velocity: Tensor, window: int, h: int, w: int) -> Tensor:
    """Where in the newest frame each place of each latent is, [B, W, h, w, 2] as (x, y), -1 to 1 inside."""
    b, device = len(velocity), velocity.device
    time = torch.arange(window, device=device) + FIRST
    way = velocity[:, None] * time[None, :, None]                       # [B, W, 3]
    theta = torch.zeros(b, window, 2, 3, device=device)
    theta[..., 0, 0] = theta[..., 1, 1] = torch.exp(-SWELL * way[..., 2])
    theta[..., 0, 2], theta[..., 1, 2] = way[..., 0] * 2 / w, way[..., 1] * 2 / h
    return F.affine_grid(theta.flatten(0, 1), [b * window, 1, h, w], align_corners=False).unflatten(0, (b, window))
