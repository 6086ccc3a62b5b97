"""The camera's path through a script, where a layer appears from there, and how far the wind sways it.

Letters: T frames. A layer's `near` is its inverse depth: 1 is the reference plane, 0 is infinitely far.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from studio.lab.world.section import FRAMES, PANS, Section

PACES = {"slow": 2.0, "normal": 4.0, "fast": 8.0}
"""Speed of a pan on the screen, in pixels per frame. A normal pan moves one cell of 16 pixels in four frames."""
ZOOMS = {"slow": 1.12, "normal": 1.25, "fast": 1.5}
"""Magnification of the reference plane over one section, of zooms and of dollies."""
SWAY = 5.0
"""Pixels by which the wind moves the top of the picture to each side."""
GUST = 18
"""Frames of the wind's period."""


@dataclass(frozen=True)
class CameraPath:
    """Where the camera is in each frame. The middle of the first frame's view is at 0, 0."""

    position: Tensor   # [T, 2] float64: x, y in pixels of the reference plane
    zoom: Tensor       # [T] float64: log of the lens's magnification
    dolly: Tensor      # [T] float64: log of the reference plane's magnification because the camera moved nearer
    gust: Tensor       # [T] long: frames since a windy section began, 0 where no wind blows

    def pose(self) -> Tensor:
        """Returns x, y and log magnification of the reference plane, [T, 3] float32."""
        return torch.cat([self.position, (self.zoom + self.dolly)[:, None]], dim=1).float()

    def states(self) -> Tensor:
        """Returns all that the scene's picture depends on, one row for each frame, [T, 5] float64."""
        return torch.cat([self.position, torch.stack([self.zoom, self.dolly, self.gust.double()], dim=1)], dim=1)

    def view(self, near: float) -> tuple[Tensor, Tensor]:
        """Returns the middle of the view in a layer's pixels, [T, 2], and the layer's magnification, [T]; both float64.

        A pan turns the camera, so layers at all depths move alike; only a dolly moves them differently. With the reference plane
        at depth 1, a camera that has moved forward by d sees a layer at depth 1 / near larger by the factor 1 / (1 - near d).
        """
        forward = 1 - (-self.dolly).exp()
        return self.position, self.zoom.exp() / (1 - near * forward)


def ease(s: Tensor) -> Tensor:
    """Smooth step: maps 0..1 to 0..1 with a slow start and end."""
    return s * s * (3 - 2 * s)


def camera_path(sections: Sequence[Section]) -> CameraPath:
    """Returns the camera's path through n sections, 1 + 36 n frames."""
    s = torch.arange(1, FRAMES + 1, dtype=torch.float64) / FRAMES
    position, gust = [torch.zeros(1, 2).double()], [torch.zeros(1).long()]
    zoom, dolly = [torch.zeros(1).double()], [torch.zeros(1).double()]
    for section in sections:
        progress = ease(s) if section.eased else s
        growth = float(np.log(ZOOMS[section.speed]))
        zoom.append(zoom[-1][-1] + progress * {"in": growth, "out": -growth}.get(section.camera, 0.0))
        dolly.append(dolly[-1][-1] + progress * {"dolly in": growth, "dolly out": -growth}.get(section.camera, 0.0))
        # A pan has the same speed on the screen at every magnification.
        reach = FRAMES * PACES[section.speed] / (zoom[-1][-1] + dolly[-1][-1]).round(decimals=9).exp()
        step = progress[:, None] * torch.tensor(PANS.get(section.camera, (0, 0)), dtype=torch.float64) * reach
        position.append(position[-1][-1] + (shake() if section.camera == "shake" else step))
        windy = section.weather == "wind"
        gust.append(torch.arange(1, FRAMES + 1) % FRAMES if windy else torch.zeros(FRAMES).long())
    exact = [torch.cat(course).round(decimals=9) for course in (position, zoom, dolly)]  # a return ends exactly at its start
    return CameraPath(exact[0], exact[1], exact[2], torch.cat(gust))


def shake() -> Tensor:
    """Returns the movement of a hand-held camera in a section, [36, 2] pixels: always the same, and 0 at the end."""
    turn = torch.arange(1, FRAMES + 1, dtype=torch.float64) * (2 * torch.pi / FRAMES)
    x = 3.5 * (2 * turn).sin() + 2.0 * (5 * turn).sin()
    y = 2.5 * (3 * turn).sin() + 1.5 * (4 * turn).sin()
    return torch.stack([x, y], dim=1)


def sway(gust: Tensor, points: Tensor, height: int) -> Tensor:
    """Returns by how many pixels to the right of each point the wind makes it show the scene.

    The sway is 0 at the bottom of the frame, where things are rooted.

    Args:
        gust: frames since the wind began to blow, broadcast against the points.
        points: [..., 2] in pixels of the frame.
        height: of the frame.
    """
    t = gust.to(points.dtype)
    fade = ease((torch.minimum(t, FRAMES - t) / (GUST / 2)).clamp(0, 1))
    upward = (1 - points[..., 1] / height).clamp(0, 1)
    return SWAY * fade * upward * (2 * torch.pi * t / GUST + points[..., 0] / 40).sin()
