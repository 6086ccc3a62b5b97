"""Rooms: walls with windows, doors and pictures, a floor, furniture in front; storey above storey."""

from __future__ import annotations

import numpy as np

from studio.lab.world.canvas import Canvas, Layer
from studio.lab.world.furniture import FURNITURE, draw_picture
from studio.lab.world.noise import Area, Areas, noise
from studio.lab.world.outdoors import ridges
from studio.lab.world.props import Backdrop, random_colour, shade
from studio.lab.world.skies import random_mood

WALL = 0.75
"""Inverse depth of the walls; furniture is at 1."""
STOREY = 148.0
"""Height of a storey in units."""
BAY = 78.0
"""Width in units of the part of a wall that has one window, door or picture."""
SKIRTING = 26.0
"""y in units where a wall meets the floor."""
_PAPERS = ((0.80, 0.72, 0.58), (0.56, 0.66, 0.66), (0.72, 0.50, 0.42), (0.46, 0.54, 0.44), (0.82, 0.80, 0.75), (0.40, 0.46, 0.58),
           (0.66, 0.56, 0.62), (0.86, 0.74, 0.52), (0.60, 0.34, 0.32))
_WOODS = ((0.50, 0.33, 0.20), (0.62, 0.45, 0.28), (0.38, 0.25, 0.17), (0.70, 0.56, 0.40), (0.46, 0.40, 0.36))


def room(rng: np.random.Generator, key: int, areas: Areas) -> Backdrop:
    """Paints a room, cut open like a doll's house, with a view from its windows.

    Args:
        rng: decides what is painted.
        key: seed of its textures and positions.
        areas: gives the visible area of a layer by its inverse depth.
    """
    layers = ridges(rng, key + 500, areas, random_mood(rng), float(rng.uniform(-22, 2)), 2)
    wood = np.array(_WOODS[int(rng.integers(len(_WOODS)))]) * rng.uniform(0.85, 1.15)
    layers.append(_walls(key, areas(WALL), wood))
    layers.append(_furniture(key + 1, areas(1.0), wood))
    return Backdrop(layers, ground=50.0, cover=("screen", "crates")[int(rng.integers(2))])


def _rooms(area: Area, width: float) -> list[tuple[int, int]]:
    """Numbers of the storeys and bays in an area, lower storeys last."""
    left, top, right, bottom = area.span()
    across = range(int(np.floor(left / width - 0.5)) - 1, int(np.floor(right / width + 0.5)) + 2)
    levels = range(int(np.floor((top - 130) / STOREY)), int(np.floor((bottom + 130) / STOREY)) + 1)
    return [(level, bay) for level in levels for bay in across]


def _bay(key: int, level: int, bay: int) -> np.random.Generator:
    return np.random.default_rng([key, level + 2**20, bay + 2**20])


def _walls(key: int, area: Area, wood: np.ndarray) -> Layer:
    """Walls and floors. From the side, a storey's wall reaches from 62 units above its middle to its skirting."""
    canvas = Canvas(area)
    left, _, right, _ = area.span()
    sunlit: list[np.ndarray] = []
    for level in sorted({level for level, _ in _rooms(area, BAY)}):
        rng, y = _bay(key, level, 0), level * STOREY
        paper = np.array(_PAPERS[int(rng.integers(len(_PAPERS)))]) * rng.uniform(0.85, 1.1)
        canvas.rectangle(left - 2, y - 80, right + 2, y + SKIRTING, paper, 0.5)
        _wallpaper(rng, canvas, left, right, y, paper)
        _floor(rng, canvas, left, right, y, wood * rng.uniform(0.8, 1.2))
        canvas.rectangle(left - 2, y - 80, right + 2, y - 66, shade(wood, 0.75), 0.4)
        canvas.rectangle(left - 2, y - 66, right + 2, y - 64, shade(wood, 1.15), 0.2)
    for level, bay in _rooms(area, BAY):
        sunlit += _bay_content(_bay(key + 1, level, bay), canvas, bay * BAY, level * STOREY, wood, at_home=level == 0 and bay == 0)
    for beam in sunlit:
        canvas.adjust_tone(beam, 0.42, 5.0)
    for level in {level for level, _ in _rooms(area, BAY)}:
        y = level * STOREY
        for up, down, dark in ((y - 82, y - 56, -0.45), (y + SKIRTING - 5, y + SKIRTING + 8, -0.30), (y + 66, y + 110, -0.3)):
            canvas.adjust_tone(np.array([[left - 30, up], [right + 30, up], [right + 30, down], [left - 30, down]]), dark, 7.0)
    layer = canvas.finish(WALL, None, key + 2, 0.05, 1.2)
    return layer.with_gain((0.16 * noise(key + 3, 1, area, 2.6)).exp())


