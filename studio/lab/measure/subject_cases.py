"""Pictures with a subject whose right mask is known: real ones with outlines drawn by hand, and sprites over textured ground."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from studio.lab.measure.extension import load

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
Outline = Sequence[tuple[float, float]]
Stroke = list[tuple[float, float]]

LONGEST = 1280
"""Pixels of a picture's longer side."""
REACH = (0.1, 0.9)
"""Shares of the subject, along its longest direction, between which the stroke goes."""
STOPS = 7


@dataclass(frozen=True)
class Case:
    """A picture [H, W, 3], the mask of its subject [H, W], and what an artist would do: a stroke through it, or a click."""

    name: str
    picture: Pixels
    mask: Bools
    stroke: Stroke
    click: Stroke


def cases(longest: int = LONGEST) -> list[Case]:
    """Returns all cases, with pictures whose longer side has so many pixels."""
    return [*outlined(longest), *composed(longest)]


def outlined(longest: int) -> list[Case]:
    """Returns photographs and drawings whose subject was outlined by hand."""
    found = []
    for name, (file, outline) in OUTLINES.items():
        picture = load(file, longest)
        mask = _polygon(outline, *picture.shape[:2])
        found.append(replace(_case(name, picture, mask), stroke=STROKES[name]))
    return found


def composed(longest: int) -> list[Case]:
    """Returns sprites with shading and texture, each with a soft edge over another picture."""
    found = []
    for number, (name, ground, texture) in enumerate(SPRITES):
        picture = load(ground, longest)
        height, width = picture.shape[:2]
        mask = _shape(name, height, width, number)
        paint = _paint(texture, height, width, number)
        soft = np.asarray(Image.fromarray((mask * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.8)), np.float32)
        share = soft[..., None] / np.float32(255)
        mixed = (picture * (1 - share) + paint * share).round().clip(0, 255).astype(np.uint8)
        found.append(_case(f"{name} over {ground}", mixed, mask))
    return found


def overlap(found: Bools, mask: Bools) -> float:
    """Returns the pixels that both masks have over those that either has (IoU)."""
    return float((found & mask).sum() / max(1, (found | mask).sum()))


