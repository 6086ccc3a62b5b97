"""Pictures to film: noise, dead leaves, landscapes and drawings, larger than a frame. They know nothing of cameras or time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw, ImageFilter
from torch import Tensor

Picture = np.ndarray


@dataclass(frozen=True)
class Layer:
    """A sheet of the scene. `near` is how much of the camera's way it shows (1: all of it)."""

    colour: Tensor           # [3, H, W] 0..1
    alpha: Tensor | None     # [1, H, W]; None: opaque
    near: float


def noise(rng: np.random.Generator, channels: int, height: int, width: int, slope: float) -> Tensor:
    """1 / f^slope noise of unit deviation, [channels, H, W], from random grids, each twice as fine as the one before."""
    total = torch.zeros(channels, height, width)
    size = max(height, width)
    octaves = max(2, int(np.log2(size)))
    for octave in range(1, octaves + 1):
        cell = size / 2**octave
        h, w = max(2, int(np.ceil(height / cell)) + 1), max(2, int(np.ceil(width / cell)) + 1)
        grid = torch.from_numpy(rng.standard_normal((1, channels, h, w), dtype=np.float32))
        grown = grid if cell <= 1 else F.interpolate(grid, scale_factor=cell, mode="bilinear", align_corners=False)
        if grown.shape[2] < height or grown.shape[3] < width:
            grown = F.interpolate(grown, size=(max(height, grown.shape[2]), max(width, grown.shape[3])))
        total += grown[0, :, :height, :width] * float(2.0 ** (-(slope - 1.0) * octave))
    return (total - total.mean()) / total.std().clamp(min=1e-4)


def palette(rng: np.random.Generator, count: int) -> np.ndarray:
    """Colours that go together, [count, 3] 0..1: one or two hues, many brightnesses."""
    base = rng.uniform(0.15, 0.85, size=(int(rng.integers(1, 5)), 3))
    base = base.mean(1, keepdims=True) + (base - base.mean(1, keepdims=True)) * rng.uniform(0.05, 0.9)
    colours = base[rng.integers(len(base), size=count)] + rng.normal(0, 0.09, (count, 3))
    colours = colours * rng.uniform(0.25, 1.45, (count, 1)) + rng.normal(0, 0.05, (count, 1))
    return np.clip(colours, 0.0, 1.0)


def scene(rng: np.random.Generator, width: int, height: int) -> list[Layer]:
    """A scene of one of several kinds, farthest layer first. All layers have the given size."""
    kind = rng.random()
    if kind < 0.50:
        return [Layer(leaves(rng, width, height), None, 1.0)]
    if kind < 0.60:
        return [Layer(clouds(rng, width, height), None, 1.0)]
    if kind < 0.70:
        return [Layer(drawing(rng, width, height), None, 1.0)]
    return landscape(rng, width, height)


def clouds(rng: np.random.Generator, width: int, height: int) -> Tensor:
    """Coloured noise."""
    luma = noise(rng, 1, height, width, rng.uniform(1.3, 2.1))
    chroma = noise(rng, 3, height, width, rng.uniform(1.6, 2.3))
    base = torch.from_numpy(rng.uniform(0.25, 0.75, (3, 1, 1)).astype(np.float32))
    return (base + float(rng.uniform(0.08, 0.25)) * luma + float(rng.uniform(0.02, 0.1)) * chroma).clamp(0, 1)


def leaves(rng: np.random.Generator, width: int, height: int) -> Tensor:
    """Dead leaves: shapes of all sizes over each other, each with its own texture and shading, like a photograph's statistics."""
    count = int(rng.integers(60, 500) * width * height / 250_000) + 20
    colours = (palette(rng, count + 1) * 255).astype(np.uint8)
    rough = rng.integers(0, 255, size=count + 1) * (rng.random(count + 1) < 0.6)
    picture = Image.new("RGB", (width, height), tuple(int(c) for c in colours[0]))
    rind = Image.new("L", (width, height), int(rough[0]))
    pen, rough_pen = ImageDraw.Draw(picture), ImageDraw.Draw(rind)
    radii = 6.0 * (1 - rng.random(count) * 0.999) ** -rng.uniform(0.4, 0.75)
    if rng.random() < 0.5:
        radii = np.sort(radii)[::-1]
    for index in range(count):
        radius = min(float(radii[index]), 0.45 * height)
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        points = shape(rng, x, y, radius)
        pen.polygon(points, fill=tuple(int(c) for c in colours[index + 1]))
        rough_pen.polygon(points, fill=int(rough[index + 1]))
    if rng.random() < 0.4:
        strokes(rng, pen, width, height, int(rng.integers(3, 30)))
    return finish(rng, picture, rind)


