"""Frames of large films: views of the picture that psi holds, where the latents say that the camera is, with light and weather.

Letters: B batch, C latent channels, n latent frames, T frames, V view factor (see `film_size`), H and W pixel height and width,
h and w latent height and width.
"""

from __future__ import annotations

import torch
from torch import Tensor

from studio.backbones.animatic.autoencoder import GROUP
from studio.backbones.animatic.film_size import PATCH
from studio.backbones.animatic.heads import wind_sway
from studio.backbones.animatic.same_sums import bilinear
from studio.backbones.animatic.scene_picture import PictureMemory
from studio.backbones.animatic.scene_state import SceneState, interpolate_scene_state, read_scene_state
from studio.backbones.animatic.scene_view import Moment, SceneView
from studio.backbones.animatic.state import interpolate_state, split_latents
from studio.backbones.animatic.weather import WeatherSynthesis


class PictureStream:
    """Decodes the latents of a large film, given the psi that its frames are views of."""

    piece: int | None = 1

    def __init__(self, memory: PictureMemory, weather: WeatherSynthesis, psi: Tensor, newest: Tensor, frames: int) -> None:
        """`newest`: [1, C, 1, h, w], the latent that the stream continues after. `frames`: of each latent."""
        self._view = SceneView(memory, psi)
        self._extent, self._weather, self._frames = self._view.extent, weather, frames
        self._newest = newest.to(psi)

    def push(self, latents: Tensor) -> Tensor:
        """Frames [1, 3, T n, H, W] in [-1, 1] of the next n latent frames [1, C, n, h, w].

        One latent at a time, so that the frames have the same bits however a film is divided into calls.
        """
        line = torch.cat([self._newest, latents.to(self._newest)], dim=2)
        self._newest = line[:, :, -1:]
        return torch.cat([self._group(line[:, :, at : at + 2]) for at in range(latents.shape[2])], dim=2)

    def _group(self, pair: Tensor) -> Tensor:
        """The frames of the second of two latents [1, C, 2, h, w]. Camera, light and weather begin as in the first."""
        now, scene = interpolate_state(split_latents(pair)[1], self._frames), read_scene_state(pair)
        dolly, times = interpolate_scene_state(scene, self._frames)
        moment = Moment(now.pose, dolly, times, self._sway(scene, *pair.shape[-2:]))
        frames = self._view.frames(moment, *self._size)
        if bool(now.light.any()):
            gain = bilinear(now.light.flatten(0, 1).exp(), *frames.shape[-2:])
            frames = (frames + 1) * gain.unflatten(0, now.light.shape[:2]).transpose(1, 2) - 1
        return self._weather(frames, now.weather, now.clock, self._extent.factor).clamp(-1, 1)

    @property
    def _size(self) -> tuple[int, int]:
        return PATCH * self._extent.frame_rows, PATCH * self._extent.frame_columns

    def _sway(self, scene: SceneState, h: int, w: int) -> Tensor | None:
        """The wind's flow in the frames of the second of two latents, [1, T, 2, h, w] cells."""
        strength, end = scene.wind[:, 1], scene.wind_time[:, 1]
        if not bool(strength.any()):
            return None
        times = end - GROUP + GROUP * torch.arange(1, self._frames + 1, device=end.device) / self._frames
        return wind_sway(strength, times, h, w)
