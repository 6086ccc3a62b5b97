"""Scenes to film: what kind number `seed` is, painted over as much of its plane as a camera will see. They know nothing of time.

A scene has no edges: `areas(near)` says which part of a layer's plane is seen, and a place looks the same in every part.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from studio.training.world.noise import Area, noise
from studio.training.world.sheet import Layer, Sheet
from studio.training.world.textures import clouds, drawing, gradient, leaves, palette, shape

Areas = Callable[[float], Area]


def scene(seed: int, areas: Areas) -> list[Layer]:
    """The layers of scene number `seed`, farthest first."""
    rng = np.random.default_rng([seed, 1])
    key = int(rng.integers(2**31))
    kind = rng.random()
    if kind < 0.42:
        return leaves(rng, key, areas)
    if kind < 0.47:
        return [_flat(clouds(rng, key, areas(1.0)), areas(1.0))]
    if kind < 0.52:
        return [_flat(gradient(rng, key, areas(1.0)), areas(1.0))]
    if kind < 0.61:
        return drawing(rng, key, areas)
    return hills(rng, key, areas)


def _flat(picture: torch.Tensor, area: Area) -> Layer:
    return Layer(picture, (area.left, area.top), 1.0)


def hills(rng: np.random.Generator, key: int, areas: Areas) -> list[Layer]:
    """Sky and ridges, the nearer the darker."""
    area = areas(0.25)
    top, bottom = palette(rng, 2)
    ramp = ((area.down() + 70) / 110).clamp(0, 1)
    above, below = (torch.tensor(colour, dtype=torch.float32).view(3, 1, 1) for colour in (top, bottom))
    sky = torch.lerp(above, below, ramp) + 0.05 * noise(key, 1, area, 2.2)
    made = [Layer(sky.clamp(0, 1).expand(3, area.height, area.width).contiguous(), (area.left, area.top), 0.25)]
    for depth, near in enumerate((0.5, 0.75, 1.0)):
        area = areas(near)
        x = area.across().flatten().numpy()
        wave = noise(key + depth, 1, Area(area.left, 0, area.width, 1, area.unit), 2.0)[0, 0].numpy()
        line = -4 + 20 * depth + 12 * wave
        outline = np.concatenate([np.stack([x, line], 1), [[x[-1], 4000], [x[0], 4000]]])
        sheet = Sheet(area)
        colour = palette(rng, 1)[0]
        sheet.polygon(outline, colour, 0.8)
        for _ in range(8):
            i = int(rng.integers(len(x)))
            sheet.polygon(shape(rng, x[i], line[i] + 8, 9), colour * 0.7, 0.3)
        made.append(sheet.finish(near, None, key + 40 + depth))
    return made
