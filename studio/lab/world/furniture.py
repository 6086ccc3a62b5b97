"""Furniture, pictures on walls, and the things that stand on tables.

A piece of furniture stands at x, `foot`; `wood` is the colour of its wooden parts.

Lengths are in units of 1/128 of the frame's height, colours 0..1.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from studio.lab.world.canvas import Canvas
from studio.lab.world.props import draw_foliage, ragged_outline, random_colour, shade

Piece = Callable[[np.random.Generator, Canvas, float, float, np.ndarray], None]
BRASS = np.array([0.80, 0.66, 0.34])


def draw_picture(rng: np.random.Generator, canvas: Canvas, x: float, y: float, w: float, h: float, wood: np.ndarray) -> None:
    """Draws a framed picture about x, y, with the half width `w` and the half height `h`."""
    frame = BRASS * rng.uniform(0.7, 1.1) if rng.random() < 0.5 else shade(wood, rng.uniform(0.4, 0.9))
    canvas.rectangle(x - w + 0.8, y - h + 1.2, x + w + 1.4, y + h + 2.0, (0.16, 0.14, 0.14))
    canvas.rectangle(x - w, y - h, x + w, y + h, frame, 0.3)
    canvas.rectangle(x - w + 1.8, y - h + 1.8, x + w - 1.8, y + h - 1.8, (0.92, 0.90, 0.84))
    a, b, c, d = x - w + 3, y - h + 3, x + w - 3, y + h - 3
    high, low, earth = random_colour(rng, 0.4, 0.9), random_colour(rng, 0.5, 1.0), random_colour(rng, 0.15, 0.6)
    kind, middle = int(rng.integers(3)), (b + d) / 2 + rng.uniform(-2, 3)
    for k in range(6):
        canvas.rectangle(a, b + (d - b) * k / 6, c, b + (d - b) * (k + 1) / 6, high + (low - high) * k / 5)
    if kind == 0:
        canvas.polygon(np.array([[a, middle + 2], [a + (c - a) * 0.35, middle - 3], [c, middle + 3], [c, d], [a, d]]), earth)
        canvas.ellipse(a + (c - a) * 0.7, b + (d - b) * 0.25, 1.6, 1.6, (0.98, 0.93, 0.75))
    elif kind == 1:
        bust = [[x - w * 0.45, d], [x - w * 0.3, middle + 2], [x + w * 0.3, middle + 2], [x + w * 0.45, d]]
        canvas.polygon(np.array(bust), earth)
        canvas.ellipse(x, middle - 1, w * 0.2, h * 0.27, (0.86, 0.68, 0.54))
    else:
        for _ in range(5):
            r = min(w, h) * rng.uniform(0.12, 0.3)
            cx, cy = rng.uniform(a + r, max(c - r, a + r + 0.1)), rng.uniform(b + r, max(d - r, b + r + 0.1))
            canvas.polygon(ragged_outline(rng, cx, cy, r, r, 9), random_colour(rng, 0.1, 0.95))


def _legs(canvas: Canvas, x: float, foot: float, wide: float, top: float, wood: np.ndarray) -> None:
    for side, gain in ((-1, 0.75), (1, 0.6)):
        canvas.rectangle(x + side * wide - 1.4, top, x + side * wide + 1.4, foot, shade(wood, gain), 0.4)


def draw_table(rng: np.random.Generator, canvas: Canvas, x: float, foot: float, wood: np.ndarray) -> None:
    """Draws a table with things on it."""
    w, top = float(rng.uniform(20, 30)), foot - float(rng.uniform(22, 27))
    canvas.adjust_tone(np.array([[x - w, foot - 3], [x + w, foot - 3], [x + w, foot + 4], [x - w, foot + 4]]), -0.5, 3.0)
    _legs(canvas, x, foot, w - 3, top, wood)
    canvas.rectangle(x - w + 2, top + 2, x + w - 2, top + 6, shade(wood, 0.8), 0.5)
    if rng.random() < 0.4:
        cloth = random_colour(rng, 0.55, 0.95)
        hem = [[x + w + 1, top + 9], [x + w * 0.3, top + 7], [x, top + 10], [x - w - 1, top + 8]]
        canvas.polygon(np.array([[x - w, top], [x + w, top], *hem]), cloth, 0.3)
    canvas.rectangle(x - w, top - 2, x + w, top + 1, shade(wood, 1.2), 0.4)
    for spot in (-0.6, 0.0, 0.55):
        draw_things_on_top(rng, canvas, x + w * spot, top - 2)


def draw_things_on_top(rng: np.random.Generator, canvas: Canvas, x: float, y: float) -> None:
    """Draws a vase of flowers, a bowl of fruit, a lamp, a cup or books, standing at x, y."""
    kind, colour = int(rng.integers(5)), random_colour(rng, 0.3, 0.95)
    if kind == 0:
        for k in range(7):
            tip = [x + rng.uniform(-7, 7), y - rng.uniform(13, 21)]
            canvas.line(np.array([[x, y - 7], tip]), (0.28, 0.42, 0.22), 0.6)
            canvas.polygon(ragged_outline(rng, tip[0], tip[1], 2.3, 2.2, 9), shade(colour, 0.8 + 0.08 * k))
        vase = random_colour(rng, 0.3, 0.9)
        canvas.polygon(np.array([[x - 2, y - 9], [x + 2, y - 9], [x + 4, y - 4], [x + 2.4, y], [x - 2.4, y], [x - 4, y - 4]]), vase)
        canvas.polygon(np.array([[x - 1.6, y - 8], [x - 0.6, y - 8], [x - 1.4, y - 1], [x - 3, y - 4]]), shade(vase, 1.3))
    elif kind == 1:
        for k in range(4):
            fruit = np.array([(0.85, 0.30, 0.20), (0.95, 0.70, 0.20), (0.55, 0.68, 0.25)][int(rng.integers(3))])
            canvas.ellipse(x - 4 + 2.7 * k, y - 5.5 - (k % 2), 2.3, 2.3, fruit)
            canvas.ellipse(x - 4.6 + 2.7 * k, y - 6.2 - (k % 2), 0.8, 0.8, shade(fruit, 1.4))
        canvas.polygon(np.array([[x - 7.5, y - 5], [x + 7.5, y - 5], [x + 3.5, y], [x - 3.5, y]]), shade(colour, 0.9))
    elif kind == 2:
        canvas.rectangle(x - 0.8, y - 11, x + 0.8, y, BRASS)
        canvas.ellipse(x, y, 3.2, 1.2, BRASS * 0.8)
        canvas.polygon(np.array([[x - 3, y - 19], [x + 3, y - 19], [x + 6, y - 10], [x - 6, y - 10]]), (0.98, 0.88, 0.64))
        canvas.adjust_tone(np.array([[x - 10, y - 26], [x + 10, y - 26], [x + 16, y + 2], [x - 16, y + 2]]), 0.30, 8.0)
    elif kind == 3:
        canvas.rectangle(x - 2.4, y - 4.5, x + 2.0, y, colour)
        canvas.line(np.array([[x + 2, y - 3.6], [x + 3.8, y - 2.8], [x + 2, y - 1.2]]), colour, 0.8)
    else:
        for k in range(int(rng.integers(2, 5))):
            slid = float(rng.uniform(-1, 1))
            canvas.rectangle(x - 5 + slid, y - 2 * k - 1.9, x + 5 + slid, y - 2 * k, random_colour(rng, 0.2, 0.85))


def draw_chair(rng: np.random.Generator, canvas: Canvas, x: float, foot: float, wood: np.ndarray) -> None:
    """Draws a chair, seen from the side."""
    side, seat = (1 if rng.random() < 0.5 else -1), foot - 14
    for leg, gain in ((-6, 0.6), (6, 0.75)):
        canvas.line(np.array([[x + leg, seat], [x + leg * 1.15, foot]]), shade(wood, gain), 1.7, 0.3)
    back = [[x - side * 7.5, seat - 20], [x - side * 5.5, seat - 20], [x - side * 5, seat], [x - side * 7.2, seat]]
    canvas.polygon(np.array(back), wood, 0.4)
    canvas.rectangle(x - 7.5, seat - 1.5, x + 7.5, seat + 1.2, shade(wood, 1.15), 0.4)
    canvas.ellipse(x, seat - 2.2, 6.5, 1.7, random_colour(rng, 0.3, 0.85))


def draw_sofa(rng: np.random.Generator, canvas: Canvas, x: float, foot: float, wood: np.ndarray) -> None:
    """Draws a sofa or an armchair with cushions."""
    w, cloth = float(rng.choice([15.0, 30.0])), random_colour(rng, 0.25, 0.8)
    canvas.adjust_tone(np.array([[x - w - 3, foot - 4], [x + w + 3, foot - 4], [x + w, foot + 4], [x - w, foot + 4]]), -0.5, 3.0)
    _legs(canvas, x, foot, w - 2, foot - 5, wood * 0.7)
    back = [[x - w, foot - 30], [x - w + 3, foot - 33], [x + w - 3, foot - 33], [x + w, foot - 30]]
    canvas.polygon(np.array([*back, [x + w, foot - 4], [x - w, foot - 4]]), shade(cloth, 0.82), 0.5)
    seats = max(1, round(w / 15))
    for k in range(seats):
        a, b = x - w + 3 + (2 * w - 6) * k / seats, x - w + 3 + (2 * w - 6) * (k + 1) / seats
        canvas.rectangle(a + 0.5, foot - 29, b - 0.5, foot - 15, shade(cloth, 0.96), 0.5)
        canvas.polygon(np.array([[a, foot - 16], [b, foot - 16], [b + 1, foot - 9], [a - 1, foot - 9]]), shade(cloth, 1.14), 0.5)
    canvas.rectangle(x - w, foot - 9, x + w, foot - 4, shade(cloth, 0.74), 0.5)
    for side in (-1, 1):
        canvas.rectangle(x + side * w - 3.4, foot - 21, x + side * w + 3.4, foot - 3, shade(cloth, 1.02 if side < 0 else 0.8), 0.5)
        canvas.ellipse(x + side * w, foot - 21, 3.5, 2.4, shade(cloth, 1.2 if side < 0 else 0.95))
    if rng.random() < 0.6:
        spot = x + float(rng.uniform(-0.5, 0.5)) * w
        canvas.polygon(ragged_outline(rng, spot, foot - 20, 5.5, 5.5, 4, 0.03), random_colour(rng, 0.35, 0.95), 0.3)


def draw_shelf(rng: np.random.Generator, canvas: Canvas, x: float, foot: float, wood: np.ndarray) -> None:
    """Draws a bookcase."""
    w, tall, rows = float(rng.uniform(13, 20)), float(rng.uniform(58, 80)), 4
    shadow = [[x - w + 4, foot - tall], [x + w + 8, foot - tall + 6], [x + w + 8, foot], [x - w + 4, foot]]
    canvas.adjust_tone(np.array(shadow), -0.35, 3.0)
    canvas.rectangle(x - w, foot - tall, x + w, foot, shade(wood, 0.8), 0.5)
    for row in range(rows):
        top, low = foot - tall + 3 + (tall - 6) * row / rows, foot - tall + 3 + (tall - 6) * (row + 1) / rows - 2
        canvas.rectangle(x - w + 2, top, x + w - 2, low, shade(wood, 0.38), 0.3)
        gx = x - w + 2.5
        while gx < x + w - 5:
            bw, bh = float(rng.uniform(1.5, 3.6)), (low - top) * float(rng.uniform(0.6, 0.95))
            if rng.random() < 0.9:
                book = random_colour(rng, 0.2, 0.85)
                canvas.rectangle(gx, low - bh, gx + bw, low, book)
                canvas.rectangle(gx, low - bh * 0.8, gx + bw, low - bh * 0.72, shade(book, 1.5))
            gx += bw + 0.3


def draw_plant(rng: np.random.Generator, canvas: Canvas, x: float, foot: float, wood: np.ndarray) -> None:
    """Draws a plant in a pot."""
    leaf, pot = np.array([0.30, 0.48, 0.25]) * rng.uniform(0.7, 1.2), random_colour(rng, 0.4, 0.85)
    if rng.random() < 0.5:
        draw_foliage(rng, canvas, x, foot - 30, 12, 15, leaf)
    else:
        for k in range(9):
            lean = (k - 4) * 0.34 + float(rng.normal(0, 0.1))
            up = float(rng.uniform(24, 36))
            tip = np.array([x + up * np.sin(lean) * 0.8, foot - 11 - up * np.cos(lean)])
            bx, by = x + up * np.sin(lean) * 0.35, foot - 11 - up * 0.62
            blade = np.array([[x, foot - 10], [bx + 2.6, by], [tip[0], tip[1]], [bx - 2.6, by]])
            canvas.polygon(blade, shade(leaf, 0.75 + 0.07 * k), 0.4)
    canvas.polygon(np.array([[x - 7, foot - 13], [x + 7, foot - 13], [x + 5, foot], [x - 5, foot]]), pot, 0.3)
    canvas.polygon(np.array([[x + 2, foot - 13], [x + 7, foot - 13], [x + 5, foot], [x + 2, foot]]), shade(pot, 0.75), 0.3)
    canvas.rectangle(x - 7.8, foot - 14.5, x + 7.8, foot - 11.5, shade(pot, 1.12))


def draw_floor_lamp(rng: np.random.Generator, canvas: Canvas, x: float, foot: float, wood: np.ndarray) -> None:
    """Draws a floor lamp and its glow on the things around it."""
    top = foot - float(rng.uniform(60, 76))
    canvas.rectangle(x - 0.8, top, x + 0.8, foot, BRASS * 0.7)
    canvas.ellipse(x, foot, 6.5, 1.7, BRASS * 0.6)
    lampshade = np.array([0.97, 0.86, 0.62]) * rng.uniform(0.85, 1.05)
    canvas.polygon(np.array([[x - 6, top - 10], [x + 6, top - 10], [x + 11, top + 6], [x - 11, top + 6]]), lampshade)
    canvas.polygon(np.array([[x + 3, top - 10], [x + 6, top - 10], [x + 11, top + 6], [x + 5, top + 6]]), shade(lampshade, 0.86))
    canvas.adjust_tone(np.array([[x - 12, top - 18], [x + 12, top - 18], [x + 22, top + 30], [x - 22, top + 30]]), 0.25, 10.0)


FURNITURE: tuple[Piece, ...] = (
    draw_table, draw_table, draw_chair, draw_sofa, draw_sofa, draw_shelf, draw_plant, draw_floor_lamp)
"""The functions that draw a piece; common pieces are listed more than once."""
