"""Figures: their random appearance, and their pictures, standing and in each phase of a walk.

Units: the figure's own height is 1, its feet are at 0, 0, and y goes downwards. It faces right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

PHASES = 12
"""Pictures of a walk. One more picture, the last, shows the figure standing."""
LEFT, TOP, RIGHT, BOTTOM = -0.46, -1.16, 0.46, 0.05
"""Edges of a figure's picture, in the figure's units."""
_OVER = 4
_SWING = 0.55
_HATS = ("none", "none", "cap", "top hat", "cone", "beanie", "brim")
_BODIES = ("coat", "dress", "shirt", "jacket", "robe", "round")
_HAIR = ((0.10, 0.07, 0.06), (0.30, 0.18, 0.10), (0.55, 0.38, 0.18), (0.82, 0.68, 0.38), (0.62, 0.25, 0.12), (0.75, 0.74, 0.72))
_SKIN = ((0.96, 0.80, 0.69), (0.88, 0.68, 0.53), (0.72, 0.51, 0.37), (0.52, 0.35, 0.25), (0.36, 0.24, 0.18))

RGB = tuple[float, float, float]


@dataclass(frozen=True)
class Appearance:
    """How a figure looks: its clothes, hair and colours."""

    height: float          # in units of 1/128 of the frame
    body: str
    hat: str
    skin: RGB
    hair: RGB
    long_hair: bool
    beard: bool
    top: RGB
    bottom: RGB
    shoes: RGB
    hat_colour: RGB
    scarf: RGB | None
    bag: RGB | None
    girth: float


def random_appearance(rng: np.random.Generator) -> Appearance:
    """Draws a figure's appearance at random."""
    def bright(low: float = 0.35, high: float = 0.95) -> RGB:
        return _hue(rng.random(), rng.uniform(0.35, 0.9), rng.uniform(low, high))

    woman = rng.random() < 0.5
    return Appearance(
        height=float(rng.uniform(38, 72)), body=_BODIES[int(rng.integers(len(_BODIES)))],
        hat=_HATS[int(rng.integers(len(_HATS)))], skin=_SKIN[int(rng.integers(len(_SKIN)))],
        hair=_HAIR[int(rng.integers(len(_HAIR)))], long_hair=woman and rng.random() < 0.7,
        beard=not woman and rng.random() < 0.35, top=bright(), bottom=bright(0.15, 0.6), shoes=bright(0.08, 0.35),
        hat_colour=bright(0.25, 0.9), scarf=bright() if rng.random() < 0.35 else None,
        bag=bright(0.25, 0.7) if rng.random() < 0.35 else None, girth=float(rng.uniform(0.85, 1.3)),
    )


def _hue(hue: float, saturation: float, value: float) -> RGB:
    k = [(n + hue * 6) % 6 for n in (5, 3, 1)]
    r, g, b = (value - value * saturation * max(0.0, min(c, 4 - c, 1.0)) for c in k)
    return r, g, b


def figure_pictures(shape: Appearance, height: float) -> Tensor:
    """Paints a figure's pictures.

    Args:
        shape: how it looks.
        height: of the figure in pixels, where it is largest.

    Returns:
        12 pictures of a walk and one standing, [13, 4, h, w] 0..1, colours multiplied by alpha.
    """
    fine = max(24.0, 1.5 * height)
    size = (round((RIGHT - LEFT) * fine), round((BOTTOM - TOP) * fine))
    painted = []
    for phase in range(PHASES + 1):
        image = Image.new("RGBA", (size[0] * _OVER, size[1] * _OVER), (0, 0, 0, 0))
        _FigurePen(ImageDraw.Draw(image), size[0] * _OVER / (RIGHT - LEFT), shape).figure(phase)
        painted.append(np.asarray(image.reduce(_OVER), dtype=np.float32) / 255)
    stack = torch.from_numpy(np.stack(painted)).permute(0, 3, 1, 2).contiguous()
    stack[:, :3] *= stack[:, 3:]
    return stack


def _scaled(colour: RGB, by: float = 0.7) -> RGB:
    return colour[0] * by, colour[1] * by, colour[2] * by


