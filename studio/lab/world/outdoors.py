"""Hills, the sea and the forest, in layers from the sky to the ground in front."""

from __future__ import annotations

from bisect import bisect

import numpy as np
import torch
from torch import Tensor

from studio.lab.world.canvas import Canvas, Layer
from studio.lab.world.noise import Area, Areas, noise, tiles
from studio.lab.world.props import Backdrop, draw_boulder, draw_foliage, draw_tree, ragged_outline, random_colour, shade
from studio.lab.world.skies import Mood, colour_tensor, random_mood, sky

LOW = 6000.0
"""y in units of the lower edge of the ground: farther down than any camera goes."""
ON_A_MEADOW = (0.74, 0.94, 0.97)
"""Shares of what grows and lies there, added up: grass, flowers, stones, and bushes."""


def hills(rng: np.random.Generator, key: int, areas: Areas) -> Backdrop:
    """Paints ridges and a meadow in front. For the arguments see `indoors.room`."""
    feel, horizon = random_mood(rng), float(rng.uniform(-22, 2))
    layers = ridges(rng, key, areas, feel, horizon, 3)
    layers.append(_meadow(rng, key + 60, areas(1.0), feel, _ridge(key + 9, areas(1.0), horizon + 38, 4.0, 2.4)))
    return Backdrop(layers, ground=max(horizon + 50.0, 40.0), cover=("bush", "boulder", "trunk")[int(rng.integers(3))])


def ridges(rng: np.random.Generator, key: int, areas: Areas, feel: Mood, horizon: float, count: int) -> list[Layer]:
    """Returns a sky and `count` ridges, the far ones in haze, the near ones with trees and houses.

    Args:
        rng: decides what is painted.
        key: seed of its textures and positions.
        areas: gives the visible area of a layer by its inverse depth.
        feel: the colours.
        horizon: y of the horizon in units.
        count: how many ridges, up to three.
    """
    layers = [sky(rng, key, areas(0.25), feel, horizon + 8)]
    steep, rugged = rng.uniform(5, 16), rng.uniform(1.7, 2.3)
    for depth, near in enumerate((0.25, 0.5, 0.75)[:count]):
        haze = (0.72, 0.5, 0.22)[depth]
        base = feel.ground * np.array([0.88, 0.95, 1.05]) ** (3 - depth) * feel.light
        colour = base * (1 - haze) + (feel.low * 0.75 + feel.high * 0.25) * haze
        line = _ridge(key + depth, areas(near), horizon + 9 * depth, steep * (1.25 - 0.3 * depth), rugged)
        layers.append(_slope(rng, key + 50 + depth, areas(near), near, line, colour, feel.low, trees=depth > 0, houses=depth == 2))
    return layers


def _ridge(key: int, area: Area, height: float, steep: float, slope: float) -> np.ndarray:
    """Points of a ridge, [N, 2] in units, one for each pixel across."""
    wave = noise(key, 1, Area(area.left, 0, area.width + 4, 1, area.unit), slope, 128.0)[0, 0].numpy()
    x = (np.arange(area.width + 4) + area.left) / area.unit
    return np.stack([x, height + steep * wave], axis=1)


def _under(line: np.ndarray) -> np.ndarray:
    (left, first), (right, last) = line[0], line[-1]
    return np.concatenate([[[left - 4, LOW], [left - 4, first]], line, [[right + 4, last], [right + 4, LOW]]])


def _slope(
    rng: np.random.Generator, key: int, area: Area, near: float, line: np.ndarray, colour: np.ndarray, haze: np.ndarray,
    trees: bool, houses: bool,
) -> Layer:
    canvas = Canvas(area)
    leaf, bark = shade(colour, rng.uniform(0.72, 0.9)), shade(colour, 0.5)
    walls, roof = np.clip(haze * 0.6 + 0.3, 0, 1), np.clip(colour * 0.5 + np.array([0.28, 0.10, 0.06]), 0, 1)
    spots = [(t, left) for t, left, top in tiles(key, Area(area.left, 0, area.width, 1, area.unit), 40, 30) if top == 0]
    canvas.polygon(_under(line), colour, 0.5)
    for tile, left in spots:
        for _ in range(int(tile.poisson(3.5)) if trees else 0):
            x, size = left + tile.uniform(0, 40), tile.uniform(8, 17) * (0.6 + 0.6 * near)
            foot = float(np.interp(x, line[:, 0], line[:, 1])) + tile.uniform(0, 9)
            draw_tree(tile, canvas, x, foot, size, shade(leaf, tile.uniform(0.85, 1.1)), bark)
        if houses and tile.random() < 0.45:
            x, w = left + tile.uniform(5, 35), tile.uniform(5, 9)
            foot = float(np.interp(x, line[:, 0], line[:, 1])) + tile.uniform(3, 10)
            wall = shade(walls, tile.uniform(0.85, 1.05))
            _house(canvas, x, foot, w, w * 0.8, wall, shade(roof, tile.uniform(0.8, 1.2)))
    layer = canvas.finish(near, None, key, 0.10, 1.3)
    top = torch.tensor(np.interp(area.across().flatten().numpy(), line[:, 0], line[:, 1]), dtype=torch.float32).view(1, 1, -1)
    veil = 0.34 * ((area.down() - top) / 34).clamp(0, 1)
    return _blend(layer, torch.lerp(colour_tensor(colour), colour_tensor(haze), 0.6), veil)


