"""Weather: how much snow, rain and fog each frame has, and the overlays of flakes, drops and fog that move over the frames.

Letters: T frames, H and W height and width of a frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from studio.lab.world.noise import Area, noise
from studio.lab.world.section import FRAMES, Section

OVERLAY_KINDS = ("snow", "rain", "fog")
RISE = {"snow": 18, "rain": 18, "fog": 36}
"""Frames in which each kind comes or goes."""
SNOW = ((0, 3), (1, 4), (-1, 6))
"""Velocity of far, middle and near flakes, in pixels per frame to the right and down."""
RAIN = (-2, 12)
FOG = (-2, 0)
WHITE = (0.96, 0.97, 1.0)
WATER = (0.80, 0.85, 0.92)
VEIL = (0.78, 0.80, 0.82)


@dataclass(frozen=True)
class Overlay:
    """One layer of weather over the frames at full amount: picture + alpha (colour - picture)."""

    alpha: Tensor                            # [T, 1, H, W] 0..1
    velocity: tuple[int, int]                # pixels per frame to the right and down
    colour: tuple[float, float, float]


def amounts(sections: Sequence[Section]) -> Tensor:
    """Returns the amounts 0..1 of snow, rain and fog in each frame, [T, 3]. A film begins in clear weather."""
    course = torch.zeros(1 + FRAMES * len(sections), 3)
    goals = [0.0, 0.0, 0.0]
    for number, section in enumerate(sections):
        if section.weather in ("clear", *OVERLAY_KINDS):
            goals = [float(kind == section.weather) for kind in OVERLAY_KINDS]
        first = 1 + FRAMES * number
        for k, kind in enumerate(OVERLAY_KINDS):
            s = (torch.arange(1, FRAMES + 1) / RISE[kind]).clamp(max=1)
            course[first : first + FRAMES, k] = torch.lerp(course[first - 1, k], torch.tensor(goals[k]), s)
    return course


def overlays(
    kind: str, rng: np.random.Generator, frames: int, height: int, width: int, device: str | torch.device = "cpu"
) -> list[Overlay]:
    """Returns the overlays of a kind of weather at full amount, farthest first.

    Args:
        kind: "snow", "rain" or "fog".
        rng: places the flakes and drops; their velocities are the same in every film.
        frames: T.
        height, width: of a frame in pixels.
        device: of the overlays.

    Raises:
        ValueError: there is no such kind.
    """
    if kind == "fog":
        unit = height / 128
        area = Area(0, 0, width + 2 * frames, height, unit)
        veil = 0.72 * (0.82 + 0.16 * noise(int(rng.integers(2**31)), 1, area, 2.4)).clamp(0.45, 1).to(device)
        return [Overlay(torch.stack([veil[:, :, 2 * t : 2 * t + width] for t in range(frames)]), FOG, VEIL)]
    if kind == "rain":
        return [Overlay(0.8 * _moving(_drops(rng, height, width).to(device), RAIN, frames), RAIN, WATER)]
    if kind != "snow":
        raise ValueError(f"no overlay for {kind!r}: one of {', '.join(OVERLAY_KINDS)}")
    scale = height / 128
    flakes_by_depth = []
    for velocity, radius, each, strength in zip(SNOW, (0.8, 1.3, 2.2), (700, 1500, 4000), (0.7, 0.85, 0.95), strict=True):
        flakes = _flakes(rng, height, width, radius * scale**0.7, each * scale**1.4)
        flakes_by_depth.append(Overlay(strength * _moving(flakes.to(device), velocity, frames), velocity, WHITE))
    return flakes_by_depth


def draw_weather(frames: Tensor, amount: Tensor, rng: np.random.Generator) -> Tensor:
    """Returns frames [T, 3, H, W] 0..1 with `amount` [T, 3] of snow, rain and fog over them."""
    count, _, height, width = frames.shape
    for k, kind in reversed(list(enumerate(OVERLAY_KINDS))):  # fog is behind rain and snow
        if not bool((amount[:, k] > 0).any()):
            continue
        thick = amount[:, k].to(frames).view(-1, 1, 1, 1)
        for overlay in overlays(kind, rng, count, height, width, frames.device):
            colour = torch.tensor(overlay.colour).to(frames).view(1, 3, 1, 1)
            frames = torch.lerp(frames, colour, thick * overlay.alpha)
    return frames


def _moving(image: Tensor, velocity: tuple[int, int], frames: int) -> Tensor:
    """An image [1, H, W] that moves on and enters again at the other edge, [T, 1, H, W]."""
    return torch.stack([image.roll((velocity[1] * t, velocity[0] * t), (1, 2)) for t in range(frames)])


def _scattered(rng: np.random.Generator, height: int, width: int, each: float) -> Tensor:
    points = torch.zeros(1, 1, height, width)
    count = max(3, int(height * width / each))
    points.view(-1)[torch.from_numpy(rng.integers(0, height * width, count))] = torch.from_numpy(
        rng.uniform(0.6, 1.0, count).astype(np.float32))
    return points


def _flakes(rng: np.random.Generator, height: int, width: int, radius: float, each: float) -> Tensor:
    size = int(np.ceil(radius + 2))
    reach = torch.arange(-size, size + 1).float()
    spot = (1.0 - ((reach[:, None] ** 2 + reach[None] ** 2).sqrt() - radius) / 1.4).clamp(0, 1)
    points = F.pad(_scattered(rng, height, width, each), (size, size, size, size), mode="circular")
    return F.conv2d(points, spot[None, None])[0].clamp(0, 1)


def _drops(rng: np.random.Generator, height: int, width: int) -> Tensor:
    half = max(6, round(10 * height / 128))
    side = half // 6 + 2
    streak = torch.zeros(1, 1, 2 * half + 1, 2 * side + 1)
    for row in range(2 * half + 1):
        x = side + (row - half) * RAIN[0] / RAIN[1]  # slanted along the way it falls, and fainter towards its ends
        left, part = int(np.floor(x)), x - np.floor(x)
        strength = 0.75 * (1 - abs(row - half) / (half + 1)) ** 0.5
        streak[0, 0, row, left] += strength * (1 - part)
        streak[0, 0, row, left + 1] += strength * part
    points = F.pad(_scattered(rng, height, width, 480 * height / 128), (side, side, half, half), mode="circular")
    return F.conv2d(points, streak)[0].clamp(0, 0.8)
