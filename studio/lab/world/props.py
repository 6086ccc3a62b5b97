"""Things that stand in scenes: trees, bushes, rocks, lamps, boats, what a figure can hide behind. They know no scenes.

Lengths are in units of 1/128 of the frame's height, colours 0..1.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from studio.lab.world.noise import Area
from studio.lab.world.sheet import Layer, Sheet, oval

COVERS = ("bush", "boulder", "trunk", "screen", "crates")


@dataclass(frozen=True)
class Backdrop:
    """A scene without its figure: what is behind it and before it, and where it would stand."""

    layers: list[Layer]
    front: list[Layer] = field(default_factory=list)
    ground: float | None = None      # y of its feet; None: anywhere
    cover: str = ""                  # what it could hide behind; nothing: anything


def ragged(
    rng: np.random.Generator, x: float, y: float, rx: float, ry: float, corners: int = 26, rough: float = 0.14
) -> np.ndarray:
    """An oval with an uneven outline."""
    angle = np.arange(corners) * (2 * np.pi / corners)
    waves = np.sin(np.arange(2, 8)[:, None] * angle + rng.uniform(0, 2 * np.pi, (6, 1)))
    reach = 1 + rough * (rng.normal(0, 0.5, 6) @ waves).clip(-2, 2)
    return oval(0.0, 0.0, rx, ry, corners) * reach[:, None] + np.array([x, y])


def shaded(colour: np.ndarray, gain: float) -> np.ndarray:
    """A colour lighter or darker."""
    return np.asarray(np.clip(colour * gain, 0, 1))


def paint(rng: np.random.Generator, low: float = 0.3, high: float = 0.9) -> np.ndarray:
    """A colour that goes with others: some hue, not too much of it."""
    hue, saturation, value = rng.random() * 6, rng.uniform(0.12, 0.58), rng.uniform(low, high)
    share = np.clip(np.abs((hue + np.array([0.0, 4.0, 2.0])) % 6 - 3) - 1, 0, 1)
    return np.asarray(value * (1 - saturation * (1 - share)))


def tree(rng: np.random.Generator, sheet: Sheet, x: float, y: float, size: float, leaf: np.ndarray, bark: np.ndarray) -> None:
    """A tree whose foot is at x, y: round or pointed, lit from the left above."""
    if rng.random() < 0.4:
        sheet.rectangle(x - size * 0.04, y - size * 0.2, x + size * 0.04, y, shaded(bark, 0.8))
        for k in range(4):
            low, wide = y - size * (0.14 + 0.2 * k), size * (0.27 - 0.055 * k)
            top = low - size * 0.34
            sheet.polygon(np.array([[x - wide, low], [x, top], [x + wide, low]]), shaded(leaf, 0.72 + 0.07 * k), 0.5)
            sheet.polygon(np.array([[x - wide, low], [x, top], [x - wide * 0.15, low]]), shaded(leaf, 0.92 + 0.08 * k), 0.5)
        return
    sheet.polygon(np.array([[x - size * 0.05, y], [x - size * 0.025, y - size * 0.55], [x + size * 0.025, y - size * 0.55],
                            [x + size * 0.05, y]]), bark, 0.6)
    sheet.polygon(np.array([[x, y], [x + size * 0.01, y - size * 0.55], [x + size * 0.025, y - size * 0.55], [x + size * 0.05, y]]),
                  shaded(bark, 0.7), 0.6)
    foliage(rng, sheet, x, y - size * 0.68, size * 0.36, size * 0.34, leaf)


def foliage(rng: np.random.Generator, sheet: Sheet, x: float, y: float, rx: float, ry: float, leaf: np.ndarray) -> None:
    """A crown or a bush: clumps of leaves, darker below, lighter where the light falls."""
    sheet.polygon(ragged(rng, x, y, rx * 0.92, ry * 0.92, 40), shaded(leaf, 0.66), 0.7)
    for angle in np.arange(9) * 0.7 + rng.uniform(0, 0.7):
        cx, cy, r = x + 0.78 * rx * np.cos(angle), y + 0.78 * ry * np.sin(angle), rng.uniform(0.18, 0.30)
        sheet.polygon(ragged(rng, cx, cy, rx * r, ry * r, 14), shaded(leaf, 0.74 - 0.10 * np.sin(angle)), 0.7)
    for lift, gain, spread, count in ((0.25, 0.80, 0.62, 7), (-0.1, 0.97, 0.55, 8), (-0.42, 1.16, 0.38, 6)):
        for _ in range(count):
            cx, cy = x + rx * rng.normal(-0.06, spread * 0.72), y + ry * (lift + rng.normal(0, 0.18))
            if ((cx - x) / rx) ** 2 + ((cy - y) / ry) ** 2 < 0.72:
                r = rng.uniform(0.16, 0.32)
                sheet.polygon(ragged(rng, cx, cy, rx * r, ry * r * 0.85, 12), shaded(leaf, gain * rng.uniform(0.94, 1.06)), 0.7)


def boulder(rng: np.random.Generator, sheet: Sheet, x: float, y: float, rx: float, ry: float, stone: np.ndarray) -> None:
    """A rock standing on y."""
    angle = np.linspace(np.pi, 2 * np.pi, 12)
    reach = 1 + rng.normal(0, 0.05, (2, 12))
    outline = np.stack([x + rx * np.cos(angle) * reach[0], y + ry * np.sin(angle) * reach[1]], 1)
    sheet.polygon(outline, shaded(stone, 0.85), 0.9)
    face = outline[:8] * 0.9 + np.array([x * 0.1 - rx * 0.02, y * 0.1])
    sheet.polygon(face, shaded(stone, 1.08), 0.9)
    sheet.polygon(np.concatenate([outline[8:], [[x + rx * 0.35, y]]]), shaded(stone, 0.62), 0.9)


def lamp_post(sheet: Sheet, x: float, y: float, height: float, iron: np.ndarray) -> None:
    """A street lamp whose foot is at x, y."""
    sheet.rectangle(x - 1.0, y - height, x + 1.0, y, iron)
    sheet.rectangle(x - 2.2, y - 6, x + 2.2, y, shaded(iron, 1.2))
    top = y - height
    sheet.polygon(np.array([[x - 4, top - 9], [x + 4, top - 9], [x + 2.6, top], [x - 2.6, top]]), (0.99, 0.92, 0.70))
    sheet.polygon(np.array([[x - 5, top - 9], [x, top - 13], [x + 5, top - 9]]), iron)


def cover(rng: np.random.Generator, kind: str, area: Area, x: float, ground: float, height: float) -> Layer:
    """Something at x that hides a figure so tall standing on `ground`."""
    sheet = Sheet(area)
    foot, wide, tall = ground + 3.0, 0.52 * height + 4, 1.22 * height + 2
    key = int(rng.integers(2**31))
    sheet_shadow(sheet, x, foot, wide * 1.15)
    if kind == "bush":
        leaf = np.array([0.30, 0.46, 0.22]) * rng.uniform(0.6, 1.25) + rng.uniform(-0.05, 0.06, 3)
        sheet.polygon(np.array([[x - wide, foot - tall * 0.6], [x + wide, foot - tall * 0.6], [x + wide, foot], [x - wide, foot]]),
                      shaded(leaf, 0.62), 0.7)
        foliage(rng, sheet, x, foot - tall * 0.50, wide * 1.16, tall * 0.56, leaf)
    elif kind == "boulder":
        stone = np.full(3, rng.uniform(0.36, 0.62)) + rng.normal(0, 0.03, 3)
        boulder(rng, sheet, x, foot, wide * 1.45, tall * 1.12, stone)
    elif kind == "trunk":
        bark = np.array([0.40, 0.29, 0.21]) * rng.uniform(0.6, 1.2)
        trunk(rng, sheet, x, foot, wide * 0.92, bark)
    elif kind == "screen":
        screen(sheet, x, foot, wide, tall, np.stack([paint(rng), paint(rng)]))
    else:
        crates(sheet, x, foot, wide, tall, np.array([0.62, 0.45, 0.28]) * rng.uniform(0.7, 1.2))
    return sheet.finish(1.0, None, key, 0.08, 1.2)


def sheet_shadow(sheet: Sheet, x: float, y: float, wide: float) -> None:
    """A dark seam where a thing stands."""
    sheet.ellipse(x, y, wide, 2.0, (0.10, 0.09, 0.10))


def trunk(rng: np.random.Generator, sheet: Sheet, x: float, foot: float, wide: float, bark: np.ndarray) -> None:
    """A thick old tree that reaches out of sight."""
    up = 420.0
    right = [[x + wide * 0.9, foot - up], [x + wide, foot - 14], [x + wide * 1.3, foot]]
    left = [[x - wide * 1.25, foot], [x - wide, foot - 14], [x - wide * 0.9, foot - up]]
    sheet.polygon(np.array(left + right), bark, 1.0)
    sheet.polygon(np.array([[x + wide * 0.25, foot], [x + wide * 0.3, foot - up], *right]), shaded(bark, 0.66), 1.0)
    for _ in range(60):
        cx, cy = x + wide * rng.uniform(-0.85, 0.85), foot - rng.uniform(4, up)
        groove = np.array([[cx, cy], [cx + rng.normal(0, 1.0), cy - rng.uniform(8, 26)]])
        sheet.line(groove, shaded(bark, rng.uniform(0.5, 0.8)), 0.9)


def screen(sheet: Sheet, x: float, foot: float, wide: float, tall: float, colours: np.ndarray) -> None:
    """A folding screen of three leaves."""
    for k in range(3):
        left, right = x - wide + k * 2 * wide / 3, x - wide + (k + 1) * 2 * wide / 3
        low, high = (0.0, 2.5) if k % 2 else (2.5, 0.0)
        panel = np.array([[left, foot - low], [left, foot - tall - low], [right, foot - tall - high], [right, foot - high]])
        sheet.polygon(panel, shaded(colours[0], 0.92 if k % 2 else 0.74), 0.3)
        inner = panel * 0.78 + panel.mean(0) * 0.22
        sheet.polygon(inner, shaded(colours[1], 1.05 if k % 2 else 0.85), 0.5)
        for step in (0.2, 0.5, 0.8):
            line = np.array([inner[0] + (inner[1] - inner[0]) * step, inner[3] + (inner[2] - inner[3]) * step])
            sheet.line(line, shaded(colours[0], 0.8), 1.0)


def crates(sheet: Sheet, x: float, foot: float, wide: float, tall: float, wood: np.ndarray) -> None:
    """Two crates on each other."""
    for low, share, gain in ((foot, 1.0, 0.9), (foot - tall * 0.5, 0.93, 1.05)):
        left, right, top = x - wide * share, x + wide * share, low - tall * 0.52
        sheet.rectangle(left, top, right, low, shaded(wood, gain), 0.8)
        for k in range(1, 5):
            y = top + (low - top) * k / 5
            sheet.line(np.array([[left, y], [right, y]]), shaded(wood, gain * 0.6), 0.7)
        for edge in (left, right - 4):
            sheet.rectangle(edge, top, edge + 4, low, shaded(wood, gain * 0.8), 0.8)
        sheet.line(np.array([[left + 3, low - 2], [right - 3, top + 2]]), shaded(wood, gain * 0.75), 3.5)
