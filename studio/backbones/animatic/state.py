"""The embedded model's film state, ten latent channels next to the scene's.

The scene's channels show the scene without light effects, in clear air. The state's channels hold, for the last frame of each
latent, the camera's pose, light, weather and a clock. So night can turn into day again without loss, and the camera can return.

Letters: B batch, T latent frames, C scene channels, h and w latent height and width.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

POSE, LIGHT, WEATHER, CLOCK = 3, 3, 3, 1
"""Channels of each part of the state."""
STATE_CHANNELS = POSE + LIGHT + WEATHER + CLOCK
STATE_STEPS = 4096
"""Values are rounded to steps of 1 / 4096: an Euler step is exact only up to rounding, and a still camera must not drift."""


@dataclass(frozen=True)
class FilmState:
    """The state at the last frame of each latent."""

    pose: Tensor       # [B, T, 3] middle of the view, column and row in cells of 16 pixels at magnification 1; log magnification
    light: Tensor      # [B, T, 3, h, w] log of the gain on red, green and blue
    weather: Tensor    # [B, T, 3] amounts of snow, rain and fog, 0 to 1
    clock: Tensor      # [B, T] in frames: the phase of the weather's pattern

    def __getitem__(self, at: slice) -> FilmState:
        """The state of some of its frames."""
        return FilmState(self.pose[:, at], self.light[:, at], self.weather[:, at], self.clock[:, at])


def split_latents(latents: Tensor) -> tuple[Tensor, FilmState]:
    """Scene [B, C, T, h, w] and state of latents [B, C + 10, T, h, w]."""
    scene, pose, light, weather, clock = latents.split([latents.shape[1] - STATE_CHANNELS, POSE, LIGHT, WEATHER, CLOCK], dim=1)

    def first_pixel(maps: Tensor) -> Tensor:
        return _round(maps[..., 0, 0].float()).transpose(1, 2)      # these channels are constant over h and w

    light = _round(light.float()).transpose(1, 2)
    return scene, FilmState(first_pixel(pose), light, first_pixel(weather), first_pixel(clock)[..., 0])


def _round(values: Tensor) -> Tensor:
    """Values rounded to the grid of STATE_STEPS."""
    return (values * STATE_STEPS).round() / STATE_STEPS


def join_latents(scene: Tensor, state: FilmState) -> Tensor:
    """Latents [B, C + 10, T, h, w] of scene [B, C, T, h, w] and state."""
    b, _, t, h, w = scene.shape

    def spread(values: Tensor) -> Tensor:
        return values.transpose(1, 2)[..., None, None].expand(b, -1, t, h, w)

    parts = [scene, spread(state.pose), state.light.transpose(1, 2), spread(state.weather), spread(state.clock[..., None])]
    return torch.cat([part.to(scene) for part in parts], dim=1)


def with_neutral_state(scene: Tensor) -> Tensor:
    """Latents [B, C + 10, T, h, w] of a scene in its own light and clear air, seen from the origin: the state is 0."""
    b, _, t, h, w = scene.shape
    return torch.cat([scene, scene.new_zeros(b, STATE_CHANNELS, t, h, w)], dim=1)


def concatenate_states(before: FilmState, after: FilmState) -> FilmState:
    """The states [B, T, ...] and [B, T', ...] one after the other, [B, T + T', ...]."""
    return FilmState(
        torch.cat([before.pose, after.pose], 1), torch.cat([before.light, after.light], 1),
        torch.cat([before.weather, after.weather], 1), torch.cat([before.clock, after.clock], 1),
    )


def interpolate_state(state: FilmState, frames: int) -> FilmState:
    """The state at each of the `frames` frames of every latent after the first, linearly: [B, (T - 1) frames, ...]."""
    steps = torch.arange(1, frames + 1, device=state.pose.device) / frames

    def fill(values: Tensor) -> Tensor:
        before, after = values[:, :-1].unsqueeze(2), values[:, 1:].unsqueeze(2)
        share = steps.view(1, 1, -1, *[1] * (values.dim() - 2))
        return (before + share * (after - before)).flatten(1, 2)

    return FilmState(fill(state.pose), fill(state.light), fill(state.weather), fill(state.clock))
