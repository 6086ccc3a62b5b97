"""Streets: rows of houses behind each other, a pavement with lamps and trees, a road."""

from __future__ import annotations

import numpy as np

from studio.lab.world.canvas import Canvas, Layer
from studio.lab.world.noise import Area, Areas, noise, tiles
from studio.lab.world.props import Backdrop, draw_lamp_post, draw_tree, random_colour, shade
from studio.lab.world.skies import Mood, random_mood, sky

LOT = 46.0
"""Width of a house in units."""
KERB = 40.0
"""y of the upper edge of the pavement in units."""
_WALLS = ((0.83, 0.72, 0.55), (0.76, 0.50, 0.40), (0.70, 0.73, 0.70), (0.88, 0.84, 0.76), (0.60, 0.64, 0.72), (0.80, 0.62, 0.60),
          (0.66, 0.58, 0.46), (0.58, 0.68, 0.62), (0.86, 0.77, 0.60))


def street(rng: np.random.Generator, key: int, areas: Areas) -> Backdrop:
    """Paints a street seen from across the road. For the arguments see `indoors.room`."""
    feel = random_mood(rng)
    layers = [sky(rng, key, areas(0.25), feel, 10.0)]
    layers.append(_row(key, areas(0.5), 0.5, feel, 0.55, KERB * 0.7, 0.62))
    layers.append(_row(key + 20, areas(0.75), 0.75, feel, 0.0, KERB * 0.82, 1.0))
    layers.append(_pavement(rng, key + 90, areas(1.0), feel))
    return Backdrop(layers, ground=KERB + 9.0, cover=("crates", "screen", "bush")[int(rng.integers(3))])


def _row(key: int, area: Area, near: float, feel: Mood, haze: float, foot: float, size: float) -> Layer:
    """Houses side by side, with a gap here and there."""
    canvas = Canvas(area)
    lot = LOT * size
    strip = Area(area.left, 0, area.width, 1, area.unit)
    for tile, left, top in tiles(key, strip, lot, lot):
        if top != 0:
            continue
        wall = np.array(_WALLS[int(tile.integers(len(_WALLS)))]) * tile.uniform(0.82, 1.08) * feel.light
        tall = tile.uniform(52, 96) * size
        if tile.random() < 0.12:
            continue
        _house(tile, canvas, left, foot, lot, tall, size, np.clip(wall * (1 - haze) + feel.low * 0.9 * haze, 0, 1), haze)
    canvas.rectangle(-6000, foot, 6000, 6000, np.clip(np.array([0.50, 0.48, 0.47]) * (1 - haze) + feel.low * 0.8 * haze, 0, 1), 0.5)
    return canvas.finish(near, None, key + 1, 0.07, 1.3)


def _house(
    rng: np.random.Generator, canvas: Canvas, left: float, foot: float, wide: float, tall: float, size: float, wall: np.ndarray,
    haze: float,
) -> None:
    right, top = left + wide, foot - tall
    roof = shade(wall * np.array([0.75, 0.55, 0.52]), rng.uniform(0.6, 0.95))
    if rng.random() < 0.6:
        canvas.polygon(np.array([[left - 1, top], [left + wide * 0.16, top - 13 * size], [right - wide * 0.16, top - 13 * size],
                                [right + 1, top]]), roof, 0.8)
        x = left + wide * rng.uniform(0.25, 0.7)
        canvas.rectangle(x, top - 22 * size, x + 5 * size, top - 9 * size, shade(roof, 0.8), 0.6)
    canvas.rectangle(left, top, right, foot, wall, 0.7)
    canvas.rectangle(left, top, right, top + 2.2 * size, shade(wall, 1.14))
    canvas.rectangle(left, top + 2.2 * size, right, top + 3.2 * size, shade(wall, 0.7))
    canvas.rectangle(right - wide * 0.05, top, right, foot, shade(wall, 0.82), 0.6)
    columns, floors = int(rng.integers(2, 5)), max(1, round((tall / size - 30) / 21))
    glass, frame = shade(np.array([0.30, 0.36, 0.44]), 1 + haze), shade(wall, rng.choice([0.66, 1.28]))
    blinds = random_colour(rng, 0.3, 0.9)
    for floor in range(floors):
        y = top + (8 + 21 * floor) * size
        for column in range(columns):
            x = left + wide * (column + 0.5) / columns
            w, h = min(4.4 * size, wide / columns * 0.32), 6.6 * size
            canvas.rectangle(x - w - 1, y - 1, x + w + 1, y + 2 * h + 1, frame)
            lamp = rng.random() < 0.10
            pane = np.array([0.97, 0.84, 0.55]) if lamp else glass * rng.uniform(0.8, 1.25)
            canvas.rectangle(x - w, y, x + w, y + 2 * h, shade(pane, 1.0))
            if not lamp:
                canvas.polygon(np.array([[x - w, y], [x + w * 0.4, y], [x - w, y + h]]), shade(pane, 1.35))
            if rng.random() < 0.3:
                canvas.rectangle(x - w, y, x + w, y + 2 * h * rng.uniform(0.2, 0.6), blinds)
            canvas.line(np.array([[x, y], [x, y + 2 * h]]), frame, 0.7 * size)
            canvas.rectangle(x - w - 2, y + 2 * h + 1, x + w + 2, y + 2 * h + 2.4, shade(wall, 0.72))
    _ground_floor(rng, canvas, left, foot, wide, size, wall, frame)


