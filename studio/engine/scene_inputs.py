"""Makes the scene of a large film from the reference image: scaled around the frame, with its marks, and perhaps with new ground.

This module needs no torch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from studio.marks import Marks
from studio.media.fill import extend
from studio.media.flow_field import flow_field
from studio.media.picture import read_picture
from studio.media.scene import Frame, Scene, scene
from studio.media.subject import ground_behind, subject_alpha

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

GRID = 16
"""Pixels that new ground is counted in, so that a model's patches end where the artist's picture does."""
FLOW_CELL = 4
"""Pixels along a side of one velocity."""
REACH = 0.9
"""Frames on each side of the first one that a film can show whose camera may leave the picture."""
MOST_PIXELS = 2**22
"""Of the scene with its new ground, about: a large frame has less ground around it, so that snapshots stay small."""


@dataclass(frozen=True)
class SceneInputs:
    """The reference image as a large film needs it."""

    picture: Pixels                     # [H, W, 3]
    left: int                           # of the frame, in pixels
    top: int
    alpha: Floats | None = None         # [H, W] how much of each pixel is the subject's
    ground: Pixels | None = None        # [H, W, 3] the picture without the subject
    flows: Floats | None = None         # [2, F, 2, H / 4, W / 4] of the ground and of the subject: pixels in a frame
    own: tuple[int, int, int, int] | None = None    # left, top, right and bottom edge of the artist's picture; None: all of it


def flow_names(marks: Marks) -> list[str]:
    """The names of the marked flows, each once, in the order in which the model counts them."""
    return list(dict.fromkeys(flow.name for flow in marks.flows))


def scene_inputs(
    reference: Path, size: tuple[int, int], frame: Frame | None, marks: Marks, fps: float
) -> SceneInputs:
    """Read the reference image and follow its marks.

    Args:
        reference: the image's file.
        size: width and height of the film in pixels.
        frame: what the film begins with; None: as much of the image's middle as fits.
        marks: on the image.
        fps: frames in a second that velocities are counted in.

    Raises:
        OSError, MediaError: the file cannot be read.
    """
    around = scene(read_picture(reference), size, frame)
    if marks.beyond:
        around = _whole_cells(around, size)
    picture = np.asarray(around.image)
    made = SceneInputs(picture, around.left, around.top)
    strokes, ground = (
        [around.place(stroke) for stroke in of]
        for of in ((marks.subject.strokes, marks.subject.ground) if marks.subject else ((), ())))
    if any(0 <= x < 1 and 0 <= y < 1 for stroke in strokes for x, y in stroke):       # of a huge picture only a part is used
        alpha = subject_alpha(picture, strokes, ground)
        made = replace(made, alpha=alpha, ground=ground_behind(picture, alpha))
    if marks.flows:
        made = replace(made, flows=_velocities(around, marks, made.alpha, fps))
    if marks.beyond:
        made = _extended(made, size, marks.ground)
    return made


def _whole_cells(around: Scene, size: tuple[int, int]) -> Scene:
    """The scene without the pixels at its edges that are not whole cells of GRID pixels, counted from the frame."""
    image = around.image
    x, y = around.left % GRID, around.top % GRID
    right = image.width - (image.width - around.left - size[0]) % GRID
    bottom = image.height - (image.height - around.top - size[1]) % GRID
    return around.crop(x, y, right, bottom)


def _velocities(around: Scene, marks: Marks, alpha: Floats | None, fps: float) -> Floats:
    """The velocities [2, F, 2, H / 4, W / 4] of the flows of each name: of those on the ground, and of those on the subject.

    A stroke that lies mostly on the subject (hair, a sail) moves the subject, any other the ground behind it.
    """
    wide, (width, height) = around.shares[2], around.image.size
    strokes: dict[tuple[bool, str], list[tuple[list[tuple[float, float]], float, float]]] = {}
    for flow in marks.flows:
        stroke = around.place(flow.stroke)
        on_subject = alpha is not None and _mean_at(alpha, stroke) > 0.5
        strokes.setdefault((on_subject, flow.name), []).append((stroke, flow.width / wide, flow.speed / wide))
    layers = [[flow_field(strokes.get((layer, name), []), width, height, FLOW_CELL, fps) for name in flow_names(marks)]
              for layer in (False, True)]
    return np.moveaxis(np.array(layers), 4, 2)


def _mean_at(values: Floats, stroke: list[tuple[float, float]]) -> float:
    """The mean of values [H, W] at points given as shares of width and height; 0 outside."""
    height, width = values.shape
    inside = [(int(y * height), int(x * width)) for x, y in stroke if 0 <= x < 1 and 0 <= y < 1]
    return sum(float(values[at]) for at in inside) / len(stroke)


def _extended(made: SceneInputs, size: tuple[int, int], method: int) -> SceneInputs:
    """The scene with new ground, made by a method of `fill`, where less picture than that lies beside the frame."""
    height, width = made.picture.shape[:2]
    rooms = made.left, made.top, width - made.left - size[0], height - made.top - size[1]
    reach_of_all = min(REACH, (math.sqrt(MOST_PIXELS / (size[0] * size[1])) - 1) / 2)
    wanted = [int(reach_of_all * side) for side in (*size, *size)]
    left, top, right, bottom = (
        max(0, -((room - reach) // GRID) * GRID) for room, reach in zip(rooms, wanted, strict=True))
    ground = extend(made.picture if made.ground is None else made.ground, left, top, right, bottom, method=method)
    picture = ground.copy()
    picture[top : top + height, left : left + width] = made.picture
    sides = (top, bottom), (left, right)
    cells = tuple((before // FLOW_CELL, after // FLOW_CELL) for before, after in sides)
    return SceneInputs(
        picture, made.left + left, made.top + top,
        None if made.alpha is None else np.pad(made.alpha, sides),
        None if made.ground is None else ground,
        None if made.flows is None else np.pad(made.flows, ((0, 0), (0, 0), (0, 0), *cells)),
        (left, top, left + width, top + height))
