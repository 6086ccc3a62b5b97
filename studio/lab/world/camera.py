"""The camera's way through a script, how a layer looks from there, and the wind's sway; it knows nothing of pictures.

Letters: T frames. A layer's `near` is one over its depth: 1 is the reference plane, 0 is infinitely far.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from studio.lab.world.section import FRAMES, PANS, Section

PACES = {"slow": 2.0, "normal": 4.0, "fast": 8.0}
"""Pixels per frame of a pan, on screen, of the reference plane. Normal is one cell of 16 pixels in four frames."""
ZOOMS = {"slow": 1.12, "normal": 1.25, "fast": 1.5}
"""Magnification of the reference plane over one section, of zooms and of dollies."""
SWAY = 5.0
"""Pixels that the wind moves the top of the picture aside, each way."""
GUST = 18
"""Frames of the wind's period."""


@dataclass(frozen=True)
class Way:
    """Where the camera is in each frame. The first frame's view has its middle at 0, 0."""

    place: Tensor      # [T, 2] float64: x, y in pixels of the reference plane
    zoom: Tensor       # [T] float64: log of the lens's magnification
    dolly: Tensor      # [T] float64: log of the reference plane's magnification by going nearer
    gust: Tensor       # [T] long: frames since a windy section began, 0 where no wind blows

    def pose(self) -> Tensor:
        """x, y and log magnification of the reference plane, [T, 3] float32."""
        return torch.cat([self.place, (self.zoom + self.dolly)[:, None]], dim=1).float()

    def states(self) -> Tensor:
        """All that a picture of the scene depends on, a row per frame, [T, 5] float64."""
        return torch.cat([self.place, torch.stack([self.zoom, self.dolly, self.gust.double()], dim=1)], dim=1)

    def view(self, near: float) -> tuple[Tensor, Tensor]:
        """Middle of the view in pixels of a layer, [T, 2], and the layer's magnification, [T]; float64.

        A pan turns the camera, so near and far pass by alike; only a dolly tells them apart. With the reference plane at
        depth 1, a camera gone forward by d sees a layer at depth 1 / near larger by 1 / (1 - near d).
        """
        gone = 1 - (-self.dolly).exp()
        return self.place, self.zoom.exp() / (1 - near * gone)


def ease(s: Tensor) -> Tensor:
    """Smooth step from 0 to 1."""
    return s * s * (3 - 2 * s)


def way(sections: Sequence[Section]) -> Way:
    """The camera's way through the sections, 1 + 36 n frames."""
    s = torch.arange(1, FRAMES + 1, dtype=torch.float64) / FRAMES
    place, gust = [torch.zeros(1, 2).double()], [torch.zeros(1).long()]
    zoom, dolly = [torch.zeros(1).double()], [torch.zeros(1).double()]
    for section in sections:
        gone = ease(s) if section.eased else s
        swell = float(np.log(ZOOMS[section.speed]))
        zoom.append(zoom[-1][-1] + gone * {"in": swell, "out": -swell}.get(section.camera, 0.0))
        dolly.append(dolly[-1][-1] + gone * {"dolly in": swell, "dolly out": -swell}.get(section.camera, 0.0))
        # a pan keeps its speed on screen, however near
        reach = FRAMES * PACES[section.speed] / (zoom[-1][-1] + dolly[-1][-1]).round(decimals=9).exp()
        step = gone[:, None] * torch.tensor(PANS.get(section.camera, (0, 0)), dtype=torch.float64) * reach
        place.append(place[-1][-1] + (shake() if section.camera == "shake" else step))
        windy = section.weather == "wind"
        gust.append(torch.arange(1, FRAMES + 1) % FRAMES if windy else torch.zeros(FRAMES).long())
    exact = [torch.cat(course).round(decimals=9) for course in (place, zoom, dolly)]  # there and back is the same again
    return Way(exact[0], exact[1], exact[2], torch.cat(gust))


def shake() -> Tensor:
    """A hand's unrest, [36, 2] pixels: the same in every section, and back at nothing at its end."""
    turn = torch.arange(1, FRAMES + 1, dtype=torch.float64) * (2 * torch.pi / FRAMES)
    x = 3.5 * (2 * turn).sin() + 2.0 * (5 * turn).sin()
    y = 2.5 * (3 * turn).sin() + 1.5 * (4 * turn).sin()
    return torch.stack([x, y], dim=1)


def sway(gust: Tensor, points: Tensor, height: int) -> Tensor:
    """How far beside a point of the frame its picture is taken from when the wind blows, in pixels.

    `points` [..., 2] in pixels, `gust` broadcasts against [...]. No sway at the bottom, where things are rooted.
    """
    t = gust.to(points.dtype)
    fade = ease((torch.minimum(t, FRAMES - t) / (GUST / 2)).clamp(0, 1))
    upward = (1 - points[..., 1] / height).clamp(0, 1)
    return SWAY * fade * upward * (2 * torch.pi * t / GUST + points[..., 0] / 40).sin()