class _FigurePen:
    """Draws one picture of a figure."""

    def __init__(self, pen: ImageDraw.ImageDraw, scale: float, shape: Appearance) -> None:
        self.pen, self.scale, self.shape = pen, scale, shape
        self.lift = 0.0

    def figure(self, phase: int) -> None:
        """Draws the figure in a phase of its walk, 0 to 11, or standing, 12."""
        shape = self.shape
        walks = phase < PHASES
        turn = 2 * np.pi * phase / PHASES
        swing = _SWING * float(np.sin(turn)) if walks else 0.05
        hip = (0.0, -0.40)
        near = self._leg(hip, swing, 0.8 * max(0.0, float(np.cos(turn))) if walks else 0.0)
        far = self._leg(hip, -swing, 0.8 * max(0.0, -float(np.cos(turn))) if walks else 0.0)
        self.lift = -max(near[2][1], far[2][1])   # the lower foot stands on the ground
        arm = -0.8 * swing if walks else -0.06
        self._arm(-arm, _scaled(self._sleeve(), 0.62))
        self._limb(far, _scaled(self._trousers(), 0.62), _scaled(shape.shoes, 0.7))
        self._limb(near, self._trousers(), shape.shoes)
        self._body()
        self._head()
        if shape.bag is not None:
            self._polygon([(-0.12, -0.66), (-0.08, -0.66), (0.12, -0.42), (0.09, -0.41)], _scaled(shape.bag, 0.6))
            self._polygon([(0.0, -0.45), (0.17, -0.45), (0.18, -0.30), (-0.01, -0.30)], shape.bag)
        self._arm(arm, self._sleeve())

    def _sleeve(self) -> RGB:
        return _scaled(self.shape.top, 0.88)

    def _trousers(self) -> RGB:
        return self.shape.skin if self.shape.body == "dress" else self.shape.bottom

    def _leg(self, hip: tuple[float, float], angle: float, bend: float) -> list[tuple[float, float]]:
        knee = (hip[0] + 0.20 * np.sin(angle), hip[1] + 0.20 * np.cos(angle))
        return [hip, knee, (knee[0] + 0.20 * np.sin(angle - bend), knee[1] + 0.20 * np.cos(angle - bend))]

    def _limb(self, joints: list[tuple[float, float]], colour: RGB, shoe: RGB) -> None:
        self._line(joints, colour, 0.085)
        x, y = joints[-1]
        self._oval(x + 0.035, y - 0.02, 0.075, 0.036, shoe)

    def _arm(self, angle: float, sleeve: RGB) -> None:
        wide = 0.05 * self.shape.girth
        elbow = (wide * 0.4 + 0.15 * np.sin(angle), -0.64 + 0.15 * np.cos(angle))
        hand = (elbow[0] + 0.13 * np.sin(angle + 0.35), elbow[1] + 0.13 * np.cos(angle + 0.35))
        self._oval(hand[0], hand[1], 0.035, 0.035, self.shape.skin)
        self._line([(wide * 0.4, -0.65), elbow, hand], sleeve, 0.068)

    def _body(self) -> None:
        shape, g = self.shape, self.shape.girth
        top, low = 0.105 * g, {"coat": 0.16, "dress": 0.21, "robe": 0.19}.get(shape.body, 0.105) * g
        end = {"coat": -0.24, "dress": -0.20, "robe": -0.07, "round": -0.34}.get(shape.body, -0.37)
        if shape.body == "round":
            self._oval(0, -0.52, 0.19 * g, 0.20, shape.top)
            self._oval(0.04, -0.50, 0.13 * g, 0.15, _scaled(shape.top, 1.15))
        else:
            self._polygon([(-top, -0.70), (top, -0.70), (low, end), (-low, end)], shape.top)
            self._oval(0, -0.69, top, 0.05, shape.top)
            self._polygon([(-top, -0.70), (-top * 0.35, -0.70), (-low * 0.35, end), (-low, end)], _scaled(shape.top, 0.78))
            self._line([(-low * 0.9, end), (low * 0.9, end)], _scaled(shape.top, 0.6), 0.02)
        if shape.body in ("shirt", "jacket"):
            self._polygon([(-low, -0.42), (low, -0.42), (low, -0.34), (-low, -0.34)], shape.bottom)
            self._line([(-low, -0.425), (low, -0.425)], _scaled(shape.bottom, 0.5), 0.025)
        if shape.body in ("coat", "jacket"):
            self._line([(top * 0.55, -0.69), (low * 0.55, end if shape.body == "coat" else -0.44)], _scaled(shape.top, 0.55), 0.018)
        if shape.scarf is not None:
            self._line([(-0.09, -0.70), (0.09, -0.70)], shape.scarf, 0.065)
            self._line([(-0.06, -0.70), (-0.10, -0.50)], _scaled(shape.scarf, 0.85), 0.055)

    def _head(self) -> None:
        shape = self.shape
        x, y, r = 0.02, -0.85, 0.125
        if shape.long_hair:
            fall = [(x - r * 1.1, y - 0.02), (x + 0.02, y - 0.05), (x - 0.01, y + 0.20), (x - r * 1.15, y + 0.22)]
            self._polygon(fall, shape.hair)
        self._line([(x - 0.01, y), (x - 0.01, -0.68)], _scaled(shape.skin, 0.8), 0.07)
        self._oval(x - 0.012, y - 0.02, r * 1.07, r * 1.08, shape.hair)
        self._polygon([(x - 0.02, y - 0.06), (x + r * 0.8, y - 0.075), (x + r * 0.97, y), (x + r * 0.7, y + r * 0.8),
                       (x + 0.0, y + r * 0.98), (x - 0.05, y + 0.06)], shape.skin)
        self._oval(x + 0.035, y + 0.025, r * 0.78, r * 0.82, shape.skin)
        self._oval(x + r * 1.02, y + 0.02, 0.026, 0.022, _scaled(shape.skin, 0.9))          # nose
        self._oval(x + 0.068, y - 0.012, 0.021, 0.028, (0.97, 0.97, 0.95))
        self._oval(x + 0.076, y - 0.01, 0.013, 0.019, (0.08, 0.07, 0.08))
        self._line([(x + 0.055, y + 0.068), (x + 0.10, y + 0.062)], _scaled(shape.skin, 0.45), 0.016)
        if shape.beard:
            chin = [(x - 0.04, y + 0.04), (x + 0.03, y + 0.055), (x + 0.11, y + 0.05), (x + 0.09, y + 0.15), (x, y + 0.14)]
            self._polygon(chin, shape.hair)
        self._hat(x - 0.005, y, r)

    def _hat(self, x: float, y: float, r: float) -> None:
        colour, kind = self.shape.hat_colour, self.shape.hat
        if kind == "none":
            return
        crown = {"cap": 0.10, "top hat": 0.20, "cone": 0.24, "beanie": 0.11, "brim": 0.11}[kind]
        base = y - 0.045
        if kind == "cone":
            self._polygon([(x - r * 1.15, base), (x + r * 1.15, base), (x - 0.02, base - crown)], colour)
        elif kind == "top hat":
            pipe = [(x - r * 0.8, base), (x + r * 0.8, base), (x + r * 0.85, base - crown), (x - r * 0.85, base - crown)]
            self._polygon(pipe, colour)
        else:
            angles = np.linspace(0, np.pi, 18)
            self._polygon([(x + r * 1.12 * np.cos(a), base - crown * 1.05 * np.sin(a)) for a in angles], colour)
        if kind in ("top hat", "brim"):
            self._line([(x - r * 1.6, base), (x + r * 1.6, base)], _scaled(colour, 0.75), 0.032)
        elif kind == "cap":
            self._line([(x, base), (x + r * 1.75, base + 0.008)], _scaled(colour, 0.7), 0.032)
        else:
            self._line([(x - r * 1.1, base), (x + r * 1.1, base)], _scaled(colour, 0.75), 0.04)
        if kind == "beanie":
            self._oval(x, base - crown * 1.1, 0.035, 0.035, _scaled(colour, 0.75))

    def _to_pixels(self, points: list[tuple[float, float]]) -> list[tuple[float, float]]:
        return [((x - LEFT) * self.scale, (y + self.lift - TOP) * self.scale) for x, y in points]

    def _polygon(self, points: list[tuple[float, float]], colour: RGB) -> None:
        self.pen.polygon(self._to_pixels(points), fill=_rgba_bytes(colour))

    def _oval(self, x: float, y: float, rx: float, ry: float, colour: RGB) -> None:
        (left, top), (right, bottom) = self._to_pixels([(x - rx, y - ry), (x + rx, y + ry)])
        self.pen.ellipse((left, top, right, bottom), fill=_rgba_bytes(colour))

    def _line(self, points: list[tuple[float, float]], colour: RGB, width: float) -> None:
        pixels, thick = self._to_pixels(points), max(1, round(width * self.scale))
        self.pen.line(pixels, fill=_rgba_bytes(colour), width=thick, joint="curve")
        for x, y in pixels:
            self.pen.ellipse((x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2), fill=_rgba_bytes(colour))


def _rgba_bytes(colour: RGB) -> tuple[int, int, int, int]:
    r, g, b = (round(255 * min(max(float(c), 0.0), 1.0)) for c in colour)
    return r, g, b, 255
