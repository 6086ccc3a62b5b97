"""The heads of the embedded model's network: its prediction for a section, and the constants that turn it into a film.

Letters: B batch, D drawn channels, W window, T frames, h and w latent height and width.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from studio.backbones.animatic.autoencoder import GROUP
from studio.backbones.animatic.state import FilmState

DRAWN_CHANNELS = 32
"""D: the coarsest scene channels, which the network fills where no source shows anything."""
HEAD_CHANNELS = {"camera": 3, "flow": 2, "light": 3, "local": 3, "flicker": 1, "light_gate": 1, "weather": 3, "weather_gate": 1}
"""Channels of the network's output after the drawn ones, in this order."""
OUTPUT_CHANNELS = DRAWN_CHANNELS + sum(HEAD_CHANNELS.values())
CAMERA_UNITS = (4.0, 4.0, 0.25)
"""What an output of 1 stands for: cells right, cells down, log of the magnification."""
WIND_REACH = 5 / 16
"""Cells by which the wind moves the top of the picture sideways, at most."""
WIND_WAVELENGTH = 2.5
"""Cells along the picture per radian of the wind's wave."""
WIND_PERIOD, WIND_DURATION = 18.0, 36.0
"""Frames of the wind's period, and frames after which everything stands still again."""
LEAST_PAN, LEAST_ZOOM, LEAST_FLOW, LEAST_GATE = 0.2, 0.03, 0.06, 0.15
"""Smaller values count as 0: camera motion in cells, log of the magnification, scene motion in cells, light and weather gates."""
WIND_NONE, WIND_FULL = 0.35, 0.45
"""The strength read from the prompt counts as 0 below the first and as 1 above the second: training has no half wind."""


@dataclass(frozen=True)
class Heads:
    """The network's prediction for the last frame of each latent of a section, relative to the newest frame."""

    drawn: Tensor          # [B, D, W, h, w] new content where no source shows anything, as a change of the mirrored content there
    camera: Tensor         # [B, W, 3] camera motion: cells of the newest frame right and down, log of the magnification
    flow: Tensor           # [B, W, 2, h, w] the scene's own motion in cells, without the wind's (`wind_flow`)
    light: Tensor          # [B, W, 3, h, w] the light that is approached (log gain)
    flicker: Tensor        # [B, W] log gain added to it
    light_gate: Tensor     # [B, W] share of the way to that light, 0 to 1
    weather: Tensor        # [B, W, 3] the weather that is approached
    weather_gate: Tensor   # [B, W] share of the way to that weather, 0 to 1
    wind: Tensor           # [B] strength of the wind, 0 to 1; read from the prompt, not predicted

    def moves(self) -> bool:
        """Whether camera or scene move at all."""
        return bool(self.camera.any()) or bool(self.flow.any()) or bool(self.wind.any())

    def suppress_small(self) -> Heads:
        """The heads as used for films: values near 0 become 0, so that a still picture stays exactly as it is."""
        distance = self.camera[..., :2].norm(dim=-1).amax(dim=1).view(-1, 1, 1)
        zoom = self.camera[..., 2:].abs().amax(dim=1, keepdim=True)
        camera = torch.cat(
            [self.camera[..., :2] * _shrink(distance, LEAST_PAN), self.camera[..., 2:] * _shrink(zoom, LEAST_ZOOM)], dim=-1)
        wind = ((self.wind - WIND_NONE) / (WIND_FULL - WIND_NONE)).clamp(0, 1)
        flow = self.flow * _shrink(self.flow.norm(dim=2, keepdim=True), LEAST_FLOW)
        flicker = self.flicker * _shrink(self.flicker.abs().amax(dim=1, keepdim=True), LEAST_GATE)
        return Heads(
            self.drawn, camera, flow, self.light, flicker, _snap_gate(self.light_gate), self.weather,
            _snap_gate(self.weather_gate), wind,
        )

    def film_state(self, before: FilmState) -> FilmState:
        """The film's state over the section [B, W], from the newest frame's state [B, 1]."""
        magnification = before.pose[..., 2:].exp()
        pose = before.pose + torch.cat([self.camera[..., :2] / magnification, self.camera[..., 2:]], dim=-1)
        light = before.light + self.light_gate[..., None, None, None] * (self.light - before.light)
        light = light + self.flicker[..., None, None, None]
        weather = before.weather + self.weather_gate[..., None] * (self.weather - before.weather)
        ahead = GROUP * torch.arange(1, pose.shape[1] + 1, device=pose.device)
        return FilmState(pose, light, weather.clamp(0, 1), before.clock + ahead)


