"""Scenes to film: of what kind number `seed` is, painted over as much of its plane as a camera will see. They know nothing of time.

A scene has no edges: `areas(near)` says which part of a layer's plane is seen, and a place looks the same in every part.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from studio.lab.world.acting import Stage
from studio.lab.world.figures import look, pictures
from studio.lab.world.indoors import room
from studio.lab.world.noise import Area
from studio.lab.world.outdoors import forest, hills, sea
from studio.lab.world.plan import FIGURES
from studio.lab.world.props import COVERS, Backdrop, cover
from studio.lab.world.sheet import Layer
from studio.lab.world.streets import street
from studio.lab.world.textures import clouds, drawing, gradient, leaves

Areas = Callable[[float], Area]
Painter = Callable[[np.random.Generator, int, Areas], Backdrop]


@dataclass(frozen=True)
class Scene:
    """Layers, farthest first, and a figure before the first of them but behind the last `front` ones."""

    layers: list[Layer]
    front: int = 0
    stage: Stage | None = None
    pictures: Tensor | None = None


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
"""Kinds of scenes, their shares, and who paints them."""


def kind_of(seed: int) -> str:
    """What kind of scene number `seed` is."""
    draw = float(np.random.default_rng([seed, 1]).random())
    for kind, (share, _) in KINDS.items():
        draw -= share
        if draw < 0:
            return kind
    return next(iter(KINDS))


def has_figure(seed: int) -> bool:
    """Whether scene number `seed` has a figure."""
    return bool(np.random.default_rng([seed, 3]).random() < FIGURES)


def scene(seed: int, areas: Areas, figure: bool, nearest: float = 1.0) -> Scene:
    """Scene number `seed`, with or without its figure, for a camera that magnifies up to `nearest` times."""
    rng = np.random.default_rng([seed, 4])
    backdrop = KINDS[kind_of(seed)][1](rng, int(rng.integers(2**31)), areas)
    if not figure:
        return Scene([*backdrop.layers, *backdrop.front])
    rng = np.random.default_rng([seed, 5])
    who, unit = look(rng), areas(1.0).unit
    ground = backdrop.ground if backdrop.ground is not None else float(rng.uniform(36, 56))
    side = 1 if rng.random() < 0.5 else -1
    x, aside = float(rng.uniform(0, 44)) * side, float(rng.uniform(58, 78)) * -side   # it may hide across the frame
    front = list(backdrop.front)
    hides = rng.random() < 0.7
    if hides:
        kind = backdrop.cover or COVERS[int(rng.integers(len(COVERS)))]
        front.insert(0, cover(rng, kind, areas(1.0), x + aside, ground, who.height))
    facing = 1 if rng.random() < 0.5 else -1
    stage = Stage(x * unit, ground * unit, facing, who.height * unit, (x + aside) * unit if hides else None)
    return Scene([*backdrop.layers, *front], len(front), stage, pictures(who, who.height * unit * min(nearest, 1.5)))
