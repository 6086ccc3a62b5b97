"""Pictures of no particular thing: colours that go together, dead leaves, clouds of colour, drawings. They know nothing of time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from studio.lab.world.noise import Area, noise, tiles
from studio.lab.world.sheet import Layer, Points, Sheet

TILE = 64.0


def palette(rng: np.random.Generator, count: int) -> np.ndarray:
    """Colours that go together, [count, 3] 0..1: a few hues, many brightnesses."""
    base = rng.uniform(0.15, 0.85, size=(int(rng.integers(1, 5)), 3))
    base = base.mean(1, keepdims=True) + (base - base.mean(1, keepdims=True)) * rng.uniform(0.05, 0.9)
    colours = base[rng.integers(len(base), size=count)] + rng.normal(0, 0.09, (count, 3))
    colours = colours * rng.uniform(0.25, 1.45, (count, 1)) + rng.normal(0, 0.05, (count, 1))
    return np.clip(colours, 0.0, 1.0)


def tinted(colour: np.ndarray, area: Area, key: int, strength: float, slope: float = 2.2) -> Tensor:
    """One colour [3] in uneven light, [3, H, W]."""
    flat = torch.tensor(colour, dtype=torch.float32).view(3, 1, 1)
    return (flat * (1 + strength * noise(key, 1, area, slope))).clamp(0, 1)


def uneven(layer: Layer, area: Area, key: int, strength: float) -> Layer:
    """The layer in soft uneven light."""
    gain = (strength * noise(key, 1, area, 2.6)).exp()
    sheet = layer.sheet.clone()
    sheet[:3] = torch.minimum(sheet[:3] * gain, sheet[3:]) if len(sheet) == 4 else (sheet[:3] * gain).clamp(max=1)
    return Layer(sheet, layer.corner, layer.near)


def clouds(rng: np.random.Generator, key: int, area: Area) -> Tensor:
    """Coloured noise, [3, H, W]."""
    luma = noise(key, 1, area, rng.uniform(1.3, 2.1))
    chroma = noise(key + 1, 3, area, rng.uniform(1.6, 2.3))
    base = torch.from_numpy(rng.uniform(0.25, 0.75, (3, 1, 1)).astype(np.float32))
    return (base + float(rng.uniform(0.08, 0.25)) * luma + float(rng.uniform(0.02, 0.1)) * chroma).clamp(0, 1)


def gradient(rng: np.random.Generator, key: int, area: Area) -> Tensor:
    """Soft fields of colour that blend into each other, [3, H, W]."""
    colours = torch.tensor(palette(rng, 3), dtype=torch.float32)
    blend = (1.5 * noise(key, 2, area, 3.0)).sigmoid()
    mixed = torch.lerp(colours[0].view(3, 1, 1), colours[1].view(3, 1, 1), blend[:1])
    grain = float(rng.uniform(0, 0.03)) * noise(key + 1, 1, area, 1.2, coarse=16.0)
    return (torch.lerp(mixed, colours[2].view(3, 1, 1), blend[1:] * 0.8) + grain).clamp(0, 1)


def shape(rng: np.random.Generator, x: float, y: float, radius: float) -> Points:
    """A closed outline: an ellipse, a box or a ragged blob."""
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
    """A line, often curved: a branch, a wire, hair, an edge."""
    angle, points = rng.uniform(0, 2 * np.pi), []
    for _ in range(int(rng.integers(2, 9))):
        points.append((x, y))
        angle += rng.normal(0, 0.4)
        reach = rng.uniform(4, 30)
        x, y = x + reach * np.cos(angle), y + reach * np.sin(angle)
    return np.array(points)


def leaves(rng: np.random.Generator, key: int, areas: Callable[[float], Area]) -> list[Layer]:
    """Dead leaves: shapes of all sizes over each other, each with its own texture, like a photograph's statistics.

    Often in one layer; sometimes sparser leaves hang nearer before the others.
    """
    nears = [1.0] if rng.random() < 0.6 else ([0.5, 1.0] if rng.random() < 0.6 else [0.5, 0.75, 1.0])
    colours = palette(rng, 96)
    count = float(np.exp(rng.uniform(np.log(2.0), np.log(28.0))))       # in a tile: from a few to a ground that is covered
    power, sorted_ = rng.uniform(0.4, 0.75), rng.random() < 0.5
    light, texture, slope = rng.uniform(0.05, 0.3), rng.uniform(0.03, 0.25), rng.uniform(0.7, 1.8)
    made = []
    for number, near in enumerate(nears):
        area = areas(near)
        under = tinted(colours[0], area, key, 0.15) if number == 0 else None
        sheet = Sheet(area)
        dense = count if number == 0 else float(rng.uniform(0.25, 0.7))
        for index, points, rough in _litter(key + number, area, dense, power, sorted_):
            sheet.polygon(points, colours[index % 96], rough)
        for tile, x, y in tiles(key + 31 + number, area, TILE * 2, 60):
            if number == 0 and tile.random() < 0.3:
                colour = colours[int(tile.integers(96))]
                sheet.line(branch(tile, x + tile.uniform(0, 2 * TILE), y + tile.uniform(0, 2 * TILE)), colour, tile.uniform(0.5, 3))
        layer = sheet.finish(near, under, key + 5 + number, texture, slope)
        made.append(uneven(layer, area, key + 9, light))
    return made


def _litter(key: int, area: Area, count: float, power: float, biggest_first: bool) -> list[tuple[int, Points, float]]:
    """Leaves of all tiles in one order: number of the colour, outline, roughness."""
    fallen = []
    for rng, left, top in tiles(key, area, TILE, 58):
        for _ in range(int(rng.poisson(count))):
            radius = min(4.5 * (1 - rng.random() * 0.999) ** -power, 58.0)
            points = shape(rng, left + rng.uniform(0, TILE), top + rng.uniform(0, TILE), radius)
            rough = float(rng.random()) * float(rng.random() < 0.6)
            fallen.append((-radius if biggest_first else rng.random(), int(rng.integers(96)), points, rough))
    return [(index, points, rough) for _, index, points, rough in sorted(fallen, key=lambda leaf: leaf[0])]


def drawing(rng: np.random.Generator, key: int, areas: Callable[[float], Area]) -> list[Layer]:
    """Flat colours and lines on paper."""
    area = areas(1.0)
    low, high = (0.6, 1.0) if rng.random() < 0.7 else (0.0, 0.24)
    paper, colours, outlined = rng.uniform(low, high, 3), palette(rng, 48), rng.random() < 0.6
    dense, inked = rng.uniform(0.3, 2.0), rng.uniform(0.1, 1.2)
    sheet = Sheet(area)
    for tile, left, top in tiles(key, area, TILE, 50):
        for _ in range(int(tile.poisson(dense))):
            colour = colours[int(tile.integers(48))]
            points = shape(tile, left + tile.uniform(0, TILE), top + tile.uniform(0, TILE), tile.uniform(4, 42))
            sheet.polygon(points, colour)
            sheet.line(np.concatenate([points, points[:2]]), colour * 0.3 if outlined else colour, tile.uniform(0.6, 2.0))
        for _ in range(int(tile.poisson(inked))):
            points = branch(tile, left + tile.uniform(0, TILE), top + tile.uniform(0, TILE))
            sheet.line(points, colours[int(tile.integers(48))], tile.uniform(0.6, 3.0))
    under = tinted(paper, area, key + 1, 0.03, 1.3)
    return [sheet.finish(1.0, under)]