def _case(name: str, picture: Pixels, mask: Bools) -> Case:
    """A case with a stroke along the subject, and a click where it is thickest."""
    import cv2

    height, width = mask.shape
    inside = cv2.distanceTransform(np.pad(mask.astype(np.uint8), 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    y, x = np.nonzero(mask)
    spread = np.cov(np.stack([x, y]).astype(np.float64))
    along = (np.stack([x, y], 1) - (x.mean(), y.mean())) @ np.linalg.eigh(spread)[1][:, -1]
    low, high = (np.quantile(along, share) for share in REACH)
    stops = np.linspace(low, high, STOPS)
    stroke = []
    for stop in stops:
        near = np.abs(along - stop) <= (high - low) / STOPS / 2
        best = np.flatnonzero(near)[inside[y[near], x[near]].argmax()]
        stroke.append(((float(x[best]) + 0.5) / width, (float(y[best]) + 0.5) / height))
    top = inside.argmax()
    click = [(float(top % width + 0.5) / width, float(top // width + 0.5) / height)]
    return Case(name, picture, mask, stroke, click)


def _polygon(outline: Outline, height: int, width: int) -> Bools:
    image = Image.new("L", (width, height))
    ImageDraw.Draw(image).polygon([(x * width, y * height) for x, y in outline], fill=255)
    return np.asarray(image) > 127


def _shape(name: str, height: int, width: int, seed: int) -> Bools:
    """The mask of a sprite."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    size = min(height, width)
    if name == "horse":
        from skimage import data

        horse = Image.fromarray((~data.horse() * 255).astype(np.uint8))
        wide = round(0.75 * size)
        horse = horse.resize((wide, round(wide * horse.height / horse.width)), Image.Resampling.BILINEAR)
        image = Image.new("L", (width, height))
        image.paste(horse, (round(0.55 * width - wide / 2), round(0.95 * height) - horse.height))
        return np.asarray(image) > 127
    if name == "ball":
        return np.hypot(x - 0.42 * width, y - 0.5 * height) < 0.24 * size
    if name == "vase":
        v = (y / height - 0.25) / 0.6
        half = 0.05 + 0.13 * np.sin(np.pi * v.clip(0, 1)) ** 2 * (0.6 + 0.4 * v) + 0.03 * np.cos(9 * v)
        return (np.abs(x - 0.5 * width) < half * size) & (v > 0) & (v < 1)
    angle, away = np.arctan2(y - 0.55 * height, x - 0.5 * width), np.hypot(x - 0.5 * width, y - 0.55 * height)
    waves = np.random.default_rng(seed).normal(0, 0.06, (5, 2)).astype(np.float32)
    edge = 1 + sum((waves[k, 0] * np.cos((k + 2) * angle) + waves[k, 1] * np.sin((k + 2) * angle) for k in range(5)), np.float32(0))
    return np.asarray(away < 0.28 * size * edge)


def _paint(texture: str, height: int, width: int, seed: int) -> Floats:
    """The colours of a sprite: shading over a colour with noise, or another picture."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    if texture.startswith("#"):
        rng = np.random.default_rng(seed)
        grain = Image.fromarray(rng.integers(0, 256, (height // 4, width // 4), dtype=np.uint8).astype(np.uint8))
        noise = np.asarray(grain.resize((width, height), Image.Resampling.BICUBIC), np.float32)[..., None] - 127
        light = (1.25 - 0.6 * (0.6 * x / width + 0.8 * y / height))[..., None]
        colour = np.array([int(texture[place:place + 2], 16) for place in (1, 3, 5)], np.float32)
        return np.asarray(colour * light + 0.12 * noise, np.float32).clip(0, 255)
    image = Image.fromarray(load(texture, max(height, width)))
    return np.asarray(image.resize((width, height), Image.Resampling.LANCZOS), np.float32)


SPRITES = (
    ("horse", "hills", "#7a4a2c"), ("horse", "mountains", "chelsea"), ("ball", "sea", "#c8452f"), ("vase", "room", "#d8c9a0"),
    ("cloth", "forest", "#6a5acd"), ("cloth", "desert", "coffee"), ("ball", "coffee", "#3f6f8f"), ("vase", "alley", "#7f8f5a"),
)
"""Shape, the picture that it stands before, and its colour or the picture that it is cut from."""
OUTLINES: dict[str, tuple[str, Outline]] = {
    "lighthouse with its rock": ("lighthouse", (
        (0.542, 0.679), (0.569, 0.625), (0.602, 0.563), (0.62, 0.54), (0.653, 0.497), (0.69, 0.458), (0.729, 0.452), (0.733,
        0.231), (0.732, 0.196), (0.733, 0.131), (0.748, 0.115), (0.762, 0.131), (0.764, 0.196), (0.762, 0.231), (0.768,
        0.443), (0.801, 0.446), (0.804, 0.416), (0.844, 0.412), (0.844, 0.398), (0.853, 0.398), (0.854, 0.412), (0.861,
        0.415), (0.869, 0.44), (0.898, 0.443), (0.963, 0.468), (1, 0.475), (1, 0.73), (0.87, 0.736), (0.778, 0.718), (0.722,
        0.699), (0.639, 0.69),
    )),
    "tree": ("street", (
        (0.846, 0.4), (0.863, 0.387), (0.883, 0.392), (0.901, 0.419), (0.919, 0.408), (0.935, 0.444), (0.943, 0.467), (0.941,
        0.494), (0.959, 0.492), (0.971, 0.517), (0.971, 0.556), (0.964, 0.572), (0.967, 0.617), (0.953, 0.656), (0.933,
        0.672), (0.921, 0.692), (0.915, 0.711), (0.893, 0.733), (0.873, 0.736), (0.866, 0.717), (0.871, 0.913), (0.839,
        0.913), (0.846, 0.722), (0.837, 0.714), (0.833, 0.728), (0.815, 0.736), (0.793, 0.711), (0.764, 0.694), (0.749,
        0.661), (0.747, 0.611), (0.756, 0.589), (0.746, 0.55), (0.753, 0.5), (0.769, 0.481), (0.768, 0.444), (0.783, 0.414),
        (0.816, 0.408), (0.833, 0.417),
    )),
    "cup and saucer": ("coffee", (
        (0.131, 0.508), (0.142, 0.425), (0.176, 0.321), (0.232, 0.237), (0.294, 0.185), (0.322, 0.133), (0.378, 0.071),
        (0.433, 0.05), (0.483, 0.046), (0.544, 0.054), (0.6, 0.092), (0.642, 0.144), (0.662, 0.185), (0.683, 0.175), (0.707,
        0.179), (0.704, 0.237), (0.69, 0.3), (0.739, 0.342), (0.774, 0.404), (0.794, 0.487), (0.801, 0.571), (0.794, 0.654),
        (0.767, 0.758), (0.711, 0.852), (0.642, 0.915), (0.558, 0.952), (0.475, 0.967), (0.392, 0.946), (0.308, 0.894),
        (0.239, 0.821), (0.183, 0.717), (0.149, 0.623),
    )),
    "cameraman": ("camera", (
        (0, 0.507), (0.057, 0.423), (0.107, 0.332), (0.157, 0.273), (0.257, 0.24), (0.265, 0.215), (0.315, 0.202), (0.332,
        0.157), (0.382, 0.127), (0.44, 0.127), (0.498, 0.153), (0.527, 0.203), (0.527, 0.248), (0.498, 0.265), (0.482, 0.323),
        (0.465, 0.365), (0.448, 0.387), (0.482, 0.39), (0.537, 0.432), (0.565, 0.407), (0.537, 0.448), (0.54, 0.473), (0.582,
        0.482), (0.593, 0.532), (0.557, 0.557), (0.49, 0.607), (0.448, 0.598), (0.407, 0.573), (0.357, 0.632), (0.323, 0.69),
        (0.277, 0.74), (0.293, 0.907), (0.297, 1), (0.27, 1), (0.24, 0.923), (0.198, 0.865), (0.182, 0.94), (0.173, 1),
        (0.037, 1), (0.057, 0.757), (0.057, 0.698), (0, 0.607),
    )),
    "astronaut": ("astronaut", (
        (0.302, 0.157), (0.315, 0.102), (0.361, 0.056), (0.435, 0.032), (0.518, 0.041), (0.574, 0.093), (0.589, 0.167),
        (0.578, 0.232), (0.546, 0.263), (0.524, 0.259), (0.509, 0.315), (0.504, 0.361), (0.556, 0.398), (0.593, 0.454),
        (0.589, 0.485), (0.639, 0.509), (0.685, 0.574), (0.704, 0.648), (0.709, 0.689), (0.778, 0.67), (0.87, 0.689), (0.935,
        0.75), (0.967, 0.833), (0.976, 0.889), (1, 0.926), (1, 1), (0.046, 1), (0.041, 0.907), (0.052, 0.778), (0.059, 0.667),
        (0.093, 0.556), (0.167, 0.463), (0.226, 0.407), (0.222, 0.361), (0.25, 0.315), (0.306, 0.291), (0.361, 0.293), (0.357,
        0.25), (0.324, 0.232),
    )),
    "boat": ("lighthouse", (
        (0.344, 0.561), (0.346, 0.561), (0.347, 0.568), (0.35, 0.586), (0.362, 0.645), (0.361, 0.648), (0.367, 0.649), (0.362,
        0.66), (0.327, 0.661), (0.321, 0.649), (0.325, 0.648), (0.325, 0.643), (0.337, 0.591), (0.344, 0.568),
    )),
    "planet": ("desert", (
        (0.775, 0.185), (0.773, 0.217), (0.765, 0.247), (0.753, 0.273), (0.738, 0.293), (0.72, 0.306), (0.7, 0.31), (0.681,
        0.306), (0.663, 0.293), (0.647, 0.273), (0.635, 0.247), (0.628, 0.217), (0.625, 0.185), (0.628, 0.153), (0.635,
        0.122), (0.647, 0.0965), (0.663, 0.0766), (0.681, 0.0642), (0.7, 0.0599), (0.72, 0.0642), (0.738, 0.0766), (0.753,
        0.0965), (0.765, 0.122), (0.773, 0.153),
    )),
}
"""The picture, and the outline of its subject as shares of width and height."""
STROKES: dict[str, Stroke] = {
    "lighthouse with its rock": [(0.58, 0.65), (0.7, 0.55), (0.748, 0.2), (0.748, 0.5), (0.83, 0.47), (0.95, 0.62)],
    "tree": [(0.86, 0.88), (0.86, 0.45), (0.78, 0.6), (0.93, 0.6)],
    "cup and saucer": [(0.2, 0.55), (0.35, 0.2), (0.5, 0.25), (0.48, 0.6), (0.6, 0.8), (0.75, 0.5)],
    "cameraman": [(0.4, 0.2), (0.4, 0.32), (0.25, 0.45), (0.2, 0.7), (0.12, 0.95)],
    "astronaut": [(0.44, 0.1), (0.43, 0.25), (0.43, 0.45), (0.25, 0.7), (0.5, 0.65), (0.75, 0.8)],
    "boat": [(0.345, 0.58), (0.3445, 0.655)],
    "planet": [(0.64, 0.2), (0.76, 0.15)],
}
"""Strokes as an artist would draw them, over the parts of these subjects."""
