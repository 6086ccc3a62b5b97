"""Walks of the camera over a picture, and which cells of the picture were seen how long ago.

The picture is divided into cells of 16 x 16 pixels. A film begins where the scene's whole cells are cells of the picture.
Letters: N sections, S = FRAMES frames of a section, R and C rows and columns of the picture's cells.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from studio.backbones.animatic.composition import CELL

FRAMES = 36
"""S: frames of a section of the embedded model at small sizes."""
PACE = 0.8
"""The farthest that a section goes, as a share of the view's width and height."""
NEAR = 40
"""Pixels that the camera strays from a place where it stays."""

Pixels = NDArray[np.int64]


@dataclass(frozen=True)
class Stage:
    """The sizes of picture and view, width and height in pixels, multiples of 16.

    Raises:
        ValueError: the picture is not three views wide or high, so that there may be no way out of a view.
    """

    picture: tuple[int, int] = (640, 384)
    view: tuple[int, int] = (160, 96)

    def __post_init__(self) -> None:
        if all(whole < 3 * part for whole, part in zip(self.picture, self.view, strict=True)):
            raise ValueError(f"A picture of {self.picture} pixels is too small for a camera of {self.view} to leave a view.")

    @property
    def room(self) -> Pixels:
        """The largest left and upper edge of a view, [2]."""
        return np.array(self.picture) - np.array(self.view)

    @property
    def cells(self) -> tuple[int, int]:
        """R and C, the rows and columns of cells."""
        return self.picture[1] // CELL, self.picture[0] // CELL


def draw_walk(sections: int, longest: int, stage: Stage, rng: np.random.Generator) -> Pixels:
    """Left and upper edges [1 + S N, 2] of the views of a walk: near a home, away, about another place, and home again.

    Args:
        sections: N.
        longest: sections that the camera stays about the other place, at most; short stays are as likely as long ones.
        stage: see there.
        rng: draws the walk.
    """
    view, step = np.array(stage.view), PACE * np.array(stage.view)
    home = _first(stage, rng)
    stops = [home]
    while len(stops) <= sections:
        stops += [_near(home, stage, rng) for _ in range(int(rng.integers(1, 3)))]
        away = _elsewhere(home, stage, rng)
        stops += _path(stops[-1], away, step)
        for _ in range(round(float(np.exp(rng.uniform(0, np.log(longest))))) - 1):
            near = _near(away, stage, rng)
            stops.append(near if (abs(near - home) >= view).any() else away)
        stops += _path(stops[-1], home, step)
    ends = np.array(stops[: sections + 1])
    share = np.arange(1, FRAMES + 1)[:, None] / FRAMES
    moves = ends[:-1, None] + share * np.diff(ends, axis=0)[:, None]
    return np.concatenate([ends[:1], moves.reshape(-1, 2).round().astype(np.int64)])


def _first(stage: Stage, rng: np.random.Generator) -> Pixels:
    """Where a film begins: its whole cells, which lie around the middle of its first view, are the picture's."""
    shift = (CELL // 2 - np.array(stage.view) // 2) % CELL
    return np.array([shift[k] + CELL * rng.integers(0, (stage.room[k] - shift[k]) // CELL + 1) for k in range(2)])


def _near(place: Pixels, stage: Stage, rng: np.random.Generator) -> Pixels:
    """A view near a place."""
    moved: Pixels = np.clip(place + rng.integers(-NEAR, NEAR + 1, 2), 0, stage.room)
    return moved


def _elsewhere(place: Pixels, stage: Stage, rng: np.random.Generator) -> Pixels:
    """A view that shows nothing of the view at a place."""
    while True:
        other = rng.integers(0, stage.room + 1)
        if (abs(other - place) >= np.array(stage.view)).any():
            return other


def _path(begin: Pixels, end: Pixels, step: NDArray[np.float64]) -> list[Pixels]:
    """Ends of the sections of a straight way that goes at most `step` in a section."""
    count = max(1, int(np.ceil((abs(end - begin) / step).max())))
    return [(begin + (end - begin) * k / count).round().astype(np.int64) for k in range(1, count + 1)]


def sections_since_shown(walk: Pixels, stage: Stage) -> Pixels:
    """Of each of the picture's cells, for each section: sections since a memory was last shown it, [N, R, C].

    A memory is shown the last frames of a section's first and last latent, and of them the whole cells. 0: it never was, or the
    section before shows something of the cell.
    """
    rows, columns = stage.cells
    corner = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1) * CELL                     # [R, C, 2]
    left = walk[:, None, None]
    whole = np.all((corner >= left) & (corner + CELL <= left + stage.view), axis=3)                         # [1 + S N, R, C]
    touched = np.all((corner + CELL > left) & (corner < left + stage.view), axis=3)
    sections = (len(walk) - 1) // FRAMES
    last, gap = np.full((rows, columns), -1), np.zeros((sections, rows, columns), dtype=np.int64)
    for n in range(sections):
        newest = touched[1 + FRAMES * (n - 1) : 1 + FRAMES * n].any(axis=0) if n else touched[0]
        gap[n] = np.where((last < 0) | newest, 0, n - last)
        for frame in written_frames(n):
            last[whole[frame]] = n
    return gap


def written_frames(section: int) -> tuple[int, int]:
    """The frames of a section that memories are shown, counted from the film's first: those that end its first and last latent."""
    return FRAMES * section + 4, FRAMES * (section + 1)