def _blend(layer: Layer, colour: Tensor, share: Tensor) -> Layer:
    """The layer with a share of its colours, [1, H, W], replaced by a colour."""
    rest = layer.pixels[:3] * (1 - share) + colour * share * (layer.pixels[3:] if len(layer.pixels) == 4 else 1)
    return Layer(torch.cat([rest, layer.pixels[3:]]), layer.corner, layer.near)


def _house(canvas: Canvas, x: float, foot: float, w: float, h: float, wall: np.ndarray, roof: np.ndarray) -> None:
    """Draws a small house with a bright and a dark side."""
    canvas.rectangle(x - w, foot - h, x + w * 0.3, foot, wall)
    canvas.rectangle(x + w * 0.3, foot - h, x + w, foot, shade(wall, 0.74))
    canvas.polygon(np.array([[x - w * 1.1, foot - h], [x - w * 0.4, foot - h * 1.75], [x + w * 0.75, foot - h * 1.75],
                            [x + w * 1.1, foot - h], [x + w * 0.3, foot - h]]), roof)
    canvas.polygon(np.array([[x + w * 0.3, foot - h], [x + w * 0.68, foot - h * 1.75], [x + w * 1.1, foot - h]]), shade(wall, 0.74))
    for k in range(2):
        left = x - w * 0.78 + k * w * 0.55
        canvas.rectangle(left, foot - h * 0.75, left + w * 0.28, foot - h * 0.4, (0.30, 0.30, 0.36))


def _meadow(rng: np.random.Generator, key: int, area: Area, feel: Mood, line: np.ndarray) -> Layer:
    """Grass with flowers, stones and bushes, larger the farther down they are."""
    canvas = Canvas(area)
    grass = feel.ground * feel.light
    flowers = rng.uniform(0.55, 1.0, (3, 3)) * np.array([[1, 0.9, 0.5], [1, 0.6, 0.7], [0.9, 0.9, 1]])
    canvas.polygon(_under(line), grass, 1.0)
    stuff = []
    for tile, left, top in tiles(key, area, 32, 24):
        for _ in range(26):
            kind = bisect(ON_A_MEADOW, tile.random())
            stuff.append((top + tile.uniform(0, 32), left + tile.uniform(0, 32), kind, tile))
    for y, x, kind, tile in sorted(stuff, key=lambda one: one[0]):
        deep = y - float(np.interp(x, line[:, 0], line[:, 1]))
        if deep < 2:
            continue
        size = min(0.5 + deep / 40, 1.6)
        if kind == 0:
            blade = shade(grass, tile.uniform(0.72, 1.28))
            for k in (-1, 0, 1):
                canvas.line(np.array([[x + k, y], [x + 2.2 * k * size, y - tile.uniform(2, 5) * size]]), blade, 0.5 * size, 0.4)
        elif kind == 1:
            canvas.line(np.array([[x, y], [x, y - 3.5 * size]]), shade(grass, 0.7), 0.4)
            canvas.ellipse(x, y - 4 * size, 1.1 * size, 1.0 * size, flowers[int(tile.integers(3))])
        elif kind == 2:
            draw_boulder(tile, canvas, x, y, tile.uniform(2, 6) * size, tile.uniform(2, 4) * size, np.array([0.56, 0.54, 0.52]))
        else:
            draw_foliage(tile, canvas, x, y - 4 * size, tile.uniform(4, 8) * size, tile.uniform(3, 6) * size, shade(grass, 0.72))
    layer = canvas.finish(1.0, None, key + 1, 0.10, 1.2)
    return layer.with_gain((0.16 * noise(key + 3, 1, area, 2.4, 128.0)).exp())


