"""The history encoder of 2512.23851 as a memory of the bench, and what it is compared with; tokens know their cell's place.

Letters: B sections, T frames of a section, L patches of a section, N cells of it, D width.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

from torch import Tensor, nn

from studio.backbones.panorama.places import CHANNELS, FRAMES, PATCH, PIXELS, SIDE, to_tokens
from studio.memory.frame_preservation import SegmentEncoder
from studio.memory.frame_preservation_config import FramePreservationConfig
from studio.memory.learned import AppendedMemory, SectionTokens, memorize_block

Rate = tuple[int, int, int]


class HistoryEncoder(AppendedMemory):
    """psi_n = the encodings of all sections before n, each cell with the mean of its patches' places: [B, n N, D]."""

    def __init__(self, width: int, heads: int, stages: int, patchify: Callable[[Tensor], Tensor], rate: Rate = (2, 2, 1),
                 branches: Literal["both", "high", "low"] = "both") -> None:
        """A memory with random weights.

        Args:
            width: D. heads: of its attention. stages: channels of its first convolution; the last ones have four times as many.
            patchify: the denoiser's projection of clean tokens [., ., PIXELS] to D; it stays the denoiser's.
            rate: patches along height and width, and frames, to a token. branches: see `FramePreservationConfig`.
        """
        super().__init__(width)
        channels = tuple(stages * step for step in (1, 2, 2, 4))
        config = FramePreservationConfig(width, CHANNELS, rate, PATCH, (*channels, channels[-1]), heads, branches=branches)
        self.encoder, self.rate, self._patchify = SegmentEncoder(config, rate), rate, (patchify,)

    def encode(self, sections: SectionTokens) -> Tensor:
        """phi(x) with places, [B, N, D]."""
        encoded: Tensor = self.encoder(sections.latents, self._tokens)
        return encoded + place_cells(sections.placed, self.rate)

    def _tokens(self, latents: Tensor) -> Tensor:
        """The first projection of latents [B, C, T, h, w], [B, T h w / PATCH^2, D]."""
        return self._patchify[0](to_tokens(latents.transpose(1, 2)[:, None])[:, 0])


class LargePatchifier(AppendedMemory):
    """What 2512.23851 compares its encoder with: a linear projection of each cell's pixels, at the same rate, and a block."""

    def __init__(self, width: int, heads: int, hidden: int, rate: Rate = (2, 2, 1)) -> None:
        """A memory with random weights; arguments as of `HistoryEncoder` and `memorize_block`."""
        super().__init__(width)
        self.rate = rate
        self.project = nn.Linear(PIXELS * math.prod(rate), width)
        self.memorize = memorize_block(width, heads, hidden)

    def encode(self, sections: SectionTokens) -> Tensor:
        """Projections of cells with places, after self-attention, [B, N, D]."""
        cells = by_cell(to_tokens(sections.latents.transpose(1, 2)[:, None])[:, 0], self.rate)
        encoded: Tensor = self.memorize(self.project(cells.flatten(2)) + place_cells(sections.placed, self.rate))
        return encoded


def by_cell(tokens: Tensor, rate: Rate) -> Tensor:
    """Tokens [B, L, .] by the cells that they lie in, [B, N, patches of a cell, .]."""
    rows, columns, frames = rate
    parts = tokens.unflatten(1, (FRAMES // frames, frames, SIDE // rows, rows, SIDE // columns, columns))
    return parts.permute(0, 1, 3, 5, 2, 4, 6, 7).flatten(4, 6).flatten(1, 3)


def place_cells(placed: Tensor, rate: Rate) -> Tensor:
    """Each cell's place, the mean of its patches' [B, L, D]: [B, N, D]."""
    return by_cell(placed, rate).mean(dim=2)
