"""Marks on the reference image: what stands in front of its ground, what flows, and whether the camera may leave the picture.

Points are shares, from 0 to 1, of the picture's width and height, as in `studio.project.model.Frame`. The document and the engine
share these values, so this module imports nothing of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

Point = tuple[float, float]
Stroke = tuple[Point, ...]
"""The way of a brush over the picture. A click is a stroke of one point."""


NEWEST_GROUND = 8
"""The newest method that makes up the ground beyond the picture's edges, see `studio.media.fill`."""


def _empty() -> Mapping[str, Any]:
    return MappingProxyType({})  # by a factory: Python 3.11 takes no mapping as a plain default


@dataclass(frozen=True)
class Subject:
    """What stands in front of its ground, so that the two move by their distances when the camera moves."""

    strokes: tuple[Stroke, ...]              # over the subject
    ground: tuple[Stroke, ...] = ()          # over what does not belong to it
    depth: float = 2.0                       # the ground lies so many times as far from the camera as the subject
    unknown: Mapping[str, Any] = field(default_factory=_empty, compare=False)  # of a newer format, written back


@dataclass(frozen=True)
class Flow:
    """A part of the picture that moves by itself, along a stroke."""

    name: str                # what prompts call it: "water"
    stroke: Stroke           # the way it flows
    width: float             # of the brush, as a share of the picture's width
    speed: float             # shares of the picture's width in a second
    unknown: Mapping[str, Any] = field(default_factory=_empty, compare=False)


@dataclass(frozen=True)
class Marks:
    """All that the artist marked on the reference image."""

    beyond: bool = False                     # the camera may leave the picture: the ground there is made up
    subject: Subject | None = None
    flows: tuple[Flow, ...] = ()
    unknown: Mapping[str, Any] = field(default_factory=_empty, compare=False)
    ground: int = NEWEST_GROUND              # the method that makes up the ground; a film keeps the one that it began with


NO_MARKS = Marks()