def shape(rng: np.random.Generator, x: float, y: float, radius: float) -> list[tuple[float, float]]:
    """A closed outline: an ellipse, a box or a ragged blob."""
    kind = rng.random()
    corners = 4 if kind < 0.3 else (20 if kind < 0.75 else int(rng.integers(3, 9)))
    angle = np.arange(corners) * 2 * np.pi / corners + (0 if kind < 0.12 else rng.uniform(0, 2 * np.pi))
    if kind < 0.3:
        angle = angle + np.pi / 4
    reach = radius * (1 + (rng.uniform(-0.4, 0.4, corners) if kind >= 0.75 else 0))
    squeeze, turn = rng.uniform(0.3, 1.0), 0.0 if kind < 0.12 else rng.uniform(0, np.pi)
    px, py = reach * np.cos(angle), reach * np.sin(angle) * squeeze
    px, py = x + px * np.cos(turn) - py * np.sin(turn), y + px * np.sin(turn) + py * np.cos(turn)
    return list(zip(px.tolist(), py.tolist(), strict=True))


def strokes(rng: np.random.Generator, pen: ImageDraw.ImageDraw, width: int, height: int, count: int) -> None:
    """Lines, some of them curved: branches, wires, hair, edges."""
    for colour in palette(rng, count):
        x, y, angle = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0, 2 * np.pi)
        points = []
        for _ in range(int(rng.integers(2, 9))):
            points.append((x, y))
            angle += rng.normal(0, 0.4)
            reach = rng.uniform(8, 60)
            x, y = x + reach * np.cos(angle), y + reach * np.sin(angle)
        pen.line(points, fill=tuple(int(255 * c) for c in colour), width=int(rng.integers(1, 7)))


def finish(rng: np.random.Generator, picture: Image.Image, rind: Image.Image) -> Tensor:
    """Soft edges, texture where `rind` says, uneven light."""
    if (blur := rng.uniform(0.3, 1.1)) > 0.4:
        picture = picture.filter(ImageFilter.GaussianBlur(blur))
    colour = torch.from_numpy(np.asarray(picture, dtype=np.float32) / 255).permute(2, 0, 1)
    width, height = picture.size
    mask = torch.from_numpy(np.asarray(rind, dtype=np.float32) / 255)[None]
    texture = noise(rng, 1, height, width, rng.uniform(1.0, 1.8))
    light = noise(rng, 1, height, width, 2.6)
    colour = colour + mask * texture * float(rng.uniform(0.02, 0.14))
    return (colour * (1 + float(rng.uniform(0.05, 0.3)) * light)).clamp(0, 1)


def drawing(rng: np.random.Generator, width: int, height: int) -> Tensor:
    """Flat colours and lines on paper."""
    low, high = (150, 256) if rng.random() < 0.7 else (0, 60)
    paper = tuple(int(c) for c in rng.integers(low, high, 3))
    picture = Image.new("RGB", (width, height), paper)
    pen = ImageDraw.Draw(picture)
    for colour in palette(rng, int(rng.integers(10, 80) * width * height / 250_000) + 5):
        fill = tuple(int(255 * c) for c in colour)
        line = tuple(int(c * 0.3) for c in fill) if rng.random() < 0.6 else fill
        points = shape(rng, rng.uniform(0, width), rng.uniform(0, height), rng.uniform(6, 70))
        pen.polygon(points, fill=fill, outline=line, width=int(rng.integers(1, 4)))
    strokes(rng, pen, width, height, int(rng.integers(5, 60)))
    picture = picture.filter(ImageFilter.GaussianBlur(0.5))
    return torch.from_numpy(np.asarray(picture, dtype=np.float32) / 255).permute(2, 0, 1)


