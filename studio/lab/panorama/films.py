"""Films of the bench: panoramas and walks with what a network is told about them.

Letters: B films, N sections, T frames of a section, L tokens of a section, W columns of a panorama, V = VIEW.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from studio.backbones.panorama.places import Places, locate, to_tokens
from studio.lab.panorama.world import Columns, World, draw_panoramas, draw_walks, sections_since_seen, take_views

Pose = Literal["known", "moves", "blind"]
"""What is known of the camera: its column; the sum of its moves since the first frame; the last move alone."""
RECKONED = 160
"""Columns after which the waves of a sum of moves begin anew: more than most films of the bench go."""


@dataclass(frozen=True)
class Films:
    """A batch of films."""

    world: World
    panoramas: Tensor       # [B, 3, V, W]
    walks: Columns          # [B, N, T] left edges of the views
    frames: Tensor          # [B, N, T, 3, V, V] in [-1, 1]
    places: Places          # [B, N, L, .]

    def to(self, device: torch.device | str) -> Films:
        """The films on another device; the walks are numbers of the processor."""
        places = Places(self.places.known.to(device), self.places.situation.to(device))
        return replace(self, panoramas=self.panoramas.to(device), frames=self.frames.to(device), places=places)

    @property
    def tokens(self) -> Tensor:
        """The frames as tokens, [B, N, L, PIXELS]."""
        return to_tokens(self.frames)


def draw_uniform(shape: Sequence[int], generator: torch.Generator, device: torch.device) -> Tensor:
    """Numbers of [0, 1), drawn on the processor, so that every device trains on the same."""
    return torch.rand(tuple(shape), generator=generator).to(device)


def draw_noise(shape: Sequence[int], generator: torch.Generator, device: torch.device) -> Tensor:
    """Normal noise, drawn on the processor, so that every device trains on the same."""
    return torch.randn(tuple(shape), generator=generator).to(device)


def draw_films(
    films: int, sections: int, seed: int, world: World, pose: Pose, harmonics: int, bank: Columns | None = None
) -> tuple[Films, torch.Generator]:
    """New films, and the generator that drew them, to draw their noise.

    Args:
        films: B. sections: N. seed: of everything. world, pose, harmonics: see `locate_films`.
        bank: walks [., >= N, T] to choose from; None: new ones.
    """
    generator, rng = torch.Generator().manual_seed(seed), np.random.default_rng(seed)
    walks = draw_walks(films, sections, world, rng) if bank is None else bank[rng.integers(0, len(bank), films), :sections]
    return film_walks(walks, world, pose, harmonics, generator), generator


def film_walks(walks: Columns, world: World, pose: Pose, harmonics: int, generator: torch.Generator) -> Films:
    """Films of walks [B, N, T] along new panoramas."""
    panoramas = draw_panoramas(len(walks), world.columns, generator)
    views = take_views(panoramas, torch.from_numpy(walks))
    return Films(world, panoramas, walks, views, locate_films(walks, world, pose, harmonics, generator))


def locate_films(walks: Columns, world: World, pose: Pose, harmonics: int, generator: torch.Generator) -> Places:
    """What the tokens of walks are told of their places. `generator` draws the errors of their moves, where there are some."""
    columns = torch.from_numpy(walks).float()
    moves = moves_between(columns, world)
    if world.error:
        moves = moves + world.error * torch.randn(moves.shape, generator=generator)
    if pose == "known":
        return locate(columns, world.columns, harmonics, moves)
    reckoned = moves.flatten(1).cumsum(dim=1).view_as(columns)
    places = locate(reckoned, RECKONED, harmonics, moves)
    return places if pose == "moves" else Places(torch.zeros_like(places.known), places.situation)


def moves_between(columns: Tensor, world: World) -> Tensor:
    """[B, N, T] columns that the camera moved before each frame, 0 before the first one."""
    flat = columns.flatten(1)
    moves = flat.diff(dim=1, prepend=flat[:, :1])
    if world.closed:
        moves = (moves + world.columns / 2) % world.columns - world.columns / 2
    return moves.view_as(columns)


def columns_out_of_reach(films: Films) -> tuple[Tensor, Tensor]:
    """Of each column in view, [B, N, T, V]: sections since it was last seen (0: never), and whether it is four columns or more from
    anything that the newest section shows, so that only the memory can know it."""
    gap, seen = (torch.from_numpy(array) for array in sections_since_seen(films.walks, films.world))
    newest = torch.zeros_like(seen)
    newest[:, 1:] = seen[:, :-1]
    near = torch.stack([newest.roll(shift, dims=2) for shift in range(-4, 5)]).any(dim=0)
    columns = (torch.from_numpy(films.walks)[..., None] + torch.arange(gap.shape[3])) % films.world.columns
    return gap, ~near.gather(2, columns.flatten(2)).view(gap.shape)
