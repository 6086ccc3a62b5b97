"""The memories that are compared: the map as it ships, and learned ones with the same read-out and as many parameters.

A learned memory is written with the map's own cells and asked by the map's own places. It begins as the map does: attention goes by
place and contents pass through unchanged (`start_by_place`), so that training need not find out first that places matter.

Letters: B films, N sections, L cells of a section, Q places asked, R tokens read, K memorized channels, D width.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor, nn

from studio.backbones.animatic.place_memory import PlaceMemory
from studio.lab.film_memory.films import Batch
from studio.lab.panorama.arms import count_parameters, make_of_size
from studio.lab.train.start_by_place import CONTENT, SEEN, attend_by_place, make_identity
from studio.memory.attention import Block
from studio.memory.delta_rule import DeltaRule
from studio.memory.full_history import FullHistory
from studio.memory.learned import LearnedMemory, Question, Readings, SectionTokens
from studio.memory.retrieval import Retrieval
from studio.memory.scene_map import MapSqueeze
from studio.memory.scene_positions import LONGEST_WAVE, POSITION_FEATURES, WAVE_FEATURES, encode_positions, fitting_waves
from studio.memory.squeezed import ReadableSnapshots

PARAMETERS = 1_200_000
"""Of every learned arm with its read-out."""
WIDTH, HEADS = 192, 4
"""D, as wide as the map's tokens."""
READ_OUT_BLOCKS = 2
SHARPNESS = 6.0
"""Of attention by place at first: less than the map's 16, so that there is something to learn."""


LOUD = 12.0
"""Scale of a place's waves beside contents, at first: a norm over a token then leaves contents nearly as they were."""


class NewestSection(FullHistory):
    """A memory of one section: the floor."""

    appends = False

    def fold(self, psi: Tensor, encoded: Tensor) -> Tensor:
        """The section alone, [B, L, D]."""
        return encoded

    def read_along(self, sections: SectionTokens, questions: Question) -> Readings:
        """As any memory."""
        return LearnedMemory.read_along(self, sections, questions)


MEMORIES: dict[str, Callable[[int, int], LearnedMemory]] = {
    "window": lambda hidden, cells: NewestSection(WIDTH, HEADS, hidden),
    "full": lambda hidden, cells: FullHistory(WIDTH, HEADS, hidden),
    "snapshots": lambda hidden, cells: ReadableSnapshots(WIDTH, HEADS, hidden, 2 * cells),
    "retrieval": lambda hidden, cells: Retrieval(WIDTH, HEADS, hidden, POSITION_FEATURES, cells),
    "delta": lambda hidden, cells: DeltaRule(WIDTH, HEADS, hidden, POSITION_FEATURES),
    "delta-large": lambda hidden, cells: DeltaRule(WIDTH, 1, hidden, POSITION_FEATURES, 512, 512),
}
"""Every learned arm, by the width of its feed-forwards and the cells that are written of a frame."""
ARMS = ("map", "none", *MEMORIES)


class Answers(Protocol):
    """A memory of a film's places, section by section."""

    def begin(self) -> Tensor:
        """psi of a film without sections, [1, M, .]."""

    def write(self, psi: Tensor, cells: Tensor) -> Tensor:
        """psi after a section whose cells [1, K + ., 2, h + 2, w + 2] `PlaceMemory.written_cells` gave."""

    def values(self, psi: Tensor, places: Tensor) -> Tensor:
        """The memorized channels [1, Q, K] at places [1, Q, 3]."""


class MapAnswers:
    """The embedded model's map, as it ships."""

    def __init__(self, memory: PlaceMemory) -> None:
        """`memory`: of the embedded model, with a map."""
        assert isinstance(memory.pack.squeeze, MapSqueeze), "the embedded model's psi is a map"
        self.memory, self.squeeze = memory, memory.pack.squeeze

    def begin(self) -> Tensor:
        """The empty map."""
        return self.squeeze.empty_maps(1)

    def write(self, psi: Tensor, cells: Tensor) -> Tensor:
        """The map's own update."""
        return self.memory.pack.update(psi, cells)

    def values(self, psi: Tensor, places: Tensor) -> Tensor:
        """The map's own answer."""
        return self.memory.recall(psi, places).values


class NoAnswers:
    """No memory: every place is answered with the mean of all places. The floor that needs no training."""

    def __init__(self, channels: int) -> None:
        """`channels`: K."""
        self.channels = channels

    def begin(self) -> Tensor:
        """Nothing, [1, 0, 1]."""
        return torch.zeros(1, 0, 1)

    def write(self, psi: Tensor, cells: Tensor) -> Tensor:
        """Nothing."""
        return psi

    def values(self, psi: Tensor, places: Tensor) -> Tensor:
        """Zeros: the autoencoder's channels are differences from a mean."""
        return torch.zeros(*places.shape[:2], self.channels)


