"""A canvas to paint a layer of a scene on: shapes with texture, shadow and glow, and smooth edges.

Points and widths are in units of 1/128 of the frame's height, colours 0..1. The origin is the middle of a film's first view.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFilter
from torch import Tensor

from studio.lab.world.noise import Area, noise

Colour = Sequence[float] | np.ndarray
Points = np.ndarray


@dataclass(frozen=True)
class Layer:
    """A layer of a scene: an opaque or partly transparent picture on a plane."""

    pixels: Tensor            # [3, H, W] opaque, or [4, H, W] with colours multiplied by the alpha that comes last; 0..1
    corner: tuple[int, int]   # position of its top left pixel, in pixels from the origin
    near: float               # see `camera`

    def with_gain(self, gain: Tensor) -> Layer:
        """This layer with its colours multiplied by a gain, [1 or 3, H, W], and clipped."""
        most = self.pixels[3:] if len(self.pixels) == 4 else torch.ones(())
        return Layer(torch.cat([torch.minimum(self.pixels[:3] * gain, most), self.pixels[3:]]), self.corner, self.near)


def rgb_bytes(colour: Colour) -> tuple[int, int, int]:
    """Returns a colour as PIL takes it, three bytes."""
    r, g, b = colour.tolist() if isinstance(colour, np.ndarray) else colour
    return _byte(r), _byte(g), _byte(b)


def _byte(value: float) -> int:
    return round(255 * min(max(float(value), 0.0), 1.0))


class Canvas:
    """An area to paint on with PIL at twice its resolution; `finish` makes it a layer."""

    OVER = 2
    RIM = 2
    """Pixels painted beyond each edge, and cut off: PIL draws a little differently at a picture's edge."""

    def __init__(self, area: Area) -> None:
        self.area = area
        size = ((area.width + 2 * self.RIM) * self.OVER, (area.height + 2 * self.RIM) * self.OVER)
        self._paint = Image.new("RGBA", size, (0, 0, 0, 0))
        self._rough = Image.new("L", size, 0)
        self.pen, self._rough_pen = ImageDraw.Draw(self._paint), ImageDraw.Draw(self._rough)
        self._tones: list[tuple[Image.Image, int, int, float]] = []
        self._scale = area.unit * self.OVER
        self._corner = np.array([area.left - self.RIM, area.top - self.RIM]) * self.OVER

    def to_pixels(self, points: Points) -> Points:
        """Returns points [N, 2] in pixels of the canvas, rounded to 1/16, so that they are exact wherever the area begins."""
        return np.asarray(np.rint(points * self._scale * 16) / 16 - self._corner)

    def polygon(self, points: Points, colour: Colour, rough: float = 0.0) -> None:
        """Fills an outline [N, 2]. `rough`, 0..1, is the strength of the texture that `finish` adds to it."""
        pixels = _flat(self.to_pixels(points))
        self.pen.polygon(pixels, fill=(*rgb_bytes(colour), 255))
        self._rough_pen.polygon(pixels, fill=round(255 * rough))

    def rectangle(self, left: float, top: float, right: float, bottom: float, colour: Colour, rough: float = 0.0) -> None:
        """Fills a rectangle."""
        self.polygon(np.array([[left, top], [right, top], [right, bottom], [left, bottom]]), colour, rough)

    def ellipse(self, x: float, y: float, rx: float, ry: float, colour: Colour, rough: float = 0.0) -> None:
        """Fills an ellipse about x, y with the radii rx and ry."""
        self.polygon(ellipse_points(x, y, rx, ry), colour, rough)

    def line(self, points: Points, colour: Colour, width: float, rough: float = 0.0) -> None:
        """Draws a line of a width through points [N, 2]."""
        thick = max(1, round(width * self.area.unit * self.OVER))
        pixels = _flat(np.floor(self.to_pixels(points)))        # PIL would round towards 0
        self.pen.line(pixels, fill=(*rgb_bytes(colour), 255), width=thick, joint="curve")
        self._rough_pen.line(pixels, fill=round(255 * rough), width=thick)

    def cut_hole(self, points: Points) -> None:
        """Makes the inside of an outline [N, 2] transparent again."""
        pixels = _flat(self.to_pixels(points))
        self.pen.polygon(pixels, fill=(0, 0, 0, 0))
        self._rough_pen.polygon(pixels, fill=0)

    def adjust_tone(self, points: Points, strength: float, soft: float) -> None:
        """Lightens or darkens the inside of an outline [N, 2] when the canvas is finished.

        Args:
            points: of the outline.
            strength: log gain: above 0 lightens, below 0 darkens.
            soft: radius in units by which the outline is blurred.
        """
        pixels, radius = self.to_pixels(points) / self.OVER - self.RIM, soft * self.area.unit
        # The outline is drawn as far beyond the area as the blur reaches, so that it is the same in every part of the plane.
        size, margin = np.array([self.area.width, self.area.height]), np.ceil(3 * radius) + 1
        low = np.floor(np.clip(pixels.min(0) - margin, -margin, size)).astype(int)
        high = np.ceil(np.clip(pixels.max(0) + margin, 0, size + margin)).astype(int)
        image = Image.new("L", (int(high[0] - low[0]), int(high[1] - low[1])), 0)
        ImageDraw.Draw(image).polygon([(float(x), float(y)) for x, y in pixels - low], fill=255)
        first, last = np.maximum(low, 0), np.minimum(high, size)
        if (last > first).all():
            box = (*(first - low).tolist(), *(last - low).tolist())
            blurred = image.filter(ImageFilter.GaussianBlur(radius)).crop(box)
            self._tones.append((blurred, int(first[0]), int(first[1]), strength))

    def finish(self, near: float, under: Tensor | None = None, key: int = 0, texture: float = 0.1, slope: float = 1.4) -> Layer:
        """Returns the painted layer.

        Args:
            near: inverse depth of the layer.
            under: [3, H, W] shows where nothing is painted; None leaves those places transparent.
            key: seed of the texture.
            texture: its strength, where shapes are rough.
            slope: of its noise.
        """
        inner = slice(self.RIM, -self.RIM)
        paint = _floats(self._paint.reduce(self.OVER))[:, inner, inner].contiguous()
        paint[:3] *= paint[3:]
        if bool(texture) and self._rough.getbbox() is not None:
            rough = _floats(self._rough.reduce(self.OVER))[:, inner, inner]
            paint[:3] += texture * rough * paint[3:] * noise(key, 1, self.area, slope, coarse=64.0)
        colour, alpha = paint[:3], paint[3:]
        if under is not None:
            colour = under * (1 - alpha) + colour
        for image, x, y, strength in self._tones:
            part = colour[:, y : y + image.height, x : x + image.width]
            part *= (strength * _floats(image)).exp()
        pixels = colour.clamp(0, 1) if under is not None else torch.cat([torch.minimum(colour.clamp(min=0), alpha), alpha])
        return Layer(pixels.contiguous(), (self.area.left, self.area.top), near)


def _floats(image: Image.Image) -> Tensor:
    array = np.asarray(image, dtype=np.float32) / 255
    return torch.from_numpy(array)[None] if array.ndim == 2 else torch.from_numpy(array).permute(2, 0, 1).contiguous()


def ellipse_points(x: float, y: float, rx: float, ry: float, corners: int = 28) -> Points:
    """Returns the outline of an ellipse, [corners, 2]."""
    return np.asarray(np.array([x, y]) + np.array([rx, ry]) * _circle(corners))


@cache
def _circle(corners: int) -> Points:
    """The corners of a circle of radius 1, [corners, 2]: thousands of outlines in a scene are drawn from few of them."""
    angle = np.arange(corners) * (2 * np.pi / corners)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _flat(pixels: Points) -> list[float]:
    """Points [N, 2] as PIL takes them fastest: x, y, x, y, ..."""
    flat: list[float] = pixels.ravel().tolist()
    return flat

