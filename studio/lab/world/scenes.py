"""Scenes by number: of what kind scene number `seed` is, and its layers, painted as far as the camera will see them.

A scene has no edges: `areas(near)` gives the visible part of a layer's plane, and every point looks the same in every part.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from studio.lab.world.acting import Stage
from studio.lab.world.canvas import Layer
from studio.lab.world.figures import figure_pictures, random_appearance
from studio.lab.world.indoors import room
from studio.lab.world.noise import Area, Areas
from studio.lab.world.outdoors import forest, hills, sea
from studio.lab.world.props import COVERS, Backdrop, draw_cover
from studio.lab.world.random_script import FIGURE_SHARE
from studio.lab.world.streets import street
from studio.lab.world.textures import clouds, drawing, gradient, leaves

Painter = Callable[[np.random.Generator, int, Areas], Backdrop]


@dataclass(frozen=True)
class Scene:
    """The layers of a scene, farthest first, and its figure, which stands behind the last `front` layers."""

    layers: list[Layer]
    front: int = 0
    stage: Stage | None = None            # None: the scene has no figure
    pictures: Tensor | None = None        # of the figure, see `figures.figure_pictures`


def _plain(paint: Callable[[np.random.Generator, int, Area], Tensor]) -> Painter:
    def painter(rng: np.random.Generator, key: int, areas: Areas) -> Backdrop:
        area = areas(1.0)
        return Backdrop([Layer(paint(rng, key, area), (area.left, area.top), 1.0)])

    return painter


def _layered(paint: Callable[[np.random.Generator, int, Areas], list[Layer]]) -> Painter:
    return lambda rng, key, areas: Backdrop(paint(rng, key, areas))


KINDS: dict[str, tuple[float, Painter]] = {
    "leaves": (0.40, _layered(leaves)), "clouds": (0.04, _plain(clouds)), "gradient": (0.04, _plain(gradient)),
    "drawing": (0.06, _layered(drawing)), "hills": (0.12, hills), "sea": (0.09, sea), "street": (0.09, street),
    "room": (0.11, room), "forest": (0.05, forest),
}
"""Kinds of scenes, their shares, and the functions that paint them."""


def kind_of(seed: int) -> str:
    """Returns the kind of scene number `seed`, a key of KINDS."""
    draw = float(np.random.default_rng([seed, 1]).random())
    for kind, (share, _) in KINDS.items():
        draw -= share
        if draw < 0:
            return kind
    return next(iter(KINDS))


def has_figure(seed: int) -> bool:
    """Returns whether scene number `seed` has a figure in random films."""
    return bool(np.random.default_rng([seed, 3]).random() < FIGURE_SHARE)


def scene(seed: int, areas: Areas, figure: bool, nearest: float = 1.0) -> Scene:
    """Paints scene number `seed`.

    Args:
        seed: its number.
        areas: gives the visible area of a layer by its inverse depth.
        figure: with its figure, or without.
        nearest: the camera's largest magnification; the figure's pictures are painted for it.
    """
    rng = np.random.default_rng([seed, 4])
    backdrop = KINDS[kind_of(seed)][1](rng, int(rng.integers(2**31)), areas)
    if not figure:
        return Scene([*backdrop.layers, *backdrop.front])
    rng = np.random.default_rng([seed, 5])
    appearance, unit = random_appearance(rng), areas(1.0).unit
    ground = backdrop.ground if backdrop.ground is not None else float(rng.uniform(36, 56))
    side = 1 if rng.random() < 0.5 else -1
    x, aside = float(rng.uniform(0, 44)) * side, float(rng.uniform(58, 78)) * -side   # it may have to cross the frame to hide
    front = list(backdrop.front)
    hides = rng.random() < 0.7
    if hides:
        kind = backdrop.cover or COVERS[int(rng.integers(len(COVERS)))]
        front.insert(0, draw_cover(rng, kind, areas(1.0), x + aside, ground, appearance.height))
    facing = 1 if rng.random() < 0.5 else -1
    stage = Stage(x * unit, ground * unit, facing, appearance.height * unit, (x + aside) * unit if hides else None)
    pictures = figure_pictures(appearance, appearance.height * unit * min(nearest, 1.5))
    return Scene([*backdrop.layers, *front], len(front), stage, pictures)
