"""A sheet to paint a layer of a scene on: shapes with texture, shadow and glow, smooth edges. It knows nothing of what is painted.

Points and widths are in units (1/128 of the frame's height), colours 0..1; the origin is the middle of a film's first view.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFilter
from torch import Tensor

from studio.lab.world.noise import Area, noise

Colour = Sequence[float] | np.ndarray
Points = np.ndarray


@dataclass(frozen=True)
class Layer:
    """A layer of the scene. `near` is one over its depth: how much it grows as the camera goes towards it."""

    sheet: Tensor          # [3, H, W] opaque, or [4, H, W] with colours multiplied by the alpha that comes last; 0..1
    corner: tuple[int, int]   # where its left top pixel lies, in pixels from the middle of the first view
    near: float


def byte(colour: Colour) -> tuple[int, int, int]:
    """A colour as PIL wants it."""
    r, g, b = (round(255 * min(max(float(c), 0.0), 1.0)) for c in colour)
    return r, g, b


class Sheet:
    """Paper of an area's size at twice its fineness, painted with PIL and finished with torch."""

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

    def place(self, points: Points) -> list[tuple[float, float]]:
        """Points in pixels of the paper, on sixteenths: numbers that stay exact wherever the area begins."""
        scale = self.area.unit * self.OVER
        moved = np.round(points * scale * 16) / 16 - np.array([self.area.left - self.RIM, self.area.top - self.RIM]) * self.OVER
        return [(float(x), float(y)) for x, y in moved]

    def polygon(self, points: Points, colour: Colour, rough: float = 0.0) -> None:
        """Fill an outline [N, 2]; `rough` is the strength of the texture that finish() lays over it."""
        placed = self.place(points)
        self.pen.polygon(placed, fill=(*byte(colour), 255))
        self._rough_pen.polygon(placed, fill=round(255 * rough))

    def rectangle(self, left: float, top: float, right: float, bottom: float, colour: Colour, rough: float = 0.0) -> None:
        self.polygon(np.array([[left, top], [right, top], [right, bottom], [left, bottom]]), colour, rough)

    def ellipse(self, x: float, y: float, rx: float, ry: float, colour: Colour, rough: float = 0.0) -> None:
        self.polygon(oval(x, y, rx, ry), colour, rough)

    def line(self, points: Points, colour: Colour, width: float, rough: float = 0.0) -> None:
        """A line through points [N, 2]."""
        thick = max(1, round(width * self.area.unit * self.OVER))
        placed = [(float(np.floor(x)), float(np.floor(y))) for x, y in self.place(points)]  # PIL would cut towards 0
        self.pen.line(placed, fill=(*byte(colour), 255), width=thick, joint="curve")
        self._rough_pen.line(placed, fill=round(255 * rough), width=thick)

    def hole(self, points: Points) -> None:
        """Cut an outline out of what is painted so far."""
        placed = self.place(points)
        self.pen.polygon(placed, fill=(0, 0, 0, 0))
        self._rough_pen.polygon(placed, fill=0)

    def tone(self, points: Points, strength: float, soft: float) -> None:
        """Lighten (above 0) or darken (below) what is within an outline by a log gain, blurred by `soft` units."""
        placed, radius = np.array(self.place(points)) / self.OVER - self.RIM, soft * self.area.unit
        # as far beyond the area as the blur reaches, so that it is the same in every part of the plane
        size, margin = np.array([self.area.width, self.area.height]), np.ceil(3 * radius) + 1
        low = np.floor(np.clip(placed.min(0) - margin, -margin, size)).astype(int)
        high = np.ceil(np.clip(placed.max(0) + margin, 0, size + margin)).astype(int)
        image = Image.new("L", (int(high[0] - low[0]), int(high[1] - low[1])), 0)
        ImageDraw.Draw(image).polygon([(float(x), float(y)) for x, y in placed - low], fill=255)
        first, last = np.maximum(low, 0), np.minimum(high, size)
        if (last > first).all():
            box = (*(first - low).tolist(), *(last - low).tolist())
            blurred = image.filter(ImageFilter.GaussianBlur(radius)).crop(box)
            self._tones.append((blurred, int(first[0]), int(first[1]), strength))

    def finish(self, near: float, under: Tensor | None = None, key: int = 0, texture: float = 0.1, slope: float = 1.4) -> Layer:
        """The layer: `under` [3, H, W] shows where nothing is painted; None leaves it clear there."""
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
        sheet = colour.clamp(0, 1) if under is not None else torch.cat([torch.minimum(colour.clamp(min=0), alpha), alpha])
        return Layer(sheet.contiguous(), (self.area.left, self.area.top), near)


def _floats(image: Image.Image) -> Tensor:
    array = np.asarray(image, dtype=np.float32) / 255
    return torch.from_numpy(array)[None] if array.ndim == 2 else torch.from_numpy(array).permute(2, 0, 1).contiguous()


def oval(x: float, y: float, rx: float, ry: float, corners: int = 28) -> Points:
    """An ellipse's outline."""
    angle = np.arange(corners) * (2 * np.pi / corners)
    return np.stack([x + rx * np.cos(angle), y + ry * np.sin(angle)], axis=1)