def _ground_floor(
    rng: np.random.Generator, canvas: Canvas, left: float, foot: float, wide: float, size: float, wall: np.ndarray,
    frame: np.ndarray,
) -> None:
    door, shop = random_colour(rng, 0.15, 0.6), rng.random() < 0.5
    x = left + wide * (0.2 if shop else rng.uniform(0.2, 0.8))
    canvas.rectangle(x - 5.2 * size, foot - 20 * size, x + 5.2 * size, foot, frame)
    canvas.rectangle(x - 4 * size, foot - 18.5 * size, x + 4 * size, foot, door, 0.4)
    canvas.rectangle(x - 2.6 * size, foot - 16.5 * size, x + 2.6 * size, foot - 9.5 * size, shade(door, 1.5))
    if shop:
        a, b = left + wide * 0.38, left + wide * 0.94
        canvas.rectangle(a, foot - 18 * size, b, foot - 4 * size, shade(frame, 0.8))
        canvas.rectangle(a + size, foot - 17 * size, b - size, foot - 5 * size, (0.42, 0.46, 0.50))
        for k in range(5):
            goods, gx = random_colour(rng, 0.35, 0.95), a + (b - a) * (k + 0.5) / 5
            canvas.ellipse(gx, foot - 7 * size, 1.6 * size, rng.uniform(1.2, 3) * size, goods)
        awning, stripes = random_colour(rng, 0.4, 0.9), 7
        for k in range(stripes):
            p, q = a - size + (b - a + 2 * size) * k / stripes, a - size + (b - a + 2 * size) * (k + 1) / stripes
            colour = awning if k % 2 else np.array([0.93, 0.91, 0.87])
            upper, lower = foot - 23 * size, foot - 15 * size
            canvas.polygon(np.array([[p + size, upper], [q + size, upper], [q, lower], [p, lower]]), colour)
    else:
        w = wide * 0.16
        far = left + wide * 0.78 if x < left + wide * 0.5 else left + wide * 0.22
        canvas.rectangle(far - w - 1, foot - 19 * size, far + w + 1, foot - 5 * size, frame)
        canvas.rectangle(far - w, foot - 18 * size, far + w, foot - 6 * size, (0.34, 0.40, 0.47))
        canvas.rectangle(far - w - 1, foot - 6 * size, far + w + 1, foot - 3.4 * size, (0.42, 0.33, 0.25))
        for k in range(7):
            canvas.ellipse(far - w + 2 * w * k / 6, foot - 6.4 * size, 1.6 * size, 1.4 * size, random_colour(rng, 0.3, 0.95))
    canvas.rectangle(left, foot - 2.4 * size, left + wide, foot, shade(wall, 0.6), 0.5)


def _pavement(rng: np.random.Generator, key: int, area: Area, feel: Mood) -> Layer:
    """Flagstones, the kerb, and a cobbled road; lamps and trees at the kerb."""
    canvas = Canvas(area)
    stone, road = np.full(3, rng.uniform(0.55, 0.7)) * feel.light, np.full(3, rng.uniform(0.30, 0.42))
    back = KERB - 5.0
    canvas.rectangle(-6000, back, 6000, 6000, np.clip(stone, 0, 1), 0.7)
    for x in np.arange(np.floor(area.span()[0] / 14) * 14, area.span()[2] + 14, 14):
        canvas.line(np.array([[x, back], [x - 3, KERB + 14]]), shade(stone, 0.80), 0.5)
    for y in (KERB, KERB + 6):
        canvas.line(np.array([[-6000, y], [6000, y]]), shade(stone, 0.80), 0.5)
    canvas.rectangle(-6000, KERB + 14, 6000, KERB + 17, shade(stone, 1.15), 0.3)
    canvas.rectangle(-6000, KERB + 17, 6000, 6000, road, 0.8)
    for tile, left, top in tiles(key, area, 32, 8):
        for row in range(8):
            y = top + row * 4
            for column in range(5):
                x = left + column * 6.4 + (row % 2) * 3.2
                if y > KERB + 20:
                    canvas.ellipse(x + 3, y + 2, 2.7, 1.6, shade(road, tile.uniform(0.85, 1.45)), 0.5)
    iron, leaf = np.array([0.16, 0.17, 0.19]), np.array([0.34, 0.47, 0.24]) * rng.uniform(0.7, 1.2) * feel.light
    for tile, left, top in tiles(key + 1, Area(area.left, 0, area.width, 1, area.unit), 120, 60):
        if top == 0:
            draw_lamp_post(canvas, left + tile.uniform(10, 30), KERB + 14, 66, iron)
            if tile.random() < 0.6:
                x, size = left + tile.uniform(60, 105), tile.uniform(55, 85)
                draw_tree(tile, canvas, x, KERB + 13, size, leaf, np.array([0.36, 0.28, 0.22]))
    layer = canvas.finish(1.0, None, key + 2, 0.08, 1.2)
    return layer.with_gain((0.10 * noise(key + 3, 1, area, 2.4, 128.0)).exp())
