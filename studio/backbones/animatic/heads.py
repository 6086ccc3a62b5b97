"""What the embedded model's network says about a section, and how its output is read. It knows neither network nor pictures.

Letters: B batch, D drawn channels, W window, h and w latent height and width.
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
"""Channels that are drawn where nothing was seen: the coarse ones."""
HEAD_CHANNELS = {"camera": 3, "flow": 2, "light": 3, "local": 3, "flicker": 1, "light_gate": 1, "weather": 3, "weather_gate": 1}
OUTPUT_CHANNELS = DRAWN_CHANNELS + sum(HEAD_CHANNELS.values())
CAMERA_UNITS = (4.0, 4.0, 0.25)
"""Cells and logarithm of the magnification that the network's 1 stands for."""
WIND_REACH, WIND_WAVELENGTH, WIND_PERIOD, WIND_DURATION = 5 / 16, 2.5, 18.0, 36.0
"""Of the wind: cells that it moves the picture's top aside, cells in a radian of its wave along the picture, frames of its period,
and frames until all stands again."""
LEAST_PAN, LEAST_ZOOM, LEAST_FLOW, LEAST_GATE = 0.2, 0.03, 0.06, 0.15
"""Below these a camera stands (cells, log of magnification), a scene is still (cells), and light and weather stay as they are."""
WIND_NONE, WIND_FULL = 0.35, 0.45
"""Below the first no wind blows, above the second all of it: half a wind there is not in what was learned from."""


@dataclass(frozen=True)
class Heads:
    """What the network says about a section, for the last frame of each latent, counted from the newest frame."""

    drawn: Tensor          # [B, D, W, h, w] coarse channels where nothing was seen, as a change of what is mirrored there
    camera: Tensor         # [B, W, 3] of the camera: cells of the newest frame right and down, log of the magnification
    flow: Tensor           # [B, W, 2, h, w] cells by which the scene itself has moved, beside the wind's `wind_flow`
    light: Tensor          # [B, W, 3, h, w] where the light is going (log gain)
    flicker: Tensor        # [B, W] log gain on top of it
    light_gate: Tensor     # [B, W] how far it has come, 0 to 1
    weather: Tensor        # [B, W, 3] where the weather is going
    weather_gate: Tensor   # [B, W]
    wind: Tensor           # [B] how hard it blows, 0 to 1: what the prompt says, not the network

    def suppress_small(self) -> Heads:
        """As used for films: what is almost nothing is nothing, so that a held picture stays as it is."""
        far = self.camera[..., :2].norm(dim=-1).amax(dim=1).view(-1, 1, 1)
        grown = self.camera[..., 2:].abs().amax(dim=1, keepdim=True)
        way = torch.cat([self.camera[..., :2] * _shrink(far, LEAST_PAN), self.camera[..., 2:] * _shrink(grown, LEAST_ZOOM)], dim=-1)
        wind = ((self.wind - WIND_NONE) / (WIND_FULL - WIND_NONE)).clamp(0, 1)
        flow = self.flow * _shrink(self.flow.norm(dim=2, keepdim=True), LEAST_FLOW)
        flicker = self.flicker * _shrink(self.flicker.abs().amax(dim=1, keepdim=True), LEAST_GATE)
        return Heads(
            self.drawn, way, flow, self.light, flicker, _snap_gate(self.light_gate), self.weather, _snap_gate(self.weather_gate),
            wind,
        )

    def film_state(self, before: FilmState) -> FilmState:
        """The film's state over the section [B, W], from that of the newest frame [B, 1]."""
        magnification = before.pose[..., 2:].exp()
        pose = before.pose + torch.cat([self.camera[..., :2] / magnification, self.camera[..., 2:]], dim=-1)
        light = before.light + self.light_gate[..., None, None, None] * (self.light - before.light)
        light = light + self.flicker[..., None, None, None]
        weather = before.weather + self.weather_gate[..., None] * (self.weather - before.weather)
        ahead = GROUP * torch.arange(1, pose.shape[1] + 1, device=pose.device)
        return FilmState(pose, light, weather.clamp(0, 1), before.clock + ahead)


def read_heads(said: Tensor) -> Heads:
    """The network's output [B, OUTPUTS, W, h, w] as what it means; what holds for a whole frame is its mean over the frame.

    Of the wind it says nothing: that is read from the prompt.
    """
    drawn, rest = said[:, :DRAWN_CHANNELS], said[:, DRAWN_CHANNELS:].transpose(1, 2)                    # rest [B, W, ., h, w]
    part = dict(zip(HEAD_CHANNELS, rest.split(list(HEAD_CHANNELS.values()), dim=2), strict=True))

    def whole(name: str) -> Tensor:
        return part[name].mean(dim=(-2, -1))

    local = F.avg_pool2d(F.pad(part["local"].flatten(0, 1), (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    return Heads(
        drawn=drawn,
        camera=whole("camera") * said.new_tensor(CAMERA_UNITS),
        flow=part["flow"],
        light=whole("light")[..., None, None] + local.unflatten(0, part["local"].shape[:2]),
        flicker=whole("flicker")[..., 0],
        light_gate=whole("light_gate")[..., 0].sigmoid(),
        weather=whole("weather"),
        weather_gate=whole("weather_gate")[..., 0].sigmoid(),
        wind=said.new_zeros(len(said)),
    )


def wind_flow(wind: Tensor, frames: int, h: int, w: int) -> Tensor:
    """The flow [B, T, 2, h, w] of a scene that the wind [B] sways sideways for so many frames, most at its top, not at its foot.

    Drawn, as rain is: asked to move each cell for it the network stays silent, for most cells of most films do not move.
    """
    t = torch.arange(1, frames + 1, device=wind.device)
    swell = (torch.minimum(t, WIND_DURATION - t) / (WIND_PERIOD / 2)).clamp(0, 1)
    turn = 2 * math.pi * t[:, None] / WIND_PERIOD + (torch.arange(w, device=wind.device) + 0.5) / WIND_WAVELENGTH
    upward = 1 - (torch.arange(h, device=wind.device) + 0.5) / h
    swell = WIND_REACH * swell * swell * (3 - 2 * swell)
    aside = wind.view(-1, 1, 1, 1) * swell.view(-1, 1, 1) * upward[:, None] * turn.sin()[:, None]                # [B, T, h, w]
    return torch.stack([aside, torch.zeros_like(aside)], dim=2)


def _shrink(size: Tensor, least: float) -> Tensor:
    """A factor that is 0 below `least` and goes to 1 beyond it (the non-negative garrote)."""
    return (1 - (least / size.clamp(min=1e-6)) ** 2).clamp(min=0)


def _snap_gate(gate: Tensor) -> Tensor:
    """A gate that is quite shut below `LEAST_GATE` and quite open as far from 1."""
    return ((gate - LEAST_GATE) / (1 - 2 * LEAST_GATE)).clamp(0, 1)
