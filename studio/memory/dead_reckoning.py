"""Dead reckoning: a memory that is asked by place, for films that are told nothing but how the camera moves.

psi keeps where the camera is, and adds up the steps of every frame:

    x_t = x_{t-1} + step(move before frame t),    place of a token of frame t = x_t + offset(where it is in the view)

Both maps are linear, into a plane of this memory's own; waves of the plane then stand for the place, in keys, queries and tokens of
the memory behind it. The maps begin with the geometry that is known, moves and views in one unit, and are trained further. (Begun
at random, they were not learned: a place is then met again only by a camera that comes back exactly.) So the place is part of the
snapshot, and rewinding rewinds it. This project's own.

Letters: B films, N sections, L tokens of a section, T frames of a section, Q places asked (T frames as well), E axes of the plane,
W waves, P features of a token's situation, D width.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor, nn

from studio.memory.learned import LearnedMemory, Question, Readings, SectionTokens

AXES, WAVES = 2, 24
"""E and W."""
SHORTEST, LONGEST = 2.0, 40.0
"""Periods of the waves, in units of the plane: as far apart as tokens are."""


class DeadReckoning(LearnedMemory):
    """psi is one row with the camera's place, over the psi of the memory behind it: [B, 1 + M, .]."""

    def __init__(self, width: int, frames: int, view: Tensor, move: Tensor, make: Callable[[int], LearnedMemory]) -> None:
        """A memory with random weights but for the two maps.

        Args:
            width: D. frames: T.
            view: the offset at first, [E, first features of a situation], which tell where in the view a token is.
            move: the step at first, [E, last features], which tell the camera's move before the token's frame.
            make: gives the memory behind it, for places of so many features.
        """
        super().__init__()
        self.frames, self.view, self.move = frames, view.shape[1], move.shape[1]
        self.step, self.offset = nn.Linear(self.move, AXES, bias=False), nn.Linear(self.view, AXES, bias=False)
        with torch.no_grad():
            self.step.weight.copy_(move)
            self.offset.weight.copy_(view)
        period = SHORTEST * (LONGEST / SHORTEST) ** torch.rand(WAVES)
        direction = 2 * math.pi * torch.rand(WAVES)
        self.waves = nn.Parameter(2 * math.pi / period[:, None] * torch.stack([direction.cos(), direction.sin()], dim=1))   # [W, E]
        self.place = nn.Linear(2 * WAVES, width)
        self.memory = make(2 * WAVES)

    def begin(self, films: int) -> Tensor:
        """The camera at the plane's origin, over psi_0 of the memory behind it."""
        behind = self.memory.begin(films)
        return torch.cat([behind.new_zeros(films, 1, behind.shape[2]), behind], dim=1)

    def encode(self, sections: SectionTokens) -> Tensor:
        """Nothing can be written before the camera's place is known: tokens, places and situation as they are, [B, L, 2 D + P]."""
        return torch.cat([sections.tokens, sections.placed, sections.places], dim=2)

    def fold(self, psi: Tensor, encoded: Tensor) -> Tensor:
        """The section written at its places, and the camera moved on."""
        width = self.place.out_features
        tokens, placed, told = encoded.split([width, width, encoded.shape[2] - 2 * width], dim=2)
        return self.update(psi, SectionTokens(tokens.new_zeros(0), tokens, placed, told))

    def update(self, psi: Tensor, section: SectionTokens) -> Tensor:
        """psi_{n+1} from psi_n and a finished section."""
        camera = psi[:, 0, :AXES]
        behind = self.memory.update(psi[:, 1:], self._place(section, camera))
        row = torch.zeros_like(behind[:, :1])
        row[:, 0, :AXES] = camera + self._steps(section.places)[:, -1]
        return torch.cat([row, behind], dim=1)

    def read(self, psi: Tensor, question: Question) -> Tensor:
        """What the memory behind it answers for the places to which the moves lead."""
        waves = self._waves(psi[:, 0, :AXES], question.places)
        return self.memory.read(psi[:, 1:], Question(question.tokens + self.place(waves), waves))

    def read_along(self, sections: SectionTokens, questions: Question) -> Readings:
        """The places of all sections at once, and then as the memory behind it."""
        films, count = questions.tokens.shape[:2]
        moved = self._steps(sections.places)[:, -1].unflatten(0, (films, count))                 # [B, N, E]
        cameras = moved.cumsum(dim=1) - moved
        waves = self._waves(cameras.flatten(0, 1), questions.places.flatten(0, 1)).unflatten(0, (films, count))
        placed = self._place(sections, cameras.flatten(0, 1))
        return self.memory.read_along(placed, Question(questions.tokens + self.place(waves), waves))

    def _place(self, sections: SectionTokens, cameras: Tensor) -> SectionTokens:
        """Sections whose tokens and places are told where they are, for cameras [B, E] before them."""
        waves = self._waves(cameras, sections.places)
        place = self.place(waves)
        return replace(sections, tokens=sections.tokens + place, placed=sections.placed + place, places=waves)

    def _steps(self, told: Tensor) -> Tensor:
        """From the camera before a section to its frames, [B, T, E], for situations [B, L, P]."""
        return self.step(told[..., -self.move:].unflatten(1, (self.frames, -1)).mean(dim=2)).cumsum(dim=1)

    def _waves(self, cameras: Tensor, told: Tensor) -> Tensor:
        """The places of tokens as waves, [B, L, 2 W], for cameras [B, E] before the section and situations [B, L, P]."""
        frames = cameras[:, None] + self._steps(told)                                             # [B, T, E]
        places = frames.repeat_interleave(told.shape[1] // self.frames, dim=1) + self.offset(told[..., :self.view])
        angle = places @ self.waves.mT
        return torch.cat([angle.cos(), angle.sin()], dim=2)
