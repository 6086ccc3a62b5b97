"""Brushes: noise, gradients, light and the strokes of oil paint. They do not know what is painted.

A picture is a float array [H, W, 3] from 0 to 1, a mask [H, W]. Places are u (across) and v (down), both 0 to 1.
A colour is written as on the web, "#ffcc88".
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Array = NDArray[np.float32]
Points = Sequence[tuple[float, float]]


def colour(code: str) -> Array:
    return np.array([int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)], np.float32)


def ramp(t: Array, *stops: tuple[float, str]) -> Array:
    """A gradient of colours over `t`."""
    places, colours = [place for place, _ in stops], [colour(code) for _, code in stops]
    return np.stack([np.interp(t, places, [c[k] for c in colours]) for k in range(3)], -1).astype(np.float32)


def smooth(low: float | Array, high: float | Array, t: Array) -> Array:
    """0 below `low`, 1 above `high` (or the other way round), soft between."""
    t = np.clip((t - low) / (high - low), 0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)


def bump(t: Array, power: float = 2) -> Array:
    """1 at zero, falling off to both sides."""
    return np.exp(-(np.abs(t) ** power)).astype(np.float32)


def mix(picture: Array, over: Array | str, mask: Array) -> Array:
    """Opaque paint over the picture."""
    paint = colour(over) if isinstance(over, str) else over
    return picture + (paint - picture) * mask[..., None]


def glow(picture: Array, light: str, mask: Array) -> Array:
    """Light added the way a screen adds it: never beyond white."""
    return 1 - (1 - picture) * (1 - np.clip(colour(light) * mask[..., None], 0, 1))


def field(width: int, height: int) -> tuple[Array, Array]:
    """u and v of every pixel."""
    v, u = np.mgrid[0:height, 0:width].astype(np.float32)
    return (u + 0.5) / width, (v + 0.5) / height


class Noise:
    """Fractal noise without seams, mean 0 and spread 1, read at any coordinates; it repeats after one unit.

    `calm` is how fast fine detail fades: 1.5 is rough like rock, 3 is smooth like silk.
    """

    def __init__(self, rng: np.random.Generator, calm: float = 1.8, size: int = 1024) -> None:
        f = np.hypot(*np.meshgrid(np.fft.fftfreq(size) * size, np.fft.rfftfreq(size) * size, indexing="ij"))
        f[0, 0] = 1
        waves = np.fft.rfft2(rng.standard_normal((size, size))) / f**calm
        waves[0, 0] = 0
        grains = np.fft.irfft2(waves)
        self.size, self.grains = size, (grains / grains.std()).astype(np.float32)

    def __call__(self, x: Array | float, y: Array | float) -> Array:
        x, y = np.broadcast_arrays(np.asarray(x, np.float32) * self.size, np.asarray(y, np.float32) * self.size)
        i, j = np.floor(y).astype(np.int64), np.floor(x).astype(np.int64)
        a, b = y - i, x - j
        i, j, k, m = i % self.size, j % self.size, (i + 1) % self.size, (j + 1) % self.size
        g = self.grains
        return (g[i, j] * (1 - b) + g[i, m] * b) * (1 - a) + (g[k, j] * (1 - b) + g[k, m] * b) * a


def blur(picture: Array, radius: float) -> Array:
    """Three box blurs, which are nearly a Gaussian."""
    r = max(1, round(radius))
    for _ in range(3):
        for axis in (0, 1):
            pad = [(0, 0)] * picture.ndim
            pad[axis] = (r + 1, r)
            total = np.cumsum(np.pad(picture, pad, mode="edge"), axis=axis, dtype=np.float64)
            n = total.shape[axis]
            upper, lower = np.take(total, range(2 * r + 1, n), axis), np.take(total, range(n - 2 * r - 1), axis)
            picture = ((upper - lower) / (2 * r + 1)).astype(np.float32)
    return picture


def shape(like: Array, *polygons: Points, soft: float = 0) -> Array:
    """The mask of some polygons, on a canvas as large as `like`."""
    height, width = like.shape[:2]
    image = Image.new("L", (width, height))
    draw = ImageDraw.Draw(image)
    for points in polygons:
        draw.polygon([(u * width, v * height) for u, v in points], fill=255)
    mask = np.asarray(image, np.float32) / 255
    return blur(mask, soft) if soft else mask


def box(left: float, top: float, right: float, bottom: float) -> Points:
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def round_shape(u: float, v: float, across: float, down: float, corners: int = 16) -> Points:
    return [(u + across * np.cos(a), v + down * np.sin(a)) for a in np.linspace(0, 2 * np.pi, corners)]


def gather(picture: Array, u: Array, v: Array) -> Array:
    """The picture's colours at other places."""
    height, width = picture.shape[:2]
    x = np.clip((u * width).astype(np.int64), 0, width - 1)
    return picture[np.clip((v * height).astype(np.int64), 0, height - 1), x]