class LearnedAnswers(nn.Module):
    """A learned memory with its read-out: places ask what was read of psi, cell by cell."""

    deviation: Tensor

    def __init__(self, arm: str, channels: int, cells: int, parameters: int = PARAMETERS) -> None:
        """First weights, by place.

        Args:
            arm: one of MEMORIES.
            channels: K.
            cells: that are written of a frame.
            parameters: in all, within a percent or so.

        Raises:
            KeyError: no such arm.
        """
        super().__init__()
        self.channels = channels
        self.place, self.content = nn.Linear(POSITION_FEATURES, WIDTH), nn.Linear(channels + 1, WIDTH)
        self.nothing = nn.Parameter(torch.zeros(1, 1, WIDTH))            # read where nothing else is
        self.blocks = nn.ModuleList(Block(WIDTH, HEADS, WIDTH) for _ in range(READ_OUT_BLOCKS))
        self.answer = nn.Linear(WIDTH, channels)
        self.register_buffer("deviation", torch.ones(channels))          # of the channels, in training
        self.memory = make_of_size(lambda hidden: MEMORIES[arm](hidden, cells), parameters - count_parameters(self))
        _start(self)

    def forward(self, films: Batch) -> Tensor:
        """What every section of films is answered from the sections before it, in deviations: [B, N, Q, K]."""
        count, sections, asked = films.asked.shape[:3]
        question = self._question(films.asked)
        readings = self.memory.read_along(self._tokens(films.cells.flatten(0, 1), films.places.flatten(0, 1)), question)
        read, seen = readings.tokens, readings.seen
        if read.shape[1] == 1 and sections > 1:                          # one row of tokens for all sections
            assert seen is not None, "sections see what lies before them"
            mask = seen.repeat_interleave(asked, dim=0)                  # [N Q, R]
            return self._read_out(question.tokens.flatten(1, 2), read[:, 0], mask).unflatten(1, (sections, asked))
        rows = None if seen is None else seen.repeat(count, 1)[:, None, None]                            # [B N, 1, 1, R]
        return self._read_out(question.tokens.flatten(0, 1), read.flatten(0, 1), rows).unflatten(0, (count, sections))

    def begin(self) -> Tensor:
        """See `Answers`."""
        return self.memory.begin(1)

    def write(self, psi: Tensor, cells: Tensor) -> Tensor:
        """See `Answers`."""
        waves = cells[:, self.channels + 1 :].flatten(2).transpose(1, 2)
        tokens = self._tokens(cells[:, : self.channels + 1].flatten(2).transpose(1, 2), waves=waves)
        return self.memory.update(psi, tokens)

    def values(self, psi: Tensor, places: Tensor) -> Tensor:
        """See `Answers`."""
        question = self._question(places)
        return self._read_out(question.tokens, self.memory.read(psi, question), None) * self.deviation

    def _question(self, places: Tensor) -> Question:
        waves = encode_positions(places)
        return Question(self.place(waves), waves)

    def _tokens(self, cells: Tensor, places: Tensor | None = None, waves: Tensor | None = None) -> SectionTokens:
        """Cells [., L, K + 1] at places [., L, 3], or with the waves of their places."""
        features = encode_positions(places) if places is not None else waves
        assert features is not None, "cells have places"
        scaled = torch.cat([cells[..., :-1] / self.deviation, cells[..., -1:]], dim=-1)
        placed = self.place(features)
        return SectionTokens(cells, self.content(scaled) + placed, placed, features)

    def _read_out(self, asked: Tensor, read: Tensor, mask: Tensor | None) -> Tensor:
        """The channels [., Q, K] of places [., Q, D] from what was read [., R, D]; `mask` ends in R."""
        context = torch.cat([self.nothing.expand(len(read), -1, -1), read], dim=1)
        if mask is not None:
            mask = torch.cat([torch.ones_like(mask[..., :1]), mask], dim=-1)
        for block in self.blocks:
            asked = block(asked, context, mask)
        answered: Tensor = self.answer(asked)
        return answered


@torch.no_grad()
def _start(network: LearnedAnswers) -> None:
    """Weights with which a place finds what was written there, in the layout of `start_by_place`."""
    channels, line = network.channels, torch.arange(network.channels)
    for layer in (network.place, network.content, network.answer):
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)
    network.place.weight[:WAVE_FEATURES, :WAVE_FEATURES] = LOUD * torch.eye(WAVE_FEATURES)
    unused = torch.arange(CONTENT + channels, WIDTH)            # their mean is 0 with these, so that norms shift no contents
    network.place.weight[unused, :WAVE_FEATURES] = -LOUD / max(1, len(unused))
    network.content.weight[CONTENT + line, line] = 1
    network.content.weight[SEEN, channels] = LOUD
    network.answer.weight[line, CONTENT + line] = 1
    reader, *others = (block for block in network.blocks if isinstance(block, Block))
    memory = network.memory
    for block in (*others, *(module for module in memory.modules() if isinstance(module, Block))):
        make_identity(block)
    _read_by_place(reader)
    if isinstance(memory, ReadableSnapshots):
        _read_by_place(memory.reader)
        # Its norm would scale contents: a token's square is about that of its waves.
        nn.init.constant_(memory.squeeze.norm.weight, LOUD * (WAVE_FEATURES / 2 / WIDTH) ** 0.5)
    if isinstance(memory, DeltaRule):                    # contents come back as they were written, with the place that was asked
        nn.init.orthogonal_(memory.value.weight)
        nn.init.zeros_(memory.value.bias)
        memory.out.weight.copy_(memory.value.weight.T)
        memory.out.weight[:CONTENT] = 0
        nn.init.zeros_(memory.out.bias)


def _read_by_place(block: Block) -> None:
    """Let a block add the contents at a place to it, and nothing else."""
    make_identity(block)
    normed = (WIDTH / WAVE_FEATURES * 2) ** 0.5          # the factor by which the norm before the attention scales waves
    values = (torch.arange(WIDTH) >= CONTENT).float()
    attend_by_place(block.attention, fitting_waves(LONGEST_WAVE / 2, LONGEST_WAVE / 2), values, normed, SHARPNESS)
