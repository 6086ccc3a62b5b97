"""How a figure moves through a script: where it stands in each frame, which way it faces, which picture shows it.

Lengths are pixels of the reference plane, from the middle of the film's first view. The figure stands on that plane.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from studio.lab.world.camera import CameraPath, ease
from studio.lab.world.figures import BOTTOM, LEFT, PHASES, RIGHT, TOP
from studio.lab.world.section import FRAMES, Section

STRIDE = 1.5
"""Speed of a walk, in pixels per frame."""
HASTE = 30
"""Frames within which a figure that hides or returns arrives, at a walk or faster."""
HOP = 12
"""Duration of a hop, in frames."""
LEAP = 0.2
"""Height of a hop, as a share of the figure's height."""


@dataclass(frozen=True)
class Stage:
    """Where a figure stands at the beginning, and what it can hide behind."""

    x: float
    y: float
    facing: int            # 1: right, -1: left
    height: float
    cover: float | None    # x of the object it can hide behind; None: it leaves the frame instead


@dataclass(frozen=True)
class FigureMotion:
    """Where the figure stands and how it faces in each frame."""

    feet: Tensor           # [T, 2] float64
    facing: Tensor         # [T] float64: 1 right, -1 left, between them while it turns
    phase: Tensor          # [T] long: number of its picture


class _Figure:
    """Follows a figure through a script, section by section."""

    def __init__(self, stage: Stage, path: CameraPath, width: int) -> None:
        self.stage, self.path, self.width = stage, path, width
        self.x, self.side = stage.x, stage.facing
        self.home: float | None = None     # x where it stood before it hid
        self.feet, self.facing, self.phase = [[stage.x, stage.y]], [float(stage.facing)], [PHASES]

    def play(self, number: int, action: str) -> None:
        """Adds one section's frames."""
        if action in ("walk left", "walk right"):
            self.home = None
            self._go(self.x + (1 if action == "walk right" else -1) * STRIDE * FRAMES, STRIDE)
        elif action == "hide" and self.home is None:
            home, self.home = self.x, self.x
            goal = self._refuge(number, home)
            self._go(goal, max(STRIDE, abs(goal - home) / HASTE))
        elif action == "return" and self.home is not None:
            goal, self.home = self.home, None
            self._go(goal, max(STRIDE, abs(goal - self.x) / HASTE))
        else:
            self._stay(action)

    def _refuge(self, number: int, x: float) -> float:
        """x behind the object that it can hide behind, or just beyond the nearer edge of the section's last view."""
        cover = self.stage.cover
        if cover is not None:
            return cover
        last = FRAMES * (number + 1)
        middle, scale = self.path.view(1.0)
        reach = self.width / 2 / float(scale[last]) + RIGHT * self.stage.height + 2
        edges = (float(middle[last, 0]) - reach, float(middle[last, 0]) + reach)
        return min(edges, key=lambda edge: abs(edge - x))

    def _go(self, goal: float, pace: float) -> None:
        way = goal - self.x
        self.side = int(np.sign(way)) or self.side
        cycles = max(1, round(abs(way) / (0.84 * self.stage.height)))
        for t in range(1, FRAMES + 1):
            gone = min(t * pace, abs(way))
            arrived = gone >= abs(way)
            phase = PHASES if arrived else round(PHASES * cycles * gone / abs(way)) % PHASES
            self._add(self.x + self.side * gone, self.stage.y, float(self.side), phase)
        self.x = goal

    def _stay(self, action: str) -> None:
        for t in range(1, FRAMES + 1):
            y, facing = self.stage.y, float(self.side)
            if action == "hop":
                y -= LEAP * self.stage.height * 4 * (t % HOP / HOP) * (1 - t % HOP / HOP)
            if action == "turn":
                turned = float(np.cos(np.pi * float(ease(torch.tensor(min(max((t - 6) / 18, 0.0), 1.0))))))
                facing *= np.sign(turned) * max(abs(turned), 0.12)
            self._add(self.x, y, facing, PHASES)
        if action == "turn":
            self.side = -self.side

    def _add(self, x: float, y: float, facing: float, phase: int) -> None:
        self.feet.append([x, y])
        self.facing.append(facing)
        self.phase.append(phase)


