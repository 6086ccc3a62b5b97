"""The embedded model's film state: what rides beside the scene in its latents. It knows neither network nor pictures.

The scene's channels hold what is there, unlit and in clear air. Ten more say, for the last frame of each latent, from where it is
seen, in what light and weather, and when. So night can turn into day again without loss, and the way back is known.
Letters: B batch, T latent frames, C scene channels, h and w latent height and width.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

POSE, LIGHT, WEATHER, CLOCK = 3, 3, 3, 1
STATE_CHANNELS = POSE + LIGHT + WEATHER + CLOCK
STATE_STEPS = 4096
"""Values are read in steps of 1 / 4096: an Euler step ends at its estimate up to rounding, and what stands must stand still."""


@dataclass(frozen=True)
class FilmState:
    """The state at the last frame of each latent."""

    pose: Tensor       # [B, T, 3] place of the view's middle in cells of 16 pixels at magnification 1, log of the magnification
    light: Tensor      # [B, T, 3, h, w] log of the gain on red, green and blue
    weather: Tensor    # [B, T, 3] amounts of snow, rain and fog, 0 to 1
    clock: Tensor      # [B, T] frames since some moment: where the weather's pattern is

    def __getitem__(self, at: slice) -> FilmState:
        """Some of its frames."""
        return FilmState(self.pose[:, at], self.light[:, at], self.weather[:, at], self.clock[:, at])


def split_latents(latents: Tensor) -> tuple[Tensor, FilmState]:
    """Scene [B, C, T, h, w] and state of latents [B, C + 10, T, h, w]."""
    scene, pose, light, weather, clock = latents.split([latents.shape[1] - STATE_CHANNELS, POSE, LIGHT, WEATHER, CLOCK], dim=1)

    def even(maps: Tensor) -> Tensor:
        return _round(maps[..., 0, 0].float()).transpose(1, 2)      # the same at every place

    return scene, FilmState(even(pose), _round(light.float()).transpose(1, 2), even(weather), even(clock)[..., 0])


def _round(values: Tensor) -> Tensor:
    return (values * STATE_STEPS).round() / STATE_STEPS


def join_latents(scene: Tensor, state: FilmState) -> Tensor:
    """Latents [B, C + 10, T, h, w] of scene [B, C, T, h, w] and state."""
    b, _, t, h, w = scene.shape

    def spread(values: Tensor) -> Tensor:
        return values.transpose(1, 2)[..., None, None].expand(b, -1, t, h, w)

    parts = [scene, spread(state.pose), state.light.transpose(1, 2), spread(state.weather), spread(state.clock[..., None])]
    return torch.cat([part.to(scene) for part in parts], dim=1)


def with_neutral_state(scene: Tensor) -> Tensor:
    """Latents of a scene as it is: at the origin, in its own light and clear air."""
    b, _, t, h, w = scene.shape
    return torch.cat([scene, scene.new_zeros(b, STATE_CHANNELS, t, h, w)], dim=1)


def interpolate_state(state: FilmState, frames: int) -> FilmState:
    """The state at each of `frames` frames up to every latent after the first, linearly, [B, (T - 1) frames, ...]."""
    steps = torch.arange(1, frames + 1, device=state.pose.device) / frames

    def fill(values: Tensor) -> Tensor:
        before, after = values[:, :-1].unsqueeze(2), values[:, 1:].unsqueeze(2)
        share = steps.view(1, 1, -1, *[1] * (values.dim() - 2))
        return (before + share * (after - before)).flatten(1, 2)

    return FilmState(fill(state.pose), fill(state.light), fill(state.weather), fill(state.clock))