def read_heads(output: Tensor) -> Heads:
    """The heads in the network's output [B, OUTPUT_CHANNELS, W, h, w]. What holds for a whole frame is the mean over the frame.

    The wind is set to 0: it is not predicted, but read from the prompt.
    """
    drawn, rest = output[:, :DRAWN_CHANNELS], output[:, DRAWN_CHANNELS:].transpose(1, 2)                # rest [B, W, ., h, w]
    part = dict(zip(HEAD_CHANNELS, rest.split(list(HEAD_CHANNELS.values()), dim=2), strict=True))

    def frame_mean(name: str) -> Tensor:
        return part[name].mean(dim=(-2, -1))

    local = F.avg_pool2d(F.pad(part["local"].flatten(0, 1), (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    return Heads(
        drawn=drawn,
        camera=frame_mean("camera") * output.new_tensor(CAMERA_UNITS),
        flow=part["flow"],
        light=frame_mean("light")[..., None, None] + local.unflatten(0, part["local"].shape[:2]),
        flicker=frame_mean("flicker")[..., 0],
        light_gate=frame_mean("light_gate")[..., 0].sigmoid(),
        weather=frame_mean("weather"),
        weather_gate=frame_mean("weather_gate")[..., 0].sigmoid(),
        wind=output.new_zeros(len(output)),
    )


def wind_flow(wind: Tensor, frames: int, h: int, w: int) -> Tensor:
    """Flow [B, T, 2, h, w] of the first `frames` frames of a wind of strength [B], see `wind_sway`."""
    return wind_sway(wind, torch.arange(1, frames + 1, device=wind.device), h, w)


def wind_sway(wind: Tensor, t: Tensor, h: int, w: int) -> Tensor:
    """Flow [B, T, 2, h, w] of a scene that sways sideways in a wind of strength [B], t [T] frames after it began.

    The scene sways most at its top and not at all at its bottom. It is a fixed wave, as rain is a fixed texture: a network trained
    to predict it stays silent, because most cells of most films do not move.
    """
    swell = (torch.minimum(t, WIND_DURATION - t) / (WIND_PERIOD / 2)).clamp(0, 1)
    turn = 2 * math.pi * t[:, None] / WIND_PERIOD + (torch.arange(w, device=wind.device) + 0.5) / WIND_WAVELENGTH
    upward = 1 - (torch.arange(h, device=wind.device) + 0.5) / h
    swell = WIND_REACH * swell * swell * (3 - 2 * swell)
    aside = wind.view(-1, 1, 1, 1) * swell.view(-1, 1, 1) * upward[:, None] * turn.sin()[:, None]                # [B, T, h, w]
    return torch.stack([aside, torch.zeros_like(aside)], dim=2)


def _shrink(size: Tensor, least: float) -> Tensor:
    """The factor max(0, 1 - (least / size)^2), which is 0 below `least` and goes to 1 above (the non-negative garrote)."""
    return (1 - (least / size.clamp(min=1e-6)) ** 2).clamp(min=0)


def _snap_gate(gate: Tensor) -> Tensor:
    """A gate that is exactly 0 below `LEAST_GATE` and exactly 1 above 1 - `LEAST_GATE`."""
    return ((gate - LEAST_GATE) / (1 - 2 * LEAST_GATE)).clamp(0, 1)