def figure_motion(stage: Stage, sections: Sequence[Section], path: CameraPath, width: int) -> FigureMotion:
    """Returns a figure's motion through the sections.

    Args:
        stage: where it stands at the beginning.
        sections: their actions are carried out.
        path: of the camera: a figure without an object to hide behind leaves the camera's view.
        width: of a frame in pixels.
    """
    figure = _Figure(stage, path, width)
    for number, section in enumerate(sections):
        figure.play(number, section.action)
    return FigureMotion(torch.tensor(figure.feet).double(), torch.tensor(figure.facing).double(), torch.tensor(figure.phase))


@dataclass(frozen=True)
class VisibleFigure:
    """A figure as the camera sees it: a `truth.ScenePart`. The wind does not sway it."""

    pictures: Tensor       # [13, 4, h, w]
    feet: Tensor           # [T, 2] float64: pixels of the frame
    tall: Tensor           # [T] float64: height in pixels of the frame
    facing: Tensor         # [T] float64
    phase: Tensor          # [T] long

    def to_part(self, points: Tensor, frames: Tensor) -> Tensor:
        """See `truth.ScenePart.to_part`. The figure's own units are its height, from its feet; it faces right."""
        moved = (points - self.feet[frames].to(points)[:, None]) / self.tall[frames].to(points)[:, None, None]
        moved[..., 0] /= self.facing[frames].to(points)[:, None]
        return moved

    def to_frame(self, points: Tensor, frames: Tensor, like: Tensor) -> Tensor:
        """See `truth.ScenePart.to_frame`."""
        moved = points * self.tall[frames].to(points)[:, None, None]
        moved[..., 0] *= self.facing[like].to(points)[:, None]
        return moved + self.feet[frames].to(points)[:, None]

    def coverage(self, points: Tensor, frames: Tensor) -> Tensor:
        """See `truth.ScenePart.coverage`: the alpha of its pictures."""
        return self._sample(points[:, None], frames, self.pictures[:, 3:])[:, 0, 0]

    def same_side(self, frames: Tensor, base: Tensor) -> Tensor:
        """See `truth.ScenePart.same_side`: whether it faces the same way in both frames: its mirror image has other points."""
        return (self.facing[frames] * self.facing[base] > 0) & ((self.facing[frames] / self.facing[base]).abs() > 0.8)

    def patches(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the figure's pictures in frames [T], [T, 4, h, w], and where their top left pixels lie in the frame, [T, 2]."""
        tall = self.tall[frames]
        half, up = RIGHT * tall, -TOP * tall
        corner = torch.stack([self.feet[frames, 0] - half, self.feet[frames, 1] - up], dim=1).floor()
        width, height = int((2 * half).amax().ceil()) + 1, int(((BOTTOM - TOP) * tall).amax().ceil()) + 1
        y, x = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
        points = torch.stack([x, y], dim=-1).view(1, -1, 2) + corner[:, None]
        pictures = self._sample(self.to_part(points, frames).unflatten(1, (height, width)), frames, self.pictures)
        return pictures, corner.long()

    def _sample(self, points: Tensor, frames: Tensor, pictures: Tensor) -> Tensor:
        """Samples pictures [13, C, h, w] at points [T, a, b, 2] of frames [T]; returns [T, C, a, b]."""
        low, high = torch.tensor([LEFT, TOP]).to(points), torch.tensor([RIGHT, BOTTOM]).to(points)
        grid = ((points - low) / (high - low) * 2 - 1).to(pictures)
        return F.grid_sample(pictures[self.phase[frames].to(pictures.device)], grid, align_corners=False)


def visible_figure(pictures: Tensor, motion: FigureMotion, height: float, path: CameraPath, width: int, tall: int) -> VisibleFigure:
    """Returns the figure as the camera sees it.

    Args:
        pictures: of `figures.figure_pictures`, [13, 4, h, w].
        motion: of the figure.
        height: of the figure in pixels of the reference plane.
        path: of the camera.
        width, tall: of a frame in pixels.
    """
    middle, scale = path.view(1.0)
    feet = (motion.feet - middle) * scale[:, None] + torch.tensor([width / 2, tall / 2]).double()
    return VisibleFigure(pictures, feet, height * scale, motion.facing, motion.phase)
