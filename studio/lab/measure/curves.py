"""Plots of lines with their intervals, as PNG. It knows no figures but those it is given."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from studio.lab.measure.sheet import INK, PAPER

SIZE = (900, 520)
LEFT, TOP, RIGHT, BOTTOM = 70, 48, 250, 52
COLOURS = ((38, 84, 160), (196, 88, 28), (46, 125, 80), (140, 60, 140), (120, 110, 20), (60, 60, 66))
GRID = (226, 226, 222)
BESIDE = 24
"""Pixels over which intervals of different lines at one place are spread."""
DASHES = {"solid": (1, 0), "dashed": (10, 6), "dotted": (2, 5)}


@dataclass(frozen=True)
class Line:
    """One line of a plot. Without `low` and `high` it has no band."""

    label: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    colour: int = 0            # of COLOURS
    stroke: str = "solid"      # of DASHES


def plot(path: Path, title: str, across: str, upward: str, lines: Sequence[Line], level: tuple[str, float] | None = None) -> None:
    """Write a plot; a `level` is a horizontal line with its name.

    Raises:
        ValueError: there is no line with a point, or a line's lengths differ.
    """
    drawn = [line for line in lines if len(line.x)]
    if not drawn:
        raise ValueError(f"There is nothing to draw in {path.name}.")
    for line in drawn:
        if len({len(line.x), len(line.y), len(line.low or line.y), len(line.high or line.y)}) > 1:
            raise ValueError(f"The line '{line.label}' in {path.name} must have as many values and bounds as points.")
    page = Image.new("RGB", SIZE, PAPER)
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(12)
    axes = _Axes(drawn, level)
    axes.draw(pen, font, across, upward)
    pen.text((LEFT, 12), title, INK, ImageFont.load_default(16))
    if level is not None:
        _stroke(pen, [axes.at(axes.left, level[1]), axes.at(axes.right, level[1])], (150, 150, 150), "dashed", 1)
        pen.text((SIZE[0] - RIGHT + 8, axes.at(axes.right, level[1])[1] - 7), level[0], (120, 120, 120), font)
    for number, line in enumerate(drawn):
        colour = COLOURS[line.colour % len(COLOURS)]
        for x, low, high in zip(line.x, line.low, line.high, strict=False):
            aside = BESIDE * ((number + 0.5) / len(drawn) - 0.5)       # so that intervals at one gap do not hide each other
            (px, top), (_, bottom) = axes.at(x, high), axes.at(x, low)
            pen.line([(px + aside, top), (px + aside, bottom)], colour, 1)
            for end in (top, bottom):
                pen.line([(px + aside - 3, end), (px + aside + 3, end)], colour, 1)
        points = [axes.at(x, y) for x, y in zip(line.x, line.y, strict=True)]
        _stroke(pen, points, colour, line.stroke, 2)
        if len(points) <= 20:
            for x, y in points:
                pen.ellipse((x - 3, y - 3, x + 3, y + 3), fill=colour)
        spot = TOP + 18 * number
        _stroke(pen, [(SIZE[0] - RIGHT + 10, spot + 8), (SIZE[0] - RIGHT + 40, spot + 8)], colour, line.stroke, 2)
        pen.text((SIZE[0] - RIGHT + 46, spot), line.label, INK, font)
    page.save(path)


class _Axes:
    """Where values lie on the page."""

    def __init__(self, lines: Sequence[Line], level: tuple[str, float] | None) -> None:
        ys = [value for line in lines for value in (*line.y, *line.low, *line.high)] + ([level[1]] if level else [])
        xs = [value for line in lines for value in line.x]
        self.left, self.right = min(xs), max(xs)
        if self.left == self.right:
            self.left, self.right = self.left - 1, self.right + 1
        room = 0.06 * (max(ys) - min(ys)) or 0.5
        self.low, self.high = min(ys) - room, max(ys) + room
        if min(ys) >= 0:
            self.low = max(0.0, self.low)
        self.ticks = sorted(set(xs)) if len(set(xs)) <= 12 else even(self.left, self.right)

    def at(self, x: float, y: float) -> tuple[float, float]:
        wide, tall = SIZE[0] - LEFT - RIGHT, SIZE[1] - TOP - BOTTOM
        return LEFT + wide * (x - self.left) / (self.right - self.left), TOP + tall * (1 - (y - self.low) / (self.high - self.low))

    def draw(self, pen: ImageDraw.ImageDraw, font: ImageFont.ImageFont | ImageFont.FreeTypeFont, across: str, upward: str) -> None:
        for value in even(self.low, self.high):
            y = self.at(self.left, value)[1]
            pen.line([(LEFT, y), (SIZE[0] - RIGHT, y)], GRID, 1)
            pen.text((8, y - 7), f"{value:g}", INK, font)
        for tick in self.ticks:
            pen.text((self.at(tick, self.low)[0] - 6, SIZE[1] - BOTTOM + 6), f"{tick:g}", INK, font)
        pen.text((LEFT, SIZE[1] - 24), across, INK, font)
        pen.text((8, TOP - 18), upward, INK, font)


def even(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers from `low` to `high` (higher), about so many: whole steps of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(k * power for k in (1, 2, 5, 10) if k * power >= rough * (1 - 1e-9))
    digits = max(0, 1 - math.floor(math.log10(step)))
    return [round(k * step, digits) for k in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def _stroke(
    pen: ImageDraw.ImageDraw, points: Sequence[tuple[float, float]], colour: tuple[int, int, int], kind: str, thick: int
) -> None:
    """A line through points, in dashes that go on around its corners."""
    dash, gap = DASHES[kind]
    if not gap:
        pen.line(list(points), colour, thick)
        return
    gone = 0.0
    for (x0, y0), (x1, y1) in pairwise(points):
        far = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
        for step in range(int(far)):
            if (gone + step) % (dash + gap) < dash:
                a, b = step / far, min(1.0, (step + 1) / far)
                pen.line([(x0 + (x1 - x0) * a, y0 + (y1 - y0) * a), (x0 + (x1 - x0) * b, y0 + (y1 - y0) * b)], colour, thick)
        gone += far
