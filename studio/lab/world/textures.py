"""Pictures without objects: random colours, dead leaves, clouds of colour, gradients and abstract drawings."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from studio.lab.world.canvas import Canvas, Layer, Points
from studio.lab.world.noise import Area, Areas, noise, tiles

TILE = 64.0
"""Side of a tile in units."""


def palette(rng: np.random.Generator, count: int) -> np.ndarray:
    """Returns colours that suit each other, [count, 3] 0..1: a few hues, many brightnesses."""
    base = rng.uniform(0.15, 0.85, size=(int(rng.integers(1, 5)), 3))
    base = base.mean(1, keepdims=True) + (base - base.mean(1, keepdims=True)) * rng.uniform(0.05, 0.9)
    colours = base[rng.integers(len(base), size=count)] + rng.normal(0, 0.09, (count, 3))
    colours = colours * rng.uniform(0.25, 1.45, (count, 1)) + rng.normal(0, 0.05, (count, 1))
    return np.clip(colours, 0.0, 1.0)


def uneven_colour(colour: np.ndarray, area: Area, key: int, strength: float, slope: float = 2.2) -> Tensor:
    """Returns one colour [3] in uneven light, [3, H, W].

    Args:
        colour: 0..1.
        area: of the picture.
        key: seed of the light.
        strength: of the unevenness.
        slope: of its noise.
    """
    flat = torch.tensor(colour, dtype=torch.float32).view(3, 1, 1)
    return (flat * (1 + strength * noise(key, 1, area, slope))).clamp(0, 1)


def clouds(rng: np.random.Generator, key: int, area: Area) -> Tensor:
    """Returns coloured noise, [3, H, W]."""
    luma = noise(key, 1, area, rng.uniform(1.3, 2.1))
    chroma = noise(key + 1, 3, area, rng.uniform(1.6, 2.3))
    base = torch.from_numpy(rng.uniform(0.25, 0.75, (3, 1, 1)).astype(np.float32))
    return (base + float(rng.uniform(0.08, 0.25)) * luma + float(rng.uniform(0.02, 0.1)) * chroma).clamp(0, 1)


def gradient(rng: np.random.Generator, key: int, area: Area) -> Tensor:
    """Returns soft fields of colour that blend into each other, [3, H, W]."""
    colours = torch.tensor(palette(rng, 3), dtype=torch.float32)
    blend = (1.5 * noise(key, 2, area, 3.0)).sigmoid()
    mixed = torch.lerp(colours[0].view(3, 1, 1), colours[1].view(3, 1, 1), blend[:1])
    grain = float(rng.uniform(0, 0.03)) * noise(key + 1, 1, area, 1.2, coarse=16.0)
    return (torch.lerp(mixed, colours[2].view(3, 1, 1), blend[1:] * 0.8) + grain).clamp(0, 1)


def shape(rng: np.random.Generator, x: float, y: float, radius: float) -> Points:
    """Returns a closed outline about x, y, [N, 2]: an ellipse, a box or an uneven blob."""
    kind = rng.random()
    corners = 4 if kind < 0.3 else (20 if kind < 0.75 else int(rng.integers(3, 9)))
    angle = np.arange(corners) * 2 * np.pi / corners + (0 if kind < 0.12 else rng.uniform(0, 2 * np.pi))
    if kind < 0.3:
        angle = angle + np.pi / 4
    reach = radius * (1 + (rng.uniform(-0.4, 0.4, corners) if kind >= 0.75 else 0))
    squeeze, turn = rng.uniform(0.3, 1.0), 0.0 if kind < 0.12 else rng.uniform(0, np.pi)
    px, py = reach * np.cos(angle), reach * np.sin(angle) * squeeze
    return np.stack([x + px * np.cos(turn) - py * np.sin(turn), y + px * np.sin(turn) + py * np.cos(turn)], axis=1)


def branch(rng: np.random.Generator, x: float, y: float) -> Points:
    """Returns the points of a line that begins at x, y and often bends, [N, 2]: a branch, a wire, a hair."""
    angle, points = rng.uniform(0, 2 * np.pi), []
    for _ in range(int(rng.integers(2, 9))):
        points.append((x, y))
        angle += rng.normal(0, 0.4)
        reach = rng.uniform(4, 30)
        x, y = x + reach * np.cos(angle), y + reach * np.sin(angle)
    return np.array(points)


def leaves(rng: np.random.Generator, key: int, areas: Areas) -> list[Layer]:
    """Paints dead leaves: shapes of all sizes over each other, each with its own texture; their statistics are a photograph's.

    Often in one layer; sometimes with sparser layers in front. For the arguments see `indoors.room`.
    """
    nears = [1.0] if rng.random() < 0.6 else ([0.5, 1.0] if rng.random() < 0.6 else [0.5, 0.75, 1.0])
    colours = palette(rng, 96)
    count = float(np.exp(rng.uniform(np.log(2.0), np.log(28.0))))       # of a tile: from a few leaves to a covered ground
    power, sorted_ = rng.uniform(0.4, 0.75), rng.random() < 0.5
    light, texture, slope = rng.uniform(0.05, 0.3), rng.uniform(0.03, 0.25), rng.uniform(0.7, 1.8)
    layers = []
    for number, near in enumerate(nears):
        area = areas(near)
        under = uneven_colour(colours[0], area, key, 0.15) if number == 0 else None
        canvas = Canvas(area)
        dense = count if number == 0 else float(rng.uniform(0.25, 0.7))
        for index, points, rough in _litter(key + number, area, dense, power, sorted_):
            canvas.polygon(points, colours[index % 96], rough)
        for tile, x, y in tiles(key + 31 + number, area, TILE * 2, 60):
            if number == 0 and tile.random() < 0.3:
                colour = colours[int(tile.integers(96))]
                points = branch(tile, x + tile.uniform(0, 2 * TILE), y + tile.uniform(0, 2 * TILE))
                canvas.line(points, colour, tile.uniform(0.5, 3))
        layer = canvas.finish(near, under, key + 5 + number, texture, slope)
        layers.append(layer.with_gain((light * noise(key + 9, 1, area, 2.6)).exp()))
    return layers


def _litter(key: int, area: Area, count: float, power: float, biggest_first: bool) -> list[tuple[int, Points, float]]:
    """Leaves of all tiles in the order of painting: number of the colour, outline, roughness."""
    fallen = []
    for rng, left, top in tiles(key, area, TILE, 58):
        for _ in range(int(rng.poisson(count))):
            radius = min(4.5 * (1 - rng.random() * 0.999) ** -power, 58.0)
            points = shape(rng, left + rng.uniform(0, TILE), top + rng.uniform(0, TILE), radius)
            rough = float(rng.random()) * float(rng.random() < 0.6)
            fallen.append((-radius if biggest_first else rng.random(), int(rng.integers(96)), points, rough))
    return [(index, points, rough) for _, index, points, rough in sorted(fallen, key=lambda leaf: leaf[0])]


def drawing(rng: np.random.Generator, key: int, areas: Areas) -> list[Layer]:
    """Paints flat colours and lines on paper. For the arguments see `indoors.room`."""
    area = areas(1.0)
    low, high = (0.6, 1.0) if rng.random() < 0.7 else (0.0, 0.24)
    paper, colours, outlined = rng.uniform(low, high, 3), palette(rng, 48), rng.random() < 0.6
    dense, inked = rng.uniform(0.3, 2.0), rng.uniform(0.1, 1.2)
    canvas = Canvas(area)
    for tile, left, top in tiles(key, area, TILE, 50):
        for _ in range(int(tile.poisson(dense))):
            colour = colours[int(tile.integers(48))]
            points = shape(tile, left + tile.uniform(0, TILE), top + tile.uniform(0, TILE), tile.uniform(4, 42))
            canvas.polygon(points, colour)
            canvas.line(np.concatenate([points, points[:2]]), colour * 0.3 if outlined else colour, tile.uniform(0.6, 2.0))
        for _ in range(int(tile.poisson(inked))):
            points = branch(tile, left + tile.uniform(0, TILE), top + tile.uniform(0, TILE))
            canvas.line(points, colours[int(tile.integers(48))], tile.uniform(0.6, 3.0))
    under = uneven_colour(paper, area, key + 1, 0.03, 1.3)
    return [canvas.finish(1.0, under)]
