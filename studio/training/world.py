"""The procedural world: seeded films of layered scenes with a moving camera, light and weather, and captions that say so.

Letters: T frames, H and W height and width of a frame. It knows nothing of latents or models.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from studio.training.captions import DIRECTIONS, SPEEDS, ZOOMS, Section, plan
from studio.training.textures import Layer, noise, scene

FRAMES = 36
"""Frames of a section."""
FPS = 12
GAINS = {"dark": (0.40, 0.42, 0.52), "bright": (1.75, 1.7, 1.6), "warm": (1.2, 0.98, 0.66), "cold": (0.76, 0.96, 1.22)}
"""What a section of each light multiplies the picture's colours with, by its end."""


@dataclass(frozen=True)
class Film:
    """A film of 1 + 36 n frames and what each of its n sections does."""

    frames: Tensor                    # [T, 3, H, W] uint8
    sections: tuple[Section, ...]


def film(seed: int, width: int, height: int, sections: int = 3, calm: bool = False) -> Film:
    """Film number `seed`: the same for the same arguments, on any machine. In a `calm` one only the camera moves."""
    rng = np.random.default_rng([seed, width, height])
    return shoot(rng, plan(rng, sections, calm), width, height)


def shoot(rng: np.random.Generator, sections: list[Section], width: int, height: int, layers: list[Layer] | None = None) -> Film:
    """Film `sections` in a random scene, or in given layers larger than the frame (the way starts in their middle)."""
    way = camera_way(sections)
    if layers is None:
        if all(s.camera not in ("in", "out") for s in sections):
            way = way - way.amin(0)            # the canvas is then just what the camera sees
            way[:, 2] = 0
            span = (way.amax(0)[:2]).ceil().int() + torch.tensor([width, height])
            layers = scene(rng, max(int(span[0]), width + 1), max(int(span[1]), height + 1))
            way = way[:, :2] + torch.tensor([width / 2, height / 2])
            frames = _expose(layers, way, torch.ones(len(way)), width, height)
        else:
            low, high, widest = way[:, :2].amin(0), way[:, :2].amax(0), float((-way[:, 2]).exp().amax())
            margin = torch.tensor([width, height]) * widest / 2
            size = (high - low + 2 * margin).ceil().int() + 2
            layers = scene(rng, int(size[0]), int(size[1]))
            frames = _expose(layers, way[:, :2] - low + margin + 1, way[:, 2].exp(), width, height)
    else:
        middle = torch.tensor([layers[0].colour.shape[2] / 2, layers[0].colour.shape[1] / 2])
        frames = _expose(layers, way[:, :2] + middle, way[:, 2].exp(), width, height)
    frames = _weather(rng, _light(rng, frames, sections), sections)
    return Film((frames.clamp(0, 1) * 255 + 0.5).to(torch.uint8), tuple(sections))


def camera_way(sections: list[Section]) -> Tensor:
    """Camera position in pixels of the canvas and logarithm of the magnification, per frame, [T, 3]."""
    steps = [torch.zeros(1, 3)]
    for section in sections:
        x, y = DIRECTIONS.get(section.camera, (0, 0))
        pace = SPEEDS[section.speed]
        swell = {"in": 1.0, "out": -1.0}.get(section.camera, 0.0) * float(np.log(ZOOMS[section.speed])) / FRAMES
        steps.append(torch.tensor([[x * pace, y * pace, swell]]).expand(FRAMES, 3))
    way = torch.cat(steps)
    zoom = way[:, 2].cumsum(0)
    way = torch.cat([way[:, :2] / zoom.exp()[:, None], way[:, 2:]], dim=1)  # a pan keeps its speed on screen, however near
    return way.cumsum(0)


def _expose(layers: list[Layer], centre: Tensor, zoom: Tensor, width: int, height: int) -> Tensor:
    """Frames seen from `centre` [T, 2] at magnification `zoom` [T], as floats [T, 3, H, W]."""
    frames = torch.zeros(len(zoom), 3, height, width)
    for layer in layers:
        seen = _sample(layer, centre, zoom, width, height)
        frames = seen if layer.alpha is None else frames + seen[:, 3:] * (seen[:, :3] - frames)
    return frames


def _sample(layer: Layer, centre: Tensor, zoom: Tensor, width: int, height: int) -> Tensor:
    sheet = layer.colour if layer.alpha is None else torch.cat([layer.colour, layer.alpha])
    _, tall, wide = sheet.shape
    middle = (centre.amin(0) + centre.amax(0)) / 2
    at = middle + (centre - middle) * layer.near
    corner = at - torch.tensor([width / 2, height / 2])
    if bool((zoom == 1).all()) and bool((corner == corner.round()).all()):
        spots = [(min(max(int(x), 0), wide - width), min(max(int(y), 0), tall - height)) for x, y in corner.tolist()]
        return torch.stack([sheet[:, y : y + height, x : x + width] for x, y in spots])
    theta = torch.zeros(len(zoom), 2, 3)
    theta[:, 0, 0], theta[:, 1, 1] = width / (wide * zoom), height / (tall * zoom)
    theta[:, 0, 2], theta[:, 1, 2] = at[:, 0] / wide * 2 - 1, at[:, 1] / tall * 2 - 1
    grid = F.affine_grid(theta, [len(zoom), 1, height, width], align_corners=False)
    return F.grid_sample(sheet.expand(len(zoom), -1, -1, -1), grid, padding_mode="reflection", align_corners=False)


