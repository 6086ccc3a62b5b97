"""The colours of outdoor scenes, and skies in these colours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from studio.lab.world.canvas import Canvas, Layer
from studio.lab.world.noise import Area, noise, tiles

FAR = 0.25
"""Inverse depth of a sky."""


@dataclass(frozen=True)
class Mood:
    """The colours of a scene, each [3]."""

    high: np.ndarray       # the sky above
    low: np.ndarray        # the sky at the horizon, and the haze
    light: np.ndarray      # gain of colours under the scene's light
    ground: np.ndarray     # grass, sand or earth
    sun: np.ndarray


_MOODS = (
    ((0.30, 0.54, 0.86), (0.83, 0.91, 0.96), (1.04, 1.02, 0.95), (1.0, 0.98, 0.86)),
    ((0.40, 0.52, 0.76), (0.99, 0.83, 0.58), (1.10, 0.98, 0.82), (1.0, 0.93, 0.70)),
    ((0.52, 0.57, 0.82), (0.99, 0.80, 0.76), (1.06, 0.97, 0.95), (1.0, 0.90, 0.84)),
    ((0.58, 0.65, 0.72), (0.87, 0.88, 0.88), (0.97, 1.0, 1.02), (0.96, 0.96, 0.95)),
    ((0.20, 0.50, 0.62), (0.86, 0.94, 0.84), (1.02, 1.03, 0.95), (1.0, 1.0, 0.88)),
    ((0.30, 0.26, 0.52), (0.95, 0.60, 0.53), (1.05, 0.92, 0.94), (1.0, 0.82, 0.62)),
    ((0.12, 0.24, 0.48), (0.52, 0.68, 0.82), (0.90, 0.97, 1.10), (0.93, 0.96, 1.0)),
    ((0.58, 0.70, 0.80), (0.96, 0.90, 0.76), (1.07, 1.01, 0.90), (1.0, 0.96, 0.84)),
)
_GROUNDS = ((0.36, 0.50, 0.24), (0.45, 0.54, 0.27), (0.58, 0.51, 0.30), (0.52, 0.37, 0.26), (0.30, 0.44, 0.38), (0.50, 0.44, 0.42),
            (0.42, 0.55, 0.32))


def random_mood(rng: np.random.Generator) -> Mood:
    """Draws a mood at random: one of a few, with its colours changed a little."""
    high, low, light, sun = (np.array(colour) for colour in _MOODS[int(rng.integers(len(_MOODS)))])
    ground = np.array(_GROUNDS[int(rng.integers(len(_GROUNDS)))])
    high, low = (np.clip(c * rng.uniform(0.92, 1.06) + rng.normal(0, 0.015, 3), 0.02, 1) for c in (high, low))
    return Mood(high, low, light, np.clip(ground * rng.uniform(0.8, 1.2) + rng.normal(0, 0.02, 3), 0.05, 0.9), sun)


def colour_tensor(colour: np.ndarray) -> Tensor:
    """Returns a colour as a tensor [3, 1, 1]."""
    return torch.tensor(np.asarray(colour), dtype=torch.float32).view(3, 1, 1)


def sky(rng: np.random.Generator, key: int, area: Area, feel: Mood, horizon: float) -> Layer:
    """Paints a gradient, a sun or moon with its glow, soft clouds and birds.

    Args:
        rng: decides what is painted.
        key: seed of the clouds and birds.
        area: of the layer.
        feel: the colours.
        horizon: y in units where the sky is brightest.
    """
    y, x = area.down(), area.across()
    rise = ((horizon - y) / 95).clamp(0, 1)
    picture = torch.lerp(colour_tensor(feel.low), colour_tensor(feel.high), rise**0.8).expand(3, area.height, area.width)
    sun_x, sun_y = rng.uniform(-75, 75), horizon - rng.uniform(14, 52)
    apart = ((x - sun_x) ** 2 + (y - sun_y) ** 2).sqrt()
    picture = torch.lerp(picture, colour_tensor(feel.sun), 0.55 * (-apart / 30).exp())
    if rng.random() < 0.6:
        radius = rng.uniform(5, 10)
        picture = torch.lerp(picture, colour_tensor(np.minimum(feel.sun * 1.03, 1)), (radius - apart + 0.5).clamp(0, 1))
    cover, flat = rng.uniform(-0.9, 0.7), rng.uniform(0.35, 0.6)
    narrow = Area(round(area.left * flat), area.top, round(area.width * flat) + 3, area.height, area.unit)
    shape = _stretched(noise(key, 1, narrow, 1.9, 128.0), area, flat)
    thick = ((shape + cover) * 0.9).clamp(0, 1) * 0.85 * ((horizon + 6 - y) / 26).clamp(0, 1)
    body = noise(key + 3, 1, area, 2.0, 64.0)
    dark, bright = colour_tensor(feel.low * 0.86), colour_tensor(np.minimum(feel.low * 1.08 + 0.06, 1))
    white = torch.lerp(dark, bright, (0.55 + 0.3 * body).clamp(0, 1))
    picture = torch.lerp(picture, white, thick)
    canvas = Canvas(area)
    for tile, left, top in tiles(key + 4, area, 120, 12):
        for _ in range(int(tile.integers(0, 4)) if top < horizon - 110 or tile.random() < 0.3 else 0):
            bx, by, s = left + tile.uniform(0, 120), min(top + tile.uniform(0, 120), horizon - 20), tile.uniform(1.2, 3)
            wing = np.array([[bx - 2 * s, by - s * 0.4], [bx - s, by - s], [bx, by], [bx + s, by - s], [bx + 2 * s, by - s * 0.5]])
            canvas.line(wing, feel.high * 0.35, 0.5)
    return canvas.finish(FAR, picture.clamp(0, 1))


def _stretched(shape: Tensor, area: Area, flat: float) -> Tensor:
    """Stretches noise across: column x of the area is column `flat` x of the noise."""
    at = (torch.arange(area.width) + area.left) * flat - round(area.left * flat)
    left = at.floor().long().clamp(0, shape.shape[2] - 2)
    return torch.lerp(shape[:, :, left], shape[:, :, left + 1], (at - left).clamp(0, 1).float())
