"""Frames of large films: views of the picture that psi holds, where the latents say that the camera is, with light and weather.

Letters: B batch, C latent channels, n latent frames, T frames, V view factor (see `film_size`), H and W pixel height and width,
h and w latent height and width.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from studio.backbones.animatic.autoencoder import GROUP
from studio.backbones.animatic.composition import Source, sample, source_coordinates
from studio.backbones.animatic.film_size import PATCH
from studio.backbones.animatic.heads import wind_sway
from studio.backbones.animatic.scene_picture import PictureMemory, read_extent
from studio.backbones.animatic.state import STATE_CHANNELS, interpolate_state, split_latents
from studio.backbones.animatic.weather import WeatherSynthesis

WIND, WIND_TIME = -STATE_CHANNELS - 1, -STATE_CHANNELS - 2
"""The finest channels of a large film's scene, which nothing reads: the wind's strength, and the frames since it began."""
SMALLEST = 1e-3
"""Log of the magnification below which the picture is not reduced."""


class View:
    """A picture to look at from any pose: at its own size, and reduced by half for when the camera zooms out."""

    def __init__(self, picture: Tensor, left: float, top: float, cell: int) -> None:
        """A view of a picture [B, 3, H, W] whose upper left corner lies at `left`, `top` in cells of `cell` pixels."""
        middle = picture.new_tensor([left + picture.shape[3] / cell / 2, top + picture.shape[2] / cell / 2, 0.0])
        self._source = Source(picture, middle.expand(len(picture), -1))
        self._half = F.interpolate(picture, scale_factor=0.5, mode="bilinear", antialias=True, align_corners=False)
        self._cell = cell

    def frames(self, pose: Tensor, height: int, width: int, sway: Tensor | None = None) -> Tensor:
        """Frames [B, 3, T, H, W] seen at `pose` [B, T, 3], with each pixel moved by `sway` [B, T, 2, h, w] cells."""
        at = source_coordinates(pose, self._source.pose, height, width, self._cell)
        if sway is not None:
            large = F.interpolate(self._cell * sway.flatten(0, 1), (height, width), mode="bilinear", align_corners=False)
            at = at + large.unflatten(0, sway.shape[:2]).movedim(2, -1)
        out = sample(self._source.frame, at)
        share = (-pose[..., 2] / math.log(2)).clamp(0, 1)                 # of the reduced picture, which has no finer detail
        if bool((share > SMALLEST).any()):
            ratio = at.new_tensor([side / whole for side, whole in zip(
                self._half.shape[:1:-1], self._source.frame.shape[:1:-1], strict=True)])
            out = torch.lerp(out, sample(self._half, at * ratio), share[:, None, :, None, None])
        return out


class PictureStream:
    """Decodes the latents of a large film, given the psi that its frames are views of."""

    piece: int | None = 1

    def __init__(self, memory: PictureMemory, weather: WeatherSynthesis, psi: Tensor, newest: Tensor, frames: int) -> None:
        """`newest`: [1, C, 1, h, w], the latent that the stream continues after. `frames`: of each latent."""
        self._extent, self._weather, self._frames = read_extent(psi), weather, frames
        picture = memory.picture(psi)
        self._view = View(picture, *self._extent.bounds[:2], PATCH * self._extent.factor)
        self._newest = newest.to(picture)

    def push(self, latents: Tensor) -> Tensor:
        """Frames [1, 3, T n, H, W] in [-1, 1] of the next n latent frames [1, C, n, h, w].

        One latent at a time, so that the frames have the same bits however a film is divided into calls.
        """
        line = torch.cat([self._newest, latents.to(self._newest)], dim=2)
        self._newest = line[:, :, -1:]
        return torch.cat([self._group(line[:, :, at : at + 2]) for at in range(latents.shape[2])], dim=2)

    def _group(self, pair: Tensor) -> Tensor:
        """The frames of the second of two latents [1, C, 2, h, w]. Camera, light and weather begin as in the first."""
        now = interpolate_state(split_latents(pair)[1], self._frames)
        frames = self._view.frames(now.pose, *self._size, self._sway(pair))
        if bool(now.light.any()):
            gain = F.interpolate(now.light.flatten(0, 1).exp(), frames.shape[-2:], mode="bilinear", align_corners=False)
            frames = (frames + 1) * gain.unflatten(0, now.light.shape[:2]).transpose(1, 2) - 1
        return self._weather(frames, now.weather, now.clock, self._extent.factor).clamp(-1, 1)

    @property
    def _size(self) -> tuple[int, int]:
        return PATCH * self._extent.frame_rows, PATCH * self._extent.frame_columns

    def _sway(self, pair: Tensor) -> Tensor | None:
        """The wind's flow in the frames of the second of two latents, [1, T, 2, h, w] cells."""
        strength, end = (pair[:, channel, 1, 0, 0].float() for channel in (WIND, WIND_TIME))
        if not bool(strength.any()):
            return None
        times = end - GROUP + GROUP * torch.arange(1, self._frames + 1, device=pair.device) / self._frames
        return wind_sway(strength, times, *pair.shape[-2:])
