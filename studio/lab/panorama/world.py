"""Random panoramas, walks along them, and which columns of a view were seen how long ago.

Letters: B films, N sections, T frames of a section, W columns of a panorama, V = VIEW.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from studio.backbones.panorama.places import FRAMES, PATCH, VIEW

Columns = NDArray[np.int64]


@dataclass(frozen=True)
class World:
    """What a film of the bench is taken in, and how well its camera's moves are known."""

    columns: int = 64       # W, a multiple of 8
    grid: int = PATCH       # the camera's columns are multiples of it; PATCH: patches of two visits always match
    closed: bool = True     # the panorama is a ring; else a strip with ends
    error: float = 0.0      # of the moves that a network is told: columns a frame, standard deviation


def draw_panoramas(films: int, columns: int, generator: torch.Generator) -> Tensor:
    """Random panoramas [B, 3, V, W] in [-1, 1]: a smooth field of colour under rectangles, discs and stripes."""

    def uniform(*shape: int) -> Tensor:
        return torch.rand(films, *shape, 1, 1, generator=generator)

    knots = F.pad(torch.rand(films, 3, 3, columns // 8, generator=generator) * 2 - 1, (1, 1, 0, 0), mode="circular")
    picture = F.interpolate(knots, size=(VIEW, columns + 16), mode="bilinear")[..., 8:-8]
    y, x = torch.arange(VIEW)[:, None], torch.arange(columns)
    for index in range(columns // 4):
        dx = (x - (index * 4 + 4 * uniform(1)) + columns / 2) % columns - columns / 2
        dy = y - VIEW * uniform(1)
        width, height, kind = 1.5 + 3 * uniform(1), 1.5 + 3.5 * uniform(1), 3 * uniform(1)
        box = (dx.abs() < width) & (dy.abs() < height)
        stripes = box & ((dx * (uniform(1) * 2 - 1) + dy * (uniform(1) * 2 - 1)) % 3 < 1.5)
        disc = (dx / width) ** 2 + (dy / height) ** 2 < 1
        picture = torch.where(torch.where(kind < 1, box, torch.where(kind < 2, disc, stripes)), uniform(3) * 2 - 1, picture)
    return picture


def draw_walks(films: int, sections: int, world: World, rng: np.random.Generator) -> Columns:
    """Left edges of the views, [B, N, T]: away and back after a while, to and fro, rounds, wandering.

    At least half of the frames from the third section on show four or more columns that were seen before and not in the newest
    section; walks in which some were out of view for five sections or longer are preferred.
    """
    kept: list[Columns] = []
    while len(kept) < films:
        walks = np.stack([_walk(sections, world, rng) for _ in range(films)])
        gap = sections_since_seen(walks, world)[0][:, 2:]
        much, long = (((gap >= least).sum(axis=3) >= PATCH).mean(axis=(1, 2)) for least in (2, 5))
        kept += list(walks[(much >= 0.5) & (rng.random(films) < np.where(long > 0.1, 1, 0.25))])
    return np.stack(kept[:films])


def _walk(sections: int, world: World, rng: np.random.Generator) -> Columns:
    """One walk, [N, T]."""

    def speed(*among: int) -> int:
        """Columns a frame, to the left or to the right."""
        least = rng.integers(0, PATCH) // world.grid * world.grid
        return int((rng.choice(among) - least) * rng.choice([-1, 1]))

    def pause() -> list[int]:
        """Sections in which the camera stays where it is, or sways there."""
        length = int(rng.integers(0, max(2, sections * 6 // 10)))
        sway = speed(4, 8) if rng.random() < 0.3 else 0
        return [sway if step % 2 else -sway for step in range(length // 2 * 2)] or [0] * length

    kind, moves = int(rng.integers(4)), [0] * int(rng.integers(0, 2))
    steady = speed(4, 8)
    while len(moves) < sections:                                            # columns a frame, for each section
        if kind == 0 or (kind == 2 and not world.closed):
            away, fast = int(rng.integers(1, 3)), speed(8, 16)
            moves += [fast] * away + pause() + [-fast] * away
        elif kind == 1:
            away, slow = int(rng.integers(2, 5)), speed(4, 8)
            moves += [slow] * away + [0] * int(rng.integers(0, 3)) + [-slow] * away
        elif kind == 2:
            moves += [steady] * int(rng.integers(3, 9)) + [0] * int(rng.integers(0, 2))
        else:
            moves += [int(rng.choice([0, speed(4, 8, 16), speed(4, 8, 16)]))] * int(rng.integers(1, 3))
    at = int(rng.integers(0, world.columns // world.grid)) * world.grid
    steps = np.repeat(moves[:sections], FRAMES)
    steps[0] = 0
    if world.closed:
        return ((at + steps.cumsum()) % world.columns).reshape(sections, FRAMES)
    columns = []
    for step in steps:
        at = min(max(at + int(step), 0), world.columns - VIEW)
        columns.append(at)
    return np.array(columns, dtype=np.int64).reshape(sections, FRAMES)


def draw_returns(films: int, sections: int, world: World, rng: np.random.Generator) -> Columns:
    """Walks [B, N, T] that leave a place, wander about another one for a third of the film to most of it, and come back."""

    def one() -> Columns:
        """The columns of one walk."""
        home = int(rng.integers(0, (world.columns if world.closed else world.columns - VIEW - 36) // world.grid)) * world.grid
        offsets: list[int] = []
        while len(offsets) < FRAMES * sections:
            away = 32 - int(rng.integers(0, 8)) // world.grid * world.grid
            offsets += [0, 4] * int(rng.integers(1, 3)) + [16]
            for _ in range(FRAMES * int(rng.integers(sections // 3, max(sections // 3 + 1, sections * 8 // 10)))):
                offsets.append(away + int(rng.integers(-4, 5)) // world.grid * world.grid)
            offsets += [16, 4]
        columns = home + np.array(offsets[: FRAMES * sections], dtype=np.int64)
        return (columns % world.columns if world.closed else columns).reshape(sections, FRAMES)

    return np.stack([one() for _ in range(films)])


def sections_since_seen(walks: Columns, world: World) -> tuple[Columns, NDArray[np.bool_]]:
    """Of each column in view, sections since it was last seen (0: never), [B, N, T, V]; and columns seen by section, [B, N, W]."""
    films, sections, _ = walks.shape
    columns = (walks[..., None] + np.arange(VIEW)) % world.columns
    seen = np.zeros((films, sections, world.columns), dtype=bool)
    np.put_along_axis(seen, columns.reshape(films, sections, -1), True, axis=2)
    last, gap = np.full((films, world.columns), -1), np.zeros(columns.shape, dtype=np.int64)
    for n in range(sections):
        when = np.take_along_axis(last, columns[:, n].reshape(films, -1), axis=1).reshape(films, FRAMES, VIEW)
        gap[:, n] = np.where(when < 0, 0, n - when)
        last[seen[:, n]] = n
    return gap, seen


def take_views(panoramas: Tensor, walks: Tensor) -> Tensor:
    """What the camera sees on walks [B, N, T] along panoramas [B, 3, V, W]: frames [B, N, T, 3, V, V]."""
    columns = (walks[..., None] + torch.arange(VIEW)) % panoramas.shape[3]
    films = torch.arange(len(panoramas))[:, None, None, None]
    return panoramas[films, :, :, columns].permute(0, 1, 2, 4, 5, 3)
