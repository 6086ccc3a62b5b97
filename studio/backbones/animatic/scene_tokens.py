"""The layout of psi for large films: where the picture lies, and which tokens hold what.

The first token is a header of numbers. After it come the patches of the ground, row by row; then, if the artist marked a subject,
the patches of a box around it, its colours first and its alpha after them; then the flows' velocities, as many numbers in a token
as it has. All numbers are exact in float16.
Letters: B batch, K numbers of a token, M tokens, F flows.
"""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass, fields

import torch
from torch import Tensor


@dataclass(frozen=True)
class Extent:
    """Where a picture lies, and what psi holds besides it: counts of patches of 16 x 16 pixels at the film's size."""

    columns: int           # of the picture
    rows: int
    left: int              # between the picture's left edge and the frame's
    top: int
    factor: int            # V: patches along one cell of the latents
    frame_columns: int
    frame_rows: int
    box_left: int = 0      # of the subject's box, from the picture's upper left corner
    box_top: int = 0
    box_columns: int = 0   # 0 without a subject
    box_rows: int = 0
    cut_left: int = 0      # 1 where the picture's edge cuts the subject, which must not be seen from beyond it
    cut_top: int = 0
    cut_right: int = 0
    cut_bottom: int = 0
    depth: float = 0.0     # how many times as far from the camera as the subject the ground lies
    flows: int = 0         # F

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom edge of the picture in cells of the latents, from the middle of the film's first frame."""
        return self._in_cells(0, 0, self.columns, self.rows)

    @property
    def box_bounds(self) -> tuple[float, float, float, float]:
        """The same of the subject's box, at its own distance from the camera."""
        return self._in_cells(self.box_left, self.box_top, self.box_left + self.box_columns, self.box_top + self.box_rows)

    def _in_cells(self, *edges: int) -> tuple[float, float, float, float]:
        left, top = -self.frame_columns / 2 - self.left, -self.frame_rows / 2 - self.top
        starts = (left, top, left, top)
        return tuple((start + edge) / self.factor for start, edge in zip(starts, edges, strict=True))  # type: ignore[return-value]

    @property
    def flow_shape(self) -> tuple[int, int, int, int, int]:
        """Layers that flow (the ground, and the subject if there is one), F, 2, rows and columns of the flows' velocities."""
        return 1 + bool(self.box_columns), self.flows, 2, self.rows, self.columns

    def token_counts(self, width: int) -> tuple[int, int, int, int, int]:
        """Tokens of K = `width` numbers: of the header, the ground, the subject's colours, its alpha, and the flows."""
        box = self.box_columns * self.box_rows
        return 1, self.columns * self.rows, box, box, math.ceil(math.prod(self.flow_shape) / width)

    def header(self, width: int) -> Tensor:
        """The first token, [1, K]."""
        token = torch.zeros(1, width)
        token[0, : len(fields(self))] = torch.tensor(astuple(self))
        return token


def read_extent(psi: Tensor) -> Extent:
    """Where the picture lies, from psi's first token. All films of a batch have the same."""
    numbers = psi[0, 0, : len(fields(Extent))].tolist()
    return Extent(*[number if of.type == "float" else int(number) for of, number in zip(fields(Extent), numbers, strict=True)])


def split_tokens(psi: Tensor, extent: Extent) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The tokens [B, M', K] of the ground, the subject's colours, its alpha, and the flows."""
    _, ground, colours, alpha, flows = psi.split(extent.token_counts(psi.shape[2]), dim=1)
    return ground, colours, alpha, flows


def flow_tokens(velocity: Tensor, width: int) -> Tensor:
    """Velocities [layers, F, 2, rows, columns] as tokens [M', K]; the last one is filled up with zeros."""
    numbers = velocity.flatten()
    return torch.cat([numbers, numbers.new_zeros(-len(numbers) % width)]).view(-1, width)


def read_flows(tokens: Tensor, extent: Extent) -> Tensor:
    """The velocities [layers, F, 2, rows, columns] in tokens [1, M', K]."""
    shape = extent.flow_shape
    return tokens[0].flatten()[: math.prod(shape)].view(shape)


def is_layout(psi: Tensor, width: int) -> bool:
    """Whether psi [B, M, D] has K = `width` numbers in a token, and as many tokens as its header says."""
    if psi.shape[2] != width or not bool(psi[:, 0].isfinite().all()):
        return False
    return psi.shape[1] == sum(read_extent(psi).token_counts(width))