def halve(picture: Array) -> Array:
    return (picture[::2, ::2] + picture[1::2, ::2] + picture[::2, 1::2] + picture[1::2, 1::2]) / 4


def mark(rng: np.random.Generator, length: int, width: int, angle: float) -> Array:
    """What a brush leaves: an ellipse with the streaks of its hairs."""
    side = length + 2
    y, x = np.mgrid[-side : side + 1, -side : side + 1].astype(np.float32)
    along, across = x * np.cos(angle) + y * np.sin(angle), -x * np.sin(angle) + y * np.cos(angle)
    ellipse = 1 - (along / length) ** 2 - (across / width) ** 2
    hairs = np.interp(across, np.linspace(-width, width, 2 * width + 3), rng.uniform(0.35, 1, 2 * width + 3))
    return (np.clip(ellipse * 2.2, 0, 1) * hairs).astype(np.float32)


def directions(picture: Array) -> Array:
    """Where a painter's hand would go: along the edges, and level where there are none."""
    gy, gx = np.gradient(blur(picture.mean(-1), 2))
    xx, yy, xy = blur(gx * gx, 6), blur(gy * gy, 6), blur(gx * gy, 6)
    along = 0.5 * np.arctan2(2 * xy, xx - yy) + np.pi / 2
    return np.where(smooth(0.002, 0.012, np.sqrt(xx + yy)) > 0.25, along, 0)


def strokes(picture: Array, rng: np.random.Generator, fine: float) -> Array:
    """The picture in oil: broad strokes first, then smaller ones wherever they miss something.

    `fine` is how much of the drawing shows through at the end.
    """
    height, width = picture.shape[:2]
    angles = directions(picture)
    canvas = blur(picture, 12)
    for length, wide, miss in ((26, 8, 0.0), (15, 5, 0.018), (9, 3, 0.03), (5, 2, 0.045)):
        source = blur(picture, wide / 3)
        error = blur(np.abs(source - canvas).mean(-1), wide)
        marks = [[mark(rng, length, wide, np.pi * k / 32) for _ in range(3)] for k in range(32)]
        step = wide * 0.75
        rows, columns = np.meshgrid(np.arange(0, height, step), np.arange(0, width, step), indexing="ij")
        places = np.stack([rows, columns], -1).reshape(-1, 2)
        places = np.rint(places + rng.uniform(-step, step, places.shape)).astype(int).clip(0, (height - 1, width - 1))
        places = places[error[places[:, 0], places[:, 1]] >= miss]
        rng.shuffle(places)
        tones = source[places[:, 0], places[:, 1]] + rng.normal(0, 0.012, (len(places), 1))
        tones = (tones + rng.normal(0, 0.006, (len(places), 3))).astype(np.float32)
        turns = angles[places[:, 0], places[:, 1]] + rng.normal(0, 0.12, len(places))
        for (y, x), tone, turn in zip(places, tones, np.rint(turns * 32 / np.pi).astype(int) % 32, strict=True):
            brush = marks[turn][int(rng.integers(3))]
            r = brush.shape[0] // 2
            top, left, bottom, right = max(0, y - r), max(0, x - r), min(height, y + r + 1), min(width, x + r + 1)
            mask = brush[top - y + r : bottom - y + r, left - x + r : right - x + r, None]
            canvas[top:bottom, left:right] += (tone - canvas[top:bottom, left:right]) * mask
    return canvas + (picture - canvas) * fine


def varnish(picture: Array, rng: np.random.Generator, bloom: float, vignette: float) -> Image.Image:
    """Bloom around the lights, darker corners, a little grain."""
    height, width = picture.shape[:2]
    bright = blur(np.clip(picture - 0.62, 0, 1), width / 60) + blur(np.clip(picture - 0.75, 0, 1), width / 240)
    picture = 1 - (1 - picture) * (1 - np.clip(bright * bloom * 2, 0, 1))
    u, v = field(width, height)
    picture = picture * (1 - vignette * smooth(0.35, 0.95, np.hypot(u - 0.5, v - 0.5) * 1.3))[..., None]
    picture = picture + rng.normal(0, 0.008, (height, width, 1))
    return Image.fromarray(np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8))