def _wallpaper(rng: np.random.Generator, canvas: Canvas, left: float, right: float, y: float, paper: np.ndarray) -> None:
    """Draws wallpaper in stripes, spots, tiles or panels."""
    kind, step = int(rng.integers(5)), float(rng.uniform(7, 13))
    columns = np.arange(np.floor(left / step) - 2, np.ceil(right / step) + 1) * step
    other = np.clip(paper * rng.uniform(0.88, 1.10) + rng.normal(0, 0.03, 3), 0, 1)
    if kind == 0:
        for x in columns:
            canvas.rectangle(x, y - 64, x + step * 0.5, y + SKIRTING, other, 0.5)
    elif kind == 1:
        for x in columns:
            for row in range(9):
                cy = y - 58 + row * 10 + (5 if round(x / step) % 2 else 0)
                canvas.polygon(np.array([[x, cy - 2], [x + 1.6, cy], [x, cy + 2], [x - 1.6, cy]]), other, 0.3)
    elif kind == 2:
        for x in columns:
            canvas.line(np.array([[x, y - 64], [x, y + SKIRTING]]), shade(paper, 0.88), 0.6)
        for line in np.arange(y - 64, y + SKIRTING, step):
            canvas.line(np.array([[left, line], [right, line]]), shade(paper, 0.88), 0.6)
    if rng.random() < 0.5:
        canvas.rectangle(left - 2, y + 2, right + 2, y + SKIRTING, shade(paper, 0.78), 0.4)
        for x in (x for x in columns if round(x / step) % 2 == 0):
            canvas.rectangle(x, y + 6, x + 2 * step - 3, y + SKIRTING - 6, shade(paper, 0.84), 0.3)
        canvas.rectangle(left - 2, y + 1, right + 2, y + 3, shade(paper, 1.15))
    canvas.rectangle(left - 2, y + SKIRTING - 5, right + 2, y + SKIRTING, np.clip(paper * 0.4 + 0.5, 0, 1))


def _floor(rng: np.random.Generator, canvas: Canvas, left: float, right: float, y: float, wood: np.ndarray) -> None:
    """Draws floor boards or tiles that run towards the viewer."""
    top, low, tiled = y + SKIRTING, y + 78, rng.random() < 0.35
    canvas.rectangle(left - 2, top, right + 2, low, wood, 0.8)
    step = 14.0
    for number in range(int(np.floor(left / step)) - 6, int(np.ceil(right / step)) + 7):
        x = number * step
        board = shade(wood, _bay(5, number, int(y)).uniform(0.84, 1.12))
        fan = 1.5  # boards widen towards one, away from the middle
        canvas.polygon(np.array([[x, top], [x + step, top], [(x + step) * fan, low], [x * fan, low]]), board, 0.8)
        canvas.line(np.array([[x, top], [x * fan, low]]), shade(wood, 0.62), 0.5)
    if tiled:
        for row in (0.12, 0.30, 0.55, 0.88):
            canvas.line(np.array([[left, top + (low - top) * row], [right, top + (low - top) * row]]), shade(wood, 0.62), 0.6)