def sea(rng: np.random.Generator, key: int, areas: Areas) -> Backdrop:
    """Paints the sea, far land, boats, and a shore in front. For the arguments see `indoors.room`."""
    feel, horizon = random_mood(rng), float(rng.uniform(-18, 0))
    layers = [sky(rng, key, areas(0.25), feel, horizon + 4)]
    area = areas(0.25)
    land = Canvas(area)
    far = feel.low * 0.62 + feel.high * 0.25 + 0.04
    line = _ridge(key + 2, area, horizon + rng.uniform(-6, 4), rng.uniform(3, 9), 2.0)
    land.polygon(_under(line), far, 0.3)
    layers.append(land.finish(0.25, None, key + 3))
    layers.append(_water(key + 4, areas(0.5), feel, horizon))
    boats = Canvas(areas(0.75))
    for tile, left, top in tiles(key + 5, Area(areas(0.75).left, 0, areas(0.75).width, 1, areas(0.75).unit), 90, 30):
        if top == 0 and tile.random() < 0.6:
            _boat(tile, boats, left + tile.uniform(0, 90), horizon + tile.uniform(12, 30), tile.uniform(5, 12))
    layers.append(boats.finish(0.75, None, key + 6))
    sand = np.array([0.84, 0.74, 0.56]) * rng.uniform(0.85, 1.08) if rng.random() < 0.6 else np.full(3, rng.uniform(0.42, 0.6))
    layers.append(_shore(rng, key + 7, areas(1.0), sand * feel.light, horizon + 44))
    return Backdrop(layers, ground=max(horizon + 62.0, 46.0), cover=("boulder", "crates", "bush")[int(rng.integers(3))])


def _water(key: int, area: Area, feel: Mood, horizon: float) -> Layer:
    canvas = Canvas(area)
    deep, pale = feel.high * 0.62 + np.array([0.0, 0.05, 0.06]), feel.low * 0.72 + feel.high * 0.22
    canvas.rectangle(-LOW, horizon, LOW, LOW, deep)
    for tile, left, top in tiles(key, area, 32, 20):
        for _ in range(30):
            x, y = left + tile.uniform(0, 32), top + tile.uniform(0, 32)
            if y > horizon + 1:
                down = min((y - horizon) / 50, 1.5)
                colour = pale * tile.uniform(0.9, 1.15) if tile.random() < 0.6 else deep * tile.uniform(0.75, 0.95)
                canvas.ellipse(x, y, tile.uniform(2, 9) * (0.4 + down), 0.25 + 0.55 * down, shade(colour, 1.0))
    layer = canvas.finish(0.5, None, key)
    return _blend(layer, colour_tensor(pale), 0.75 * (1 - (area.down() - horizon) / 42).clamp(0, 1))


def _boat(rng: np.random.Generator, canvas: Canvas, x: float, y: float, size: float) -> None:
    """Draws a sailing boat and its reflection."""
    hull, sail = random_colour(rng, 0.25, 0.8), 0.4 + 0.6 * random_colour(rng, 0.85, 1.0)
    canvas.ellipse(x, y + size * 0.28, size * 0.8, size * 0.10, shade(hull, 0.4))
    canvas.polygon(np.array([[x - size, y - size * 0.18], [x + size * 1.1, y - size * 0.22], [x + size * 0.7, y + size * 0.22],
                            [x - size * 0.75, y + size * 0.22]]), hull)
    canvas.line(np.array([[x, y], [x, y - size * 1.9]]), (0.25, 0.2, 0.18), 0.7)
    canvas.polygon(np.array([[x + 0.6, y - size * 1.85], [x + size * 0.95, y - size * 0.35], [x + 0.6, y - size * 0.32]]), sail)
    jib = np.array([[x - 0.6, y - size * 1.6], [x - size * 0.75, y - size * 0.35], [x - 0.6, y - size * 0.35]])
    canvas.polygon(jib, shade(sail, 0.84))


