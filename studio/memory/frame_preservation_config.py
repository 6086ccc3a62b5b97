"""What a history encoder (`frame_preservation`) is made of, how many tokens it gives, and where in the film these lie.

A token stands for a cell: some patches of the backbone along height and width, and some latent frames.
Letters: T, h, w latent frames, height, width; t, y, x the same counted in cells; M memory tokens; D width of the backbone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from studio.memory.rope import first_frame_index, rope_rule

RATES = ((4, 4, 2), (2, 2, 4), (2, 2, 2), (2, 2, 1))
"""The paper's rates: patches of the backbone along height and width, and latent frames, to one token."""
SECOND_RATE = (2, 2, 8)
"""The paper's rate of a second encoder."""


@dataclass(frozen=True)
class FramePreservationConfig:
    """The architecture of a history encoder.

    Raises:
        ValueError: numbers that do not go together.
    """

    width: int                                                  # D, the transformer's inner width
    channels: int                                               # C
    rate: tuple[int, int, int] = (4, 4, 2)                      # patches along height and width, latent frames, to a token
    patch: int = 2                                              # latent pixels along one edge of the backbone's patches
    stages: tuple[int, ...] = (64, 128, 256, 256, 512, 512)     # channels after each convolution
    heads: int = 8                                              # of the attention behind the last convolution
    second_rate: tuple[int, ...] = ()                           # of a second encoder beside the first; (): there is none
    window: int = 0                                             # newest latent frames that psi holds unreduced as well
    stream: Literal["history", "context"] = "history"           # of the transformer that psi joins, see `PsiPositions`
    cross: int = 0                                              # inner width of attention to psi, see `psi_attention`; 0: none
    blocks: int = 0                                             # of the backbone, each with such a layer; 0 without `cross`
    trained_index: int = 0                                      # largest RoPE index in training, see `rope.rope_rule`
    branches: Literal["both", "high", "low"] = "both"           # one alone is for comparison, as in the paper's ablation

    def __post_init__(self) -> None:
        if not self.stages or min(self.width, self.channels, self.heads, *self.stages) < 1:
            raise ValueError("width, channels, heads and the channels of at least one stage are 1 or more")
        if min(self.window, self.trained_index) < 0:
            raise ValueError(f"window and trained_index are 0 or more, not {self.window} and {self.trained_index}")
        if min(self.cross, self.blocks) < 0 or bool(self.cross) != bool(self.blocks):
            raise ValueError(f"cross needs the backbone's blocks, and blocks cross: not {self.cross} and {self.blocks}")
        if self.cross % self.heads:
            raise ValueError(f"cross-attention {self.cross} wide cannot be shared by {self.heads} heads")
        if self.stages[-1] % self.heads:
            raise ValueError(f"{self.stages[-1]} channels cannot be shared by {self.heads} heads")
        if self.stream not in ("history", "context"):
            raise ValueError(f"psi joins the stream 'history' or 'context', not {self.stream!r}")
        if self.branches not in ("both", "high", "low"):
            raise ValueError(f"branches are 'both', 'high' or 'low', not {self.branches!r}")
        for rate in self.rates:
            if len(rate) != 3 or not all(side > 0 and side & (side - 1) == 0 for side in (*rate, self.patch)):
                raise ValueError(f"a rate is three powers of two, and so is patch: not {rate} and {self.patch}")
            if rate[0] != rate[1]:
                raise ValueError(f"a rate is the same along height and width, not {rate[0]} and {rate[1]}")
            if (halvings := len(self._halvings(rate))) >= len(self.stages):
                raise ValueError(
                    f"a rate of {rate} with patches of {self.patch} needs {halvings + 1} stages, not {len(self.stages)}")

    @property
    def rates(self) -> tuple[tuple[int, ...], ...]:
        """The rates of all encoders, whose tokens of a segment follow each other."""
        return (self.rate, self.second_rate) if self.second_rate else (self.rate,)

    def _halvings(self, rate: tuple[int, ...]) -> list[tuple[int, int]]:
        """The strides that are not 1, in the paper's order: time first, then space."""
        time, space = (size.bit_length() - 1 for size in (rate[2], self.patch * rate[0]))
        return [(2, 1)] * time + [(1, 2)] * space

    def strides(self, rate: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
        """Strides in time and in space of every convolution of the encoder with this rate.

        The first convolution sees the full latents; those behind it halve, and the rest keep the size.
        """
        halvings = self._halvings(rate)
        return ((1, 1), *halvings, *[(1, 1)] * (len(self.stages) - 1 - len(halvings)))

    def cell(self, rate: tuple[int, ...]) -> tuple[int, int, int]:
        """Latent frames, rows and columns that a token stands for."""
        return rate[2], self.patch * rate[0], self.patch * rate[1]

    def grid(self, rate: tuple[int, ...], frames: int, height: int, width: int) -> tuple[int, int, int]:
        """t, y and x of a segment of T, h, w latents. Nothing is allocated.

        Part of a cell counts as one in time, so that the newest frame is never lost, and as none in space, as the paper counts:
        7 x 13 tokens for the 30 x 52 patches of 480x832. A side shorter than one cell has one.

        Raises:
            ValueError: there are no latents.
        """
        if min(frames, height, width) < 1:
            raise ValueError(f"a segment has at least one latent along each axis, not {frames} x {height} x {width}")
        time, rows, columns = self.cell(rate)
        return -(-frames // time), max(1, height // rows), max(1, width // columns)

    def tokens(self, frames: int, height: int, width: int) -> int:
        """Tokens that a segment of T, h, w latents adds to psi. Nothing is allocated. Raises ValueError: there are no latents."""
        return sum(t * y * x for t, y, x in (self.grid(rate, frames, height, width) for rate in self.rates))

    def window_tokens(self, frames: int, height: int, width: int) -> int:
        """Tokens of the window, which psi holds once: of the newest segment, of T, h, w latents. Raises as `grid`."""
        t, y, x = self.grid((1, 1, 1), frames, height, width)
        return min(self.window, t) * y * x

    def segments(self, tokens: int, frames: int, height: int, width: int) -> int:
        """How many segments of T, h, w latents a psi of M = `tokens` tokens holds.

        Raises:
            ValueError: there are no latents, or the tokens are not those of whole segments.
        """
        own, window = self.tokens(frames, height, width), self.window_tokens(frames, height, width)
        count, rest = divmod(tokens - window, own) if tokens else (0, 0)
        if rest or count < 0 or (tokens and not count):
            also = f", and {window} of a window" if window else ""
            raise ValueError(f"{tokens} tokens are no whole segments, which have {own} each at this size{also}")
        return count

    def positions(self, tokens: int, frames: int, height: int, width: int) -> Tensor:
        """Where the tokens of psi lie in the film: [M, 3, 2] first and end of each cell, in order of the tokens.

        Along time in latent frames of the film, along rows and columns in patches of the backbone. The end is not part of the cell.

        Args:
            tokens: M, of whole segments.
            frames, height, width: T, h, w of each segment's latents.

        Raises:
            ValueError: as `segments`.
        """
        count = self.segments(tokens, frames, height, width)
        parts = [each for n in range(count) for each in self._segment_positions(n * frames, (frames, height, width))]
        if count and self.window:
            newest = min(self.window, frames)
            parts.append(self._cells((1, 1, 1), count * frames - newest, (newest, height, width)))
        return torch.cat([torch.zeros(0, 3, 2, dtype=torch.long), *parts])

    def _segment_positions(self, first: int, size: tuple[int, int, int]) -> Iterator[Tensor]:
        """Positions of a segment's tokens, encoder by encoder. `first` is its first frame, `size` its T, h, w."""
        return (self._cells(rate, first, size) for rate in self.rates)

    def _cells(self, rate: tuple[int, ...], first: int, size: tuple[int, int, int]) -> Tensor:
        """First and end of all cells of a segment, [t y x, 3, 2]. The last ones may be shorter."""
        t, y, x = self.grid(rate, *size)
        time = first + _bounds(t, rate[2], size[0])
        rows, columns = (_bounds(cells, rate[0], -(-side // self.patch)) for cells, side in ((y, size[1]), (x, size[2])))
        shape = (t, y, x, 2)
        axes = (time[:, None, None].expand(shape), rows[None, :, None].expand(shape), columns[None, None].expand(shape))
        return torch.stack(axes, dim=3).flatten(0, 2)


def _bounds(cells: int, size: int, end: int) -> Tensor:
    """First and end of `cells` cells of `size`, none beyond `end`: [cells, 2]."""
    first = size * torch.arange(cells)
    return torch.stack([first, (first + size).clamp(max=end)], dim=1)


FRAMEPACK_F1 = FramePreservationConfig(width=3072, channels=16)
"""For the 13B FramePack-F1, at the paper's rate of 4x4x2."""


@dataclass(frozen=True)
class PsiPositions:
    """The RoPE indices of psi's tokens, for a transformer that reads them beside its own history.

    In SemanticPack's place, the context stream, tokens have no position: the transformer cannot tell which of them shows what.
    """

    config: FramePreservationConfig
    window: int        # W, latent frames of a section

    def __call__(self, tokens: int, height: int, width: int) -> Tensor:
        """[M, 3, 2] first and end of each token's cell in RoPE indices of the section that psi is used for.

        Args:
            tokens: M.
            height, width: of the latents.

        Raises:
            ValueError: the tokens are not those of whole sections of this size.
        """
        sections = self.config.segments(tokens, self.window, height, width)
        bounds = self.config.positions(tokens, self.window, height, width)
        bounds[:, 0] += first_frame_index(rope_rule(self.config.trained_index), sections, self.window)
        return bounds