def _light(rng: np.random.Generator, frames: Tensor, sections: list[Section]) -> Tensor:
    gain = torch.zeros(3)
    if any(s.light == "bright" for s in sections) and rng.random() < 0.7:
        gain = torch.tensor(GAINS["dark"]).log()
    curve = [gain[None]]
    for section in sections:
        goal = gain + (torch.tensor(GAINS[section.light]).log() if section.light else 0.0)
        curve.append(torch.lerp(gain, goal, torch.linspace(0, 1, FRAMES + 1)[1:, None]))
        gain = goal
    return (frames * torch.cat(curve).exp()[:, :, None, None]).clamp(0, 1)


def _weather(rng: np.random.Generator, frames: Tensor, sections: list[Section]) -> Tensor:
    present = str(rng.choice(["snow", "rain", "fog"])) if any(s.weather == "clear" for s in sections[:1]) else ""
    amounts = {kind: [torch.full((1,), float(kind == present))] for kind in ("snow", "rain", "fog")}
    for section in sections:
        present = section.weather or present
        for kind, curve in amounts.items():
            goal = float(kind == present)
            ramp = torch.linspace(0, 1, (FRAMES if kind == "fog" else FRAMES // 2) + 1)[1:]
            ramp = torch.cat([ramp, torch.ones(FRAMES - len(ramp))])
            curve.append(torch.lerp(curve[-1][-1:], torch.tensor([goal]), ramp))
    for kind, draw in (("fog", _fog), ("snow", _snow), ("rain", _rain)):
        amount = torch.cat(amounts[kind])
        if bool((amount > 0).any()):
            frames = draw(rng, frames, amount)
    return frames


def _fog(rng: np.random.Generator, frames: Tensor, amount: Tensor) -> Tensor:
    t, _, h, w = frames.shape
    veil = (0.8 + 0.15 * noise(rng, 1, h, w + 2 * t, 2.2)).clamp(0.4, 1)
    drift = torch.stack([veil[:, :, 2 * i : 2 * i + w] for i in range(t)])
    bright = frames.mean(dim=(1, 2, 3), keepdim=True) * 0.6 + 0.3
    thick = 0.72 * amount.view(-1, 1, 1, 1) * drift
    return frames + thick * (bright - frames)


def _snow(rng: np.random.Generator, frames: Tensor, amount: Tensor) -> Tensor:
    for radius, fall, count in ((1.1, 3, 900), (1.7, 4, 1800), (2.6, 6, 4000)):
        frames = _falling(rng, frames, amount * 0.9, _flakes(rng, frames, radius, count), fall, int(rng.integers(-1, 2)))
    return frames


def _flakes(rng: np.random.Generator, frames: Tensor, radius: float, area_each: int) -> Tensor:
    _, _, h, w = frames.shape
    points = torch.zeros(1, 1, h, w)
    count = max(3, h * w // area_each)
    points.view(-1)[torch.from_numpy(rng.integers(0, h * w, count))] = 1.0
    reach = torch.arange(-5, 6).float()
    spot = (1.2 - ((reach[:, None] ** 2 + reach[None] ** 2).sqrt() - radius).clamp(min=0)).clamp(0, 1)
    return F.conv2d(F.pad(points, (5, 5, 5, 5), mode="circular"), spot[None, None])[0].clamp(0, 1)


def _rain(rng: np.random.Generator, frames: Tensor, amount: Tensor) -> Tensor:
    _, _, h, w = frames.shape
    points = torch.zeros(1, 1, h, w)
    points.view(-1)[torch.from_numpy(rng.integers(0, h * w, max(3, h * w // 500)))] = 1.0
    streak = torch.zeros(1, 1, 21, 7)
    for row in range(21):
        streak[0, 0, row, 3 - (row - 10) // 7] = 0.55
    drops = F.conv2d(F.pad(points, (3, 3, 10, 10), mode="circular"), streak)[0].clamp(0, 0.6)
    dimmed = frames * (1 - 0.15 * amount.view(-1, 1, 1, 1))
    return _falling(rng, dimmed, amount, drops, 12, 2)


def _falling(rng: np.random.Generator, frames: Tensor, amount: Tensor, sheet: Tensor, fall: int, sway: int) -> Tensor:
    """Whiten frames where `sheet` [1, H, W] is, moved down by `fall` and aside by `sway` each frame, round and round."""
    moved = torch.stack([sheet.roll((fall * i, -sway * i), (1, 2)) for i in range(len(frames))])
    return frames + amount.view(-1, 1, 1, 1) * moved * (0.95 - frames)
