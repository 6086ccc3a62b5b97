"""Films of a figure that comes, goes and comes back, each with other figures in its place. It films no model.

The film begins while the figure is hidden, so that its first frame does not show it: it comes, hides again, stays away for the gap,
and comes back. It hides behind something that stands in view, or beyond the frame's edge. Other figures of the same size go the
same ways: the paired history has one of them. Letters: K candidates, T frames, H and W height and width.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from studio.lab.measure.filming import HELD_OUT
from studio.lab.measure.journeys import CANDIDATES, Case, Past, pace
from studio.lab.world import FRAMES, Section
from studio.lab.world.acting import Acting, Stage, act, actor
from studio.lab.world.camera import Way, way
from studio.lab.world.exposure import expose, see, seen_area
from studio.lab.world.figures import look, pictures
from studio.lab.world.scenes import Scene, has_figure, scene

KINDS = ("occlusion", "leaving")
WORDS = {"return": "the figure comes back", "hide": "the figure hides", "": "the camera holds still"}
SCENES = 3_000_000
TRIES = 150
"""Scenes looked at for each one that will do."""
VISIBLE = 0.03
"""A pixel that differs by so much shows something else."""
ALIKE = 0.004
"""Frames that differ by no more than rounding are the same."""


@dataclass(frozen=True)
class Troupe:
    """A scene with a camera that stands still, and K looks for its figure."""

    made: Scene
    stage: Stage
    path: Way
    size: tuple[int, int]
    looks: tuple[Tensor, ...]      # K x [13, 4, h, w], see `figures.pictures`

    def shoot(self, script: Sequence[Section], which: int, at: slice) -> tuple[Tensor, Tensor]:
        """Some of the frames [T, 3, H, W] uint8 with figure `which`, and its boxes in them [T, 4], NaN where it is not seen."""
        width, height = self.size
        acting = act(self.stage, script, self.path, width)
        acting = Acting(acting.feet[at], acting.facing[at], acting.phase[at])
        path = Way(self.path.place[at], self.path.zoom[at], self.path.dolly[at], self.path.gust[at])
        seen = see(path, self.made.layers, width, height)
        figure = actor(self.looks[which], acting, self.stage.height, path, width, height)
        return expose(seen, path, figure, self.made.front)


def script(gap: int) -> tuple[Section, ...]:
    """From before the film's beginning, when the figure hides for the first time, to its return.

    Raises:
        ValueError: the gap is shorter than a section.
    """
    if gap < 1:
        raise ValueError(f"A gap has at least one section, not {gap}.")
    return tuple(Section(action=name) for name in ("hide", "return", "hide", *[""] * gap, "return"))


def troupe(seed: int, kind: str, width: int, height: int) -> Troupe | None:
    """Scene number `seed` with K figures; None if it has none, or its figure hides in another way."""
    if not has_figure(seed):
        return None
    path = way(script(1))
    made = scene(seed, lambda near: seen_area(path, near, width, height), figure=True)
    stage = made.stage
    if stage is None or (stage.cover is not None and abs(stage.cover) < width / 2) != (kind == "occlusion"):
        return None
    # `scene` draws the figure's look first of all from this generator: the height must be the one that the stage has
    tall = look(np.random.default_rng([seed, 5])).height
    some = [replace(look(np.random.default_rng([seed, 6, k])), height=tall) for k in range(CANDIDATES)]
    return Troupe(made, stage, path, (width, height), tuple(pictures(who, stage.height) for who in some))


def cast(kind: str, count: int, width: int, height: int) -> list[int]:
    """Numbers of at most `count` held-out scenes whose figures, whoever it is, vanish as the kind says.

    Raises:
        ValueError: the kind is unknown.
    """
    if kind not in KINDS:
        raise ValueError(f"Figures are absent by {' or '.join(KINDS)}, not by '{kind}'.")
    found: list[int] = []
    for number in range(TRIES * count):
        if len(found) == count:
            break
        some = troupe(HELD_OUT + SCENES + number, kind, width, height)
        if some is not None and _suits(some):
            found.append(number)
    return found


def _suits(some: Troupe) -> bool:
    """Whether all figures are seen when they come, and leave no trace when they are hidden."""
    films = [some.shoot(script(1), which, slice(FRAMES, 2 * FRAMES + 1, FRAMES)) for which in range(CANDIDATES)]
    hidden = torch.stack([frames[0] for frames, _ in films]).float() / 255
    there = all(bool(boxes[-1].isfinite().all()) for _, boxes in films)
    return there and float((hidden - hidden[0]).abs().amax()) <= ALIKE


def absence(kind: str, gap: int, scene_number: int, number: int, width: int, height: int, section: int = FRAMES) -> Case:
    """The case of a figure that was away for `gap` sections, in a scene of `cast`.

    Raises:
        ValueError: the scene has no figure, the gap is too short, or a section's length is no divisor of the world's.
    """
    sections, stride = script(gap), pace(section)
    films = _films(kind, scene_number, width, height, stride)
    right, other = number % CANDIDATES, (number + 1) % CANDIDATES
    # While it is hidden nothing moves: a longer gap is the same section again and again.
    hold = slice(1 + 2 * section, 1 + 3 * section)
    pasts, cut = [], 1 + section * (gap + 2)
    for which in (right, other):
        shown = films[which]
        frames = torch.cat([shown[: hold.stop], *[shown[hold]] * (gap - 1)])
        pasts.append(Past(frames, torch.zeros(cut, 3), tuple(WORDS[each.action] for each in sections[1:-1])))
    views = tuple(frames[-1].float() / 255 for frames in films)
    plate = pasts[0].frames[-1].float() / 255
    part = torch.stack([(view - plate).abs().amax(0) > VISIBLE for view in views]).any(0)
    return Case(
        kind, gap, f"scene {scene_number}", number, section, pasts[0], pasts[1], WORDS[sections[-1].action],
        films[right][-section:], torch.zeros(section, 3), views, right, other, part=part, plate=plate,
    )


@lru_cache(maxsize=1)
def _films(kind: str, scene_number: int, width: int, height: int, stride: int) -> tuple[Tensor, ...]:
    """The films with a gap of one section [1 + 4 s, 3, H, W], from the end of the first hiding on, of each figure."""
    some = troupe(HELD_OUT + SCENES + scene_number, kind, width, height)
    if some is None:
        raise ValueError(f"Scene {scene_number} has no figure for '{kind}': take one of the cast.")
    return tuple(some.shoot(script(1), which, slice(FRAMES, None, stride))[0] for which in range(CANDIDATES))


def cases(kind: str, gaps: Sequence[int], count: int, width: int, height: int, section: int) -> Iterator[Case]:
    """Every gap in every scene of the kind's cast."""
    for number, scene_number in enumerate(cast(kind, count, width, height)):
        for gap in gaps:
            yield absence(kind, gap, scene_number, number, width, height, section)
