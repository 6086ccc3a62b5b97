"""Objects in scenes: trees, bushes, rocks, lamps, and objects that a figure can hide behind; and their colours.

Lengths are in units of 1/128 of the frame's height, colours 0..1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np

from studio.lab.world.canvas import Canvas, Layer, ellipse_points
from studio.lab.world.noise import Area

COVERS = ("bush", "boulder", "trunk", "screen", "crates")
"""Objects that a figure can hide behind."""


@dataclass(frozen=True)
class Backdrop:
    """A scene without its figure: the layers behind and in front of the figure, and where it would stand."""

    layers: list[Layer]
    front: list[Layer] = field(default_factory=list)
    ground: float | None = None      # y of the figure's feet in units; None: anywhere
    cover: str = ""                  # one of COVERS that the figure can hide behind; empty: any of them


def ragged_outline(
    rng: np.random.Generator, x: float, y: float, rx: float, ry: float, corners: int = 26, rough: float = 0.14
) -> np.ndarray:
    """Returns the outline of an uneven ellipse about x, y with the radii rx and ry, [corners, 2]."""
    waves = np.sin(_phases(corners) + rng.uniform(0, 2 * np.pi, (6, 1)))
    reach = 1 + rough * np.minimum(np.maximum(rng.normal(0, 0.5, 6) @ waves, -2), 2)
    return ellipse_points(0.0, 0.0, rx, ry, corners) * reach[:, None] + np.array([x, y])


@cache
def _phases(corners: int) -> np.ndarray:
    """Of the six waves around an outline, at its corners, [6, corners]."""
    return np.asarray(np.arange(2, 8)[:, None] * (np.arange(corners) * (2 * np.pi / corners)))


def shade(colour: np.ndarray, gain: float) -> np.ndarray:
    """Returns a colour [3] multiplied by a gain, clipped to 0..1."""
    return np.asarray(np.minimum(np.maximum(colour * gain, 0), 1))       # numpy's clip takes three times as long


def random_colour(rng: np.random.Generator, low: float = 0.3, high: float = 0.9) -> np.ndarray:
    """Returns a random colour [3] of low saturation, which suits others; `low` and `high` bound its brightness."""
    hue, saturation, value = rng.random() * 6, rng.uniform(0.12, 0.58), rng.uniform(low, high)
    share = np.clip(np.abs((hue + np.array([0.0, 4.0, 2.0])) % 6 - 3) - 1, 0, 1)
    return np.asarray(value * (1 - saturation * (1 - share)))


def draw_tree(
    rng: np.random.Generator, canvas: Canvas, x: float, y: float, size: float, leaf: np.ndarray, bark: np.ndarray
) -> None:
    """Draws a round or a pointed tree whose foot is at x, y; its light comes from the upper left."""
    if rng.random() < 0.4:
        canvas.rectangle(x - size * 0.04, y - size * 0.2, x + size * 0.04, y, shade(bark, 0.8))
        for k in range(4):
            low, wide = y - size * (0.14 + 0.2 * k), size * (0.27 - 0.055 * k)
            top = low - size * 0.34
            canvas.polygon(np.array([[x - wide, low], [x, top], [x + wide, low]]), shade(leaf, 0.72 + 0.07 * k), 0.5)
            canvas.polygon(np.array([[x - wide, low], [x, top], [x - wide * 0.15, low]]), shade(leaf, 0.92 + 0.08 * k), 0.5)
        return
    canvas.polygon(np.array([[x - size * 0.05, y], [x - size * 0.025, y - size * 0.55], [x + size * 0.025, y - size * 0.55],
                            [x + size * 0.05, y]]), bark, 0.6)
    dark_side = [[x, y], [x + size * 0.01, y - size * 0.55], [x + size * 0.025, y - size * 0.55], [x + size * 0.05, y]]
    canvas.polygon(np.array(dark_side), shade(bark, 0.7), 0.6)
    draw_foliage(rng, canvas, x, y - size * 0.68, size * 0.36, size * 0.34, leaf)


def draw_foliage(rng: np.random.Generator, canvas: Canvas, x: float, y: float, rx: float, ry: float, leaf: np.ndarray) -> None:
    """Draws the crown of a tree, or a bush: clumps of leaves about x, y, darker below and lighter above."""
    canvas.polygon(ragged_outline(rng, x, y, rx * 0.92, ry * 0.92, 40), shade(leaf, 0.66), 0.7)
    for angle in np.arange(9) * 0.7 + rng.uniform(0, 0.7):
        cx, cy, r = x + 0.78 * rx * np.cos(angle), y + 0.78 * ry * np.sin(angle), rng.uniform(0.18, 0.30)
        canvas.polygon(ragged_outline(rng, cx, cy, rx * r, ry * r, 14), shade(leaf, 0.74 - 0.10 * np.sin(angle)), 0.7)
    for lift, gain, spread, count in ((0.25, 0.80, 0.62, 7), (-0.1, 0.97, 0.55, 8), (-0.42, 1.16, 0.38, 6)):
        for _ in range(count):
            cx, cy = x + rx * rng.normal(-0.06, spread * 0.72), y + ry * (lift + rng.normal(0, 0.18))
            if ((cx - x) / rx) ** 2 + ((cy - y) / ry) ** 2 < 0.72:
                r = rng.uniform(0.16, 0.32)
                clump = ragged_outline(rng, cx, cy, rx * r, ry * r * 0.85, 12)
                canvas.polygon(clump, shade(leaf, gain * rng.uniform(0.94, 1.06)), 0.7)


def draw_boulder(rng: np.random.Generator, canvas: Canvas, x: float, y: float, rx: float, ry: float, stone: np.ndarray) -> None:
    """Draws a rock that stands at x, y."""
    angle = np.linspace(np.pi, 2 * np.pi, 12)
    reach = 1 + rng.normal(0, 0.05, (2, 12))
    outline = np.stack([x + rx * np.cos(angle) * reach[0], y + ry * np.sin(angle) * reach[1]], 1)
    canvas.polygon(outline, shade(stone, 0.85), 0.9)
    face = outline[:8] * 0.9 + np.array([x * 0.1 - rx * 0.02, y * 0.1])
    canvas.polygon(face, shade(stone, 1.08), 0.9)
    canvas.polygon(np.concatenate([outline[8:], [[x + rx * 0.35, y]]]), shade(stone, 0.62), 0.9)


def draw_lamp_post(canvas: Canvas, x: float, y: float, height: float, iron: np.ndarray) -> None:
    """Draws a street lamp whose foot is at x, y."""
    canvas.rectangle(x - 1.0, y - height, x + 1.0, y, iron)
    canvas.rectangle(x - 2.2, y - 6, x + 2.2, y, shade(iron, 1.2))
    top = y - height
    canvas.polygon(np.array([[x - 4, top - 9], [x + 4, top - 9], [x + 2.6, top], [x - 2.6, top]]), (0.99, 0.92, 0.70))
    canvas.polygon(np.array([[x - 5, top - 9], [x, top - 13], [x + 5, top - 9]]), iron)


def draw_cover(rng: np.random.Generator, kind: str, area: Area, x: float, ground: float, height: float) -> Layer:
    """Returns a layer with an object that a figure can hide behind.

    Args:
        rng: decides how the object looks.
        kind: one of COVERS.
        area: of the layer.
        x: of the object's middle.
        ground: y of the figure's feet.
        height: of the figure.
    """
    canvas = Canvas(area)
    foot, wide, tall = ground + 3.0, 0.52 * height + 4, 1.22 * height + 2
    key = int(rng.integers(2**31))
    draw_contact_shadow(canvas, x, foot, wide * 1.15)
    if kind == "bush":
        leaf = np.array([0.30, 0.46, 0.22]) * rng.uniform(0.6, 1.25) + rng.uniform(-0.05, 0.06, 3)
        canvas.polygon(np.array([[x - wide, foot - tall * 0.6], [x + wide, foot - tall * 0.6], [x + wide, foot], [x - wide, foot]]),
                      shade(leaf, 0.62), 0.7)
        draw_foliage(rng, canvas, x, foot - tall * 0.50, wide * 1.16, tall * 0.56, leaf)
    elif kind == "boulder":
        stone = np.full(3, rng.uniform(0.36, 0.62)) + rng.normal(0, 0.03, 3)
        draw_boulder(rng, canvas, x, foot, wide * 1.45, tall * 1.12, stone)
    elif kind == "trunk":
        bark = np.array([0.40, 0.29, 0.21]) * rng.uniform(0.6, 1.2)
        draw_trunk(rng, canvas, x, foot, wide * 0.92, bark)
    elif kind == "screen":
        draw_screen(canvas, x, foot, wide, tall, np.stack([random_colour(rng), random_colour(rng)]))
    else:
        draw_crates(canvas, x, foot, wide, tall, np.array([0.62, 0.45, 0.28]) * rng.uniform(0.7, 1.2))
    return canvas.finish(1.0, None, key, 0.08, 1.2)


def draw_contact_shadow(canvas: Canvas, x: float, y: float, wide: float) -> None:
    """Draws the dark line of shadow where an object stands on the ground."""
    canvas.ellipse(x, y, wide, 2.0, (0.10, 0.09, 0.10))


def draw_trunk(rng: np.random.Generator, canvas: Canvas, x: float, foot: float, wide: float, bark: np.ndarray) -> None:
    """Draws the trunk of a thick tree that is taller than the view."""
    up = 420.0
    right = [[x + wide * 0.9, foot - up], [x + wide, foot - 14], [x + wide * 1.3, foot]]
    left = [[x - wide * 1.25, foot], [x - wide, foot - 14], [x - wide * 0.9, foot - up]]
    canvas.polygon(np.array(left + right), bark, 1.0)
    canvas.polygon(np.array([[x + wide * 0.25, foot], [x + wide * 0.3, foot - up], *right]), shade(bark, 0.66), 1.0)
    for _ in range(60):
        cx, cy = x + wide * rng.uniform(-0.85, 0.85), foot - rng.uniform(4, up)
        groove = np.array([[cx, cy], [cx + rng.normal(0, 1.0), cy - rng.uniform(8, 26)]])
        canvas.line(groove, shade(bark, rng.uniform(0.5, 0.8)), 0.9)


def draw_screen(canvas: Canvas, x: float, foot: float, wide: float, tall: float, colours: np.ndarray) -> None:
    """Draws a folding screen of three panels."""
    for k in range(3):
        left, right = x - wide + k * 2 * wide / 3, x - wide + (k + 1) * 2 * wide / 3
        low, high = (0.0, 2.5) if k % 2 else (2.5, 0.0)
        panel = np.array([[left, foot - low], [left, foot - tall - low], [right, foot - tall - high], [right, foot - high]])
        canvas.polygon(panel, shade(colours[0], 0.92 if k % 2 else 0.74), 0.3)
        inner = panel * 0.78 + panel.mean(0) * 0.22
        canvas.polygon(inner, shade(colours[1], 1.05 if k % 2 else 0.85), 0.5)
        for step in (0.2, 0.5, 0.8):
            line = np.array([inner[0] + (inner[1] - inner[0]) * step, inner[3] + (inner[2] - inner[3]) * step])
            canvas.line(line, shade(colours[0], 0.8), 1.0)


def draw_crates(canvas: Canvas, x: float, foot: float, wide: float, tall: float, wood: np.ndarray) -> None:
    """Draws two crates, one on top of the other."""
    for low, share, gain in ((foot, 1.0, 0.9), (foot - tall * 0.5, 0.93, 1.05)):
        left, right, top = x - wide * share, x + wide * share, low - tall * 0.52
        canvas.rectangle(left, top, right, low, shade(wood, gain), 0.8)
        for k in range(1, 5):
            y = top + (low - top) * k / 5
            canvas.line(np.array([[left, y], [right, y]]), shade(wood, gain * 0.6), 0.7)
        for edge in (left, right - 4):
            canvas.rectangle(edge, top, edge + 4, low, shade(wood, gain * 0.8), 0.8)
        canvas.line(np.array([[left + 3, low - 2], [right - 3, top + 2]]), shade(wood, gain * 0.75), 3.5)