def _bay_content(rng: np.random.Generator, canvas: Canvas, x: float, y: float, wood: np.ndarray, at_home: bool) -> list[np.ndarray]:
    """Draws what one bay of a wall has. Returns the outlines on the floor that a window's light falls on."""
    x += float(rng.uniform(-8, 8))
    kind = 0 if at_home and rng.random() < 0.6 else int(rng.choice(5, p=[0.34, 0.12, 0.30, 0.12, 0.12]))
    if kind == 0:
        return _window(rng, canvas, x, y, wood)
    if kind == 1:
        door, w = random_colour(rng, 0.25, 0.75), 15.0
        canvas.rectangle(x - w - 3, y - 38, x + w + 3, y + SKIRTING, shade(door, 1.25))
        canvas.rectangle(x - w, y - 35, x + w, y + SKIRTING, door, 0.4)
        for row, (a, b) in enumerate(((-31, -8), (-4, 20))):
            for side in (-1, 1):
                box = (x + (side - 1) * w / 2 + 2.5, y + a, x + (side + 1) * w / 2 - 2.5, y + b)
                canvas.rectangle(*box, shade(door, 0.8 if row else 0.86), 0.3)
        canvas.ellipse(x + w - 3, y - 2, 1.3, 1.3, (0.85, 0.72, 0.35))
    elif kind == 2:
        for _ in range(int(rng.integers(1, 4))):
            w, h = rng.uniform(7, 15), rng.uniform(7, 14)
            draw_picture(rng, canvas, x + rng.uniform(-18, 18), y - rng.uniform(14, 40), w, h, wood)
    elif kind == 3:
        for row in range(2):
            sy = y - 34 + row * 20
            canvas.rectangle(x - 20, sy, x + 20, sy + 2.4, shade(wood, 0.8), 0.4)
            gx = x - 19.0
            while gx < x + 16:
                w, h = rng.uniform(1.6, 4), rng.uniform(7, 13)
                canvas.rectangle(gx, sy - h, gx + w, sy, random_colour(rng, 0.2, 0.85))
                gx += w + (rng.uniform(0, 6) if rng.random() < 0.2 else 0.2)
    else:
        canvas.ellipse(x, y - 32, 10, 10, shade(wood, 0.7))
        canvas.ellipse(x, y - 32, 8.2, 8.2, (0.93, 0.91, 0.84))
        for angle in rng.uniform(0, 2 * np.pi, 2):
            canvas.line(np.array([[x, y - 32], [x + 6 * np.cos(angle), y - 32 + 6 * np.sin(angle)]]), (0.12, 0.12, 0.14), 0.9)
    return []


def _window(rng: np.random.Generator, canvas: Canvas, x: float, y: float, wood: np.ndarray) -> list[np.ndarray]:
    w, h, frame = float(rng.uniform(17, 25)), float(rng.uniform(44, 54)), np.clip(wood * 0.4 + 0.52, 0, 1)
    top = y - 55
    canvas.rectangle(x - w - 3, top - 3, x + w + 3, top + h + 3, frame)
    canvas.cut_hole(np.array([[x - w, top], [x + w, top], [x + w, top + h], [x - w, top + h]]))
    bars = int(rng.integers(2, 4))
    for k in range(1, bars):
        canvas.rectangle(x - w + 2 * w * k / bars - 0.9, top, x - w + 2 * w * k / bars + 0.9, top + h, frame)
    canvas.rectangle(x - w, top + h * 0.42, x + w, top + h * 0.42 + 1.6, frame)
    canvas.rectangle(x - w - 6, top + h + 2, x + w + 6, top + h + 5, shade(frame, 0.85))
    if rng.random() < 0.7:
        cloth = random_colour(rng, 0.35, 0.95)
        for side in (-1, 1):
            for k in range(4):
                a, b = x + side * (w + 7 - 3.2 * k), x + side * (w + 7 - 3.2 * (k + 1))
                canvas.polygon(np.array([[a, top - 5], [b, top - 5], [b + side * 1.5, top + h + 8], [a + side, top + h + 8]]),
                              shade(cloth, (0.80, 1.0, 0.88, 1.08)[k]), 0.2)
        canvas.line(np.array([[x - w - 11, top - 5], [x + w + 11, top - 5]]), shade(wood, 0.6), 1.5)
    floor = y + SKIRTING
    near, far = x - w * 0.7, x + w
    return [np.array([[near + 14, floor + 4], [far + 18, floor + 4], [far + 40, floor + 34], [near + 30, floor + 34]])]


def _furniture(key: int, area: Area, wood: np.ndarray) -> Layer:
    """Furniture on the floors, and the beams between the storeys."""
    canvas = Canvas(area)
    left, _, right, _ = area.span()
    for level, bay in _rooms(area, 92.0):
        rng = _bay(key, level, bay)
        x, y = bay * 92.0 + float(rng.uniform(-24, 24)), level * STOREY
        if rng.random() < 0.85:
            FURNITURE[int(rng.integers(len(FURNITURE)))](rng, canvas, x, y + float(rng.uniform(40, 47)), wood)
    for level in sorted({level for level, _ in _rooms(area, 92.0)}):
        y = level * STOREY + 68
        canvas.rectangle(left - 2, y, right + 2, y + 18, shade(wood, 0.62), 0.7)
        canvas.rectangle(left - 2, y, right + 2, y + 2.5, shade(wood, 1.1), 0.4)
        for x in np.arange(np.floor(left / 34) * 34, right + 34, 34):
            canvas.rectangle(x, y + 6, x + 26, y + 14, shade(wood, 0.50), 0.6)
    return canvas.finish(1.0, None, key + 1, 0.06, 1.2)