def landscape(rng: np.random.Generator, width: int, height: int) -> list[Layer]:
    """Sky, ridges, and a near ground with houses and trees, with a mild parallax."""
    top, bottom = palette(rng, 2).astype(np.float32)
    if rng.random() < 0.7:
        top, bottom = np.array([0.3, 0.5, 0.8]) * rng.uniform(0.5, 1.2), np.array([0.8, 0.82, 0.85]) * rng.uniform(0.7, 1.1)
    ramp = torch.linspace(0, 1, height).view(1, -1, 1)
    above, below = (torch.tensor(colour, dtype=torch.float32).view(3, 1, 1) for colour in (top, bottom))
    sky = above * (1 - ramp) + below * ramp
    sky = sky + float(rng.uniform(0.02, 0.15)) * noise(rng, 1, height, width, rng.uniform(1.7, 2.4))
    nears = [0.7, 0.85, 1.0] if rng.random() < 0.5 else [1.0, 1.0, 1.0]
    layers = [Layer(sky.clamp(0, 1).expand(3, height, width).contiguous(), None, nears[0])]
    for depth, near in enumerate(nears[1:]):
        line = height * (0.42 + 0.16 * depth) + noise(rng, 1, 1, width, 2.0)[0, 0].numpy() * height * rng.uniform(0.01, 0.07)
        layers.append(_ground(rng, width, height, line, near, built=depth == 1))
    return layers


def _ground(rng: np.random.Generator, width: int, height: int, line: np.ndarray, near: float, built: bool) -> Layer:
    colours = (palette(rng, 40) * 255).astype(np.uint8)
    picture = Image.new("RGB", (width, height), tuple(int(c) for c in colours[0]))
    rind = Image.new("L", (width, height), int(rng.integers(60, 255)))
    alpha = Image.new("L", (width, height), 0)
    pen, mask = ImageDraw.Draw(picture), ImageDraw.Draw(alpha)
    outline = [(0, height), *zip(range(0, width, 3), line[::3].tolist(), strict=True), (width, line[-1]), (width, height)]
    mask.polygon(outline, fill=255)
    for index in range(int(width / rng.uniform(25, 90)) if built else int(rng.integers(0, 6))):
        x = int(rng.integers(0, width))
        w, h = int(rng.integers(8, 70)), int(rng.integers(15, 120))
        y = int(line[x]) + int(rng.integers(-5, 40))
        fill = tuple(int(c) for c in colours[1 + index % 39])
        if rng.random() < 0.5:
            for p in (pen, mask):
                p.rectangle((x, y - h, x + w, y), fill=fill if p is pen else 255)
            glow = tuple(int(c) for c in colours[rng.integers(40)])
            for wy in range(y - h + 4, y - 8, 14):
                for wx in range(x + 4, x + w - 6, 12):
                    pen.rectangle((wx, wy, wx + 5, wy + 7), fill=glow)
        else:
            crown = shape(rng, x, y - h, rng.uniform(8, 40))
            trunk = [(x - 2.0, y + 0.0), (x + 2.0, y + 0.0), (x + 2.0, y - h + 0.0), (x - 2.0, y - h + 0.0)]
            for points in (crown, trunk):
                pen.polygon(points, fill=fill)
                mask.polygon(points, fill=255)
    for _ in range(int(rng.integers(0, 60))):
        left, top = rng.uniform(0, width), rng.uniform(height * 0.5, height)
        pen.polygon(shape(rng, left, top, rng.uniform(3, 30)), fill=tuple(int(c) for c in colours[rng.integers(40)]))
    alpha = alpha.filter(ImageFilter.GaussianBlur(0.6))
    return Layer(finish(rng, picture, rind), torch.from_numpy(np.asarray(alpha, dtype=np.float32) / 255)[None], near)
