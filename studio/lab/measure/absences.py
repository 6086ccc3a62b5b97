"""Films of a figure that comes, goes and comes back, and the same films with other figures in its place.

The film begins while the figure is hidden, so that its first frame does not show it. The figure comes, hides again, stays away for
the gap, and comes back. It hides behind an object in view, or beyond the frame's edge. Other figures of the same size walk the same
way; the paired history has one of them. Letters: K candidates, T frames, H and W height and width.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from studio.lab.measure.filming import HELD_OUT
from studio.lab.measure.journeys import CANDIDATES, MemoryCase, Past, world_stride
from studio.lab.world import FRAMES, Section
from studio.lab.world.acting import FigureMotion, Stage, figure_motion, visible_figure
from studio.lab.world.camera import CameraPath, camera_path
from studio.lab.world.figures import figure_pictures, random_appearance
from studio.lab.world.rendering import render, visible_area, visible_layers
from studio.lab.world.scenes import Scene, has_figure, scene

KINDS = ("occlusion", "leaving")
PROMPTS = {"return": "the figure comes back", "hide": "the figure hides", "": "the camera holds still"}
"""The prompt of each action."""
FIRST_SCENE = 3_000_000
"""Number, among the held-out scenes, of the first scene for absences."""
TRIES = 150
"""Scenes tried for each suitable one, at most."""
VISIBLE = 0.03
"""Difference of a pixel, of 1, from which on it shows something else."""
ROUNDING = 0.004
"""Difference of a pixel, of 1, up to which two frames are equal."""


@dataclass(frozen=True)
class FigureScene:
    """A scene with a fixed camera, and K figures that can appear in it."""

    scene: Scene
    stage: Stage
    path: CameraPath
    size: tuple[int, int]            # width and height of a frame
    figures: tuple[Tensor, ...]      # K x [13, 4, h, w], see `figures.figure_pictures`

    def shoot(self, script: Sequence[Section], which: int, at: slice) -> tuple[Tensor, Tensor]:
        """Films some frames of a script with one of the figures.

        Args:
            script: the sections of the film.
            which: index of the figure.
            at: the frames to return.

        Returns:
            frames [T, 3, H, W] uint8, and the figure's boxes in them [T, 4], NaN where it is not visible.
        """
        width, height = self.size
        acting = figure_motion(self.stage, script, self.path, width)
        acting = FigureMotion(acting.feet[at], acting.facing[at], acting.phase[at])
        path = CameraPath(self.path.position[at], self.path.zoom[at], self.path.dolly[at], self.path.gust[at])
        layers = visible_layers(path, self.scene.layers, width, height)
        figure = visible_figure(self.figures[which], acting, self.stage.height, path, width, height)
        return render(layers, path, figure, self.scene.front)


def script(gap: int) -> tuple[Section, ...]:
    """The sections of a film with a gap of so many sections.

    The first one lies before the film's beginning: in it the figure hides for the first time. In the last one it comes back.

    Raises:
        ValueError: the gap is shorter than a section.
    """
    if gap < 1:
        raise ValueError(f"A gap has at least one section, not {gap}.")
    return tuple(Section(action=name) for name in ("hide", "return", "hide", *[""] * gap, "return"))


def figure_scene(seed: int, kind: str, width: int, height: int) -> FigureScene | None:
    """Scene number `seed` with K figures; None if it has no figure, or its figure does not hide in the way of `kind`."""
    if not has_figure(seed):
        return None
    path = camera_path(script(1))
    made = scene(seed, lambda near: visible_area(path, near, width, height), figure=True)
    stage = made.stage
    if stage is None or (stage.cover is not None and abs(stage.cover) < width / 2) != (kind == "occlusion"):
        return None
    # `scene` draws the figure's look first of all from this generator: the height must be the one that the stage has.
    tall = random_appearance(np.random.default_rng([seed, 5])).height
    looks = [replace(random_appearance(np.random.default_rng([seed, 6, k])), height=tall) for k in range(CANDIDATES)]
    return FigureScene(made, stage, path, (width, height), tuple(figure_pictures(each, stage.height) for each in looks))


def suitable_scenes(kind: str, count: int, width: int, height: int) -> list[int]:
    """Numbers of at most `count` held-out scenes in which all K figures hide in the way of `kind` and leave no trace.

    Raises:
        ValueError: the kind is unknown.
    """
    if kind not in KINDS:
        raise ValueError(f"Figures are absent by {' or '.join(KINDS)}, not by '{kind}'.")
    numbers: list[int] = []
    for number in range(TRIES * count):
        if len(numbers) == count:
            break
        some = figure_scene(HELD_OUT + FIRST_SCENE + number, kind, width, height)
        if some is not None and _suits(some):
            numbers.append(number)
    return numbers


def _suits(some: FigureScene) -> bool:
    """Whether every figure is visible when it comes, and leaves no trace when it hides."""
    films = [some.shoot(script(1), which, slice(FRAMES, 2 * FRAMES + 1, FRAMES)) for which in range(CANDIDATES)]
    hidden = torch.stack([frames[0] for frames, _ in films]).float() / 255
    visible = all(bool(boxes[-1].isfinite().all()) for _, boxes in films)
    return visible and float((hidden - hidden[0]).abs().amax()) <= ROUNDING


def absence(
    kind: str, gap: int, scene_number: int, number: int, width: int, height: int, section_frames: int = FRAMES
) -> MemoryCase:
    """The case of a figure that stays away for some sections.

    Args:
        kind: one of KINDS.
        gap: sections for which the figure is away.
        scene_number: one that `suitable_scenes` returns.
        number: of the case.
        width, height: of a frame.
        section_frames: frames of a section of the model.

    Raises:
        ValueError: the scene has no figure, the gap is too short, or the world's section is no multiple of the model's.
    """
    sections, stride = script(gap), world_stride(section_frames)
    films = _films(kind, scene_number, width, height, stride)
    true_index, paired_index = number % CANDIDATES, (number + 1) % CANDIDATES
    # While the figure is hidden nothing moves: a longer gap is the same section again and again.
    hold = slice(1 + 2 * section_frames, 1 + 3 * section_frames)
    pasts, cut = [], 1 + section_frames * (gap + 2)
    for which in (true_index, paired_index):
        shown = films[which]
        frames = torch.cat([shown[: hold.stop], *[shown[hold]] * (gap - 1)])
        pasts.append(Past(frames, torch.zeros(cut, 3), tuple(PROMPTS[each.action] for each in sections[1:-1])))
    candidates = tuple(frames[-1].float() / 255 for frames in films)
    background = pasts[0].frames[-1].float() / 255
    part = torch.stack([(candidate - background).abs().amax(0) > VISIBLE for candidate in candidates]).any(0)
    return MemoryCase(
        kind, gap, f"scene {scene_number}", number, section_frames, pasts[0], pasts[1], PROMPTS[sections[-1].action],
        films[true_index][-section_frames:], torch.zeros(section_frames, 3), candidates, true_index, paired_index, part=part,
        background=background,
    )


@lru_cache(maxsize=1)
def _films(kind: str, scene_number: int, width: int, height: int, stride: int) -> tuple[Tensor, ...]:
    """The film with a gap of one section [1 + 4 s, 3, H, W] of each figure, from the end of the first hiding on."""
    some = figure_scene(HELD_OUT + FIRST_SCENE + scene_number, kind, width, height)
    if some is None:
        raise ValueError(f"Scene {scene_number} has no figure for '{kind}': take one that suitable_scenes returns.")
    return tuple(some.shoot(script(1), which, slice(FRAMES, None, stride))[0] for which in range(CANDIDATES))


def cases(kind: str, gaps: Sequence[int], count: int, width: int, height: int, section_frames: int) -> Iterator[MemoryCase]:
    """The cases of every gap in each of at most `count` suitable scenes; other arguments as for `absence`."""
    for number, scene_number in enumerate(suitable_scenes(kind, count, width, height)):
        for gap in gaps:
            yield absence(kind, gap, scene_number, number, width, height, section_frames)