def _shore(rng: np.random.Generator, key: int, area: Area, sand: np.ndarray, top: float) -> Layer:
    canvas = Canvas(area)
    line = _ridge(key, area, top, 2.5, 2.4)
    for lower, colour, rough in ((-2.2, np.array([0.96, 0.97, 0.97]), 0.2), (0.0, shade(sand, 0.80), 0.4), (4.5, sand, 1.0)):
        canvas.polygon(_under(line + np.array([0, lower])), colour, rough)
    stones = rng.uniform(0.35, 0.85, (5, 1)) + rng.normal(0, 0.06, (5, 3))
    for tile, left, tile_top in tiles(key + 1, area, 32, 12):
        for _ in range(int(tile.poisson(7))):
            x, y, r = left + tile.uniform(0, 32), tile_top + tile.uniform(0, 32), 0.5 * (1 - tile.random() * 0.99) ** -0.5
            if y > top + 9:
                canvas.ellipse(x + 0.4, y + 0.5, r * 1.3, r * 0.7, shade(sand, 0.7))
                canvas.polygon(ragged_outline(tile, x, y, r * 1.2, r * 0.8, 10), stones[int(tile.integers(5))], 0.5)
    layer = canvas.finish(1.0, None, key + 2, 0.08, 1.2)
    return layer.with_gain((0.14 * noise(key + 3, 1, area, 2.4, 128.0)).exp())


def forest(rng: np.random.Generator, key: int, areas: Areas) -> Backdrop:
    """Paints trunks in the mist and ferns on the ground. For the arguments see `indoors.room`."""
    feel = random_mood(rng)
    area = areas(0.25)
    glow = (-(((area.across() - rng.uniform(-40, 40)) / 70) ** 2 + ((area.down() + 20) / 60) ** 2)).exp()
    mist, dim = feel.low * 0.92, feel.low * 0.45 + feel.ground * 0.25
    back = torch.lerp(colour_tensor(dim), colour_tensor(mist), glow) + 0.02 * noise(key, 1, area, 2.0)
    layers = [Layer(back.clamp(0, 1), (area.left, area.top), 0.25)]
    bark = np.array([0.36, 0.27, 0.21]) * rng.uniform(0.6, 1.2)
    for depth, near in enumerate((0.5, 0.75, 1.0)):
        haze = (0.68, 0.40, 0.06)[depth]
        layers.append(_wood(key + 10 * depth, areas(near), near, feel, bark, mist * haze, 1 - haze, 16.0 + 13 * depth))
    return Backdrop(layers, ground=50.0, cover="trunk" if rng.random() < 0.6 else "bush")


def _wood(key: int, area: Area, near: float, feel: Mood, bark: np.ndarray, mist: np.ndarray, clear: float, foot: float) -> Layer:
    canvas = Canvas(area)
    ground = feel.ground * 0.8 * feel.light
    strip = Area(area.left, 0, area.width, 1, area.unit)
    for tile, left, top in tiles(key, strip, 48, 20):
        for _ in range(int(tile.integers(1, 4)) if top == 0 else 0):
            x, w = left + tile.uniform(0, 48), tile.uniform(1.5, 4.2) * (0.4 + 1.3 * near)
            lean, wood = tile.normal(0, 5), np.clip(bark * tile.uniform(0.8, 1.2) * clear + mist, 0, 1)
            right = [[x + w + lean, -500.0], [x + w * 1.3, foot + 8]]
            canvas.polygon(np.array([[x - w * 1.3, foot + 8], [x - w + lean, -500.0], *right]), wood, 0.9)
            canvas.polygon(np.array([[x + w * 0.2, foot + 8], [x + w * 0.3 + lean, -500.0], *right]), shade(wood, 0.80), 0.9)
    for tile, left, top in tiles(key + 1, area, 60, 40):
        if top < -40:
            for _ in range(int(2 + 2 * near)):
                leaf = np.clip(ground * tile.uniform(0.6, 1.1) * clear + mist, 0, 1)
                x, y, size = left + tile.uniform(0, 60), min(top + tile.uniform(0, 60), -44.0), 0.5 + near * 0.6
                draw_foliage(tile, canvas, x, y, tile.uniform(10, 22) * size, tile.uniform(6, 13) * size, leaf)
    line = _ridge(key + 2, area, foot, 2.0, 2.2)
    floor = np.clip(ground * clear + mist, 0, 1)
    canvas.polygon(_under(line), floor, 0.9)
    for tile, left, top in tiles(key + 3, area, 24, 14):
        for _ in range(int(tile.poisson(5)) if top + 24 > foot else 0):
            x, y = left + tile.uniform(0, 24), max(top + tile.uniform(0, 24), foot + 1)
            colour = np.clip(ground * tile.uniform(0.7, 1.3) * clear + mist, 0, 1)
            for k in range(-3, 4):
                tip = [x + 2.2 * k * near, y - (6 - 0.55 * k * k) * near * tile.uniform(0.8, 1.1)]
                canvas.line(np.array([[x, y], tip]), shade(colour, 1 + 0.05 * k), 0.6 * near, 0.4)
    return canvas.finish(near, None, key + 4, 0.10, 1.3)
