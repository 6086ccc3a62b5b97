"""The history encoder of "Pretraining Frame Preservation in Autoregressive Video Memory Compression" (2512.23851), re-implemented.

    psi_0 = no tokens,    psi_{n+1} = [psi_n | phi(x^n)],    phi(x) = gate (high(x) + low(x))

phi turns a segment's latents into a few tokens in the backbone's own width, so that they can lie behind its first projection and
need not pass through the few channels of latents. `high` is convolutions over the full latents; `low` is the latents made smaller
and read by the backbone's own first projection. Every segment is encoded alone, so nothing is computed again when the film grows.
psi grows with the film: for FramePack-F1 at 480x832 by 455 tokens with every section of nine latent frames.

What comes from where. The paper: the two branches and their sum behind the first projection, channels 64 to 512, time reduced
before space, attention at 512, the rates. A public implementation of its first stage, of which facts alone are used: the list of
six convolutions, causal in time and without norms, eight heads that are causal by frames, latents made smaller in place of a small
video that is encoded again, and one gate on the *sum* of the branches that starts at 0.5. (Another implementation has a gate on
`high` alone that starts at zero; with that `high` has no gradient at first. The paper's text, as far as it is at hand, names no
gate.) Ours: repetition at the edges, queries and keys that are normalized, means where latents are made smaller.

Letters: B batch; C latent channels; T, h, w latent frames, height, width; t, y, x the same counted in cells, which are what a token
stands for; N = t y x tokens of a segment; M memory tokens; D width of the backbone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.memory.attention import Attention
from studio.memory.protocol import ConditioningFeatures

Patchify = Callable[[Tensor], Tensor]
"""A backbone's first projection: latents [B, C, T, h, w] to tokens [B, T (h / patch) (w / patch), D], by frame, row and column."""
RATES = ((4, 4, 2), (2, 2, 4), (2, 2, 2), (2, 2, 1))
"""The paper's rates: patches of the backbone along height and width, and latent frames, to one token."""


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
    trained_index: int = 0                                      # largest RoPE index in training, see `rope.rope_rule`

    def __post_init__(self) -> None:
        if not self.stages or min(self.width, self.channels, self.heads, *self.stages) < 1:
            raise ValueError("width, channels, heads and the channels of at least one stage are 1 or more")
        if self.trained_index < 0:
            raise ValueError(f"trained_index is an index or 0, not {self.trained_index}")
        if self.stages[-1] % self.heads:
            raise ValueError(f"{self.stages[-1]} channels cannot be shared by {self.heads} heads")
        if len(self.rate) != 3 or not all(side > 0 and side & (side - 1) == 0 for side in (*self.rate, self.patch)):
            raise ValueError(f"a rate is three powers of two, and so is patch: not {self.rate} and {self.patch}")
        if self.rate[0] != self.rate[1]:
            raise ValueError(f"a rate is the same along height and width, not {self.rate[0]} and {self.rate[1]}")
        if len(self._halvings) >= len(self.stages):
            raise ValueError(
                f"a rate of {self.rate} with patches of {self.patch} needs {len(self._halvings) + 1} stages, not {len(self.stages)}"
            )

    @property
    def _halvings(self) -> list[tuple[int, int]]:
        """The strides that are not 1, in the paper's order: time first, then space."""
        time, space = (size.bit_length() - 1 for size in (self.rate[2], self.patch * self.rate[0]))
        return [(2, 1)] * time + [(1, 2)] * space

    @property
    def strides(self) -> tuple[tuple[int, int], ...]:
        """Strides in time and in space of every convolution. The first sees the full latents; those behind it halve, then keep."""
        halvings = self._halvings
        return ((1, 1), *halvings, *[(1, 1)] * (len(self.stages) - 1 - len(halvings)))

    @property
    def cell(self) -> tuple[int, int, int]:
        """Latent frames, rows and columns that a token stands for."""
        rows, columns, frames = self.rate
        return frames, self.patch * rows, self.patch * columns

    def grid(self, frames: int, height: int, width: int) -> tuple[int, int, int]:
        """t, y and x of a segment of T, h, w latents. Nothing is allocated.

        Part of a cell counts as one in time, so that the newest frame is never lost, and as none in space, as the paper counts:
        7 x 13 tokens for the 30 x 52 patches of 480x832. A side shorter than one cell has one.

        Raises:
            ValueError: there are no latents.
        """
        if min(frames, height, width) < 1:
            raise ValueError(f"a segment has at least one latent along each axis, not {frames} x {height} x {width}")
        time, rows, columns = self.cell
        return -(-frames // time), max(1, height // rows), max(1, width // columns)

    def tokens(self, frames: int, height: int, width: int) -> int:
        """N, the tokens of a segment of T, h, w latents. Nothing is allocated. Raises ValueError: there are no latents."""
        t, y, x = self.grid(frames, height, width)
        return t * y * x

    def positions(self, tokens: int, frames: int, height: int, width: int) -> Tensor:
        """Where the tokens of psi lie in the film, for RoPE: [M, 3, 2] first and end of each cell, in order of the tokens.

        Along time in latent frames of the film, along rows and columns in patches of the backbone. The end is not part of the cell;
        (first + end - 1) / 2 is the mean index of what lies in it.

        Args:
            tokens: M, of whole segments.
            frames, height, width: T, h, w of each segment's latents.

        Raises:
            ValueError: there are no latents, or the tokens are not those of whole segments.
        """
        t, y, x = self.grid(frames, height, width)
        if tokens < 0 or tokens % (t * y * x):
            raise ValueError(f"{tokens} tokens are no whole segments, which have {t * y * x} each at this size")
        segments = tokens // (t * y * x)
        # The last cell of a segment may be shorter, and a side may be shorter than a cell.
        within = _bounds(t, self.rate[2], frames)                                                # [t, 2]
        time = (frames * torch.arange(segments).view(-1, 1, 1) + within).flatten(0, 1)           # [segments t, 2]
        rows, columns = _bounds(y, self.rate[0], -(-height // self.patch)), _bounds(x, self.rate[1], -(-width // self.patch))
        shape = (segments * t, y, x, 2)
        axes = (time[:, None, None].expand(shape), rows[None, :, None].expand(shape), columns[None, None].expand(shape))
        return torch.stack(axes, dim=3).flatten(0, 2)


FRAMEPACK_F1 = FramePreservationConfig(width=3072, channels=16)
"""For the 13B FramePack-F1, at the paper's rate of 4x4x2."""


class CausalConvolution(nn.Conv3d):
    """A 3x3x3 convolution that sees no later frame than those its output stands for; edges are repeated.

    With a stride of 2 in time output k sees frames 2k - 1 to 2k + 1; with one in space output r sees rows 2r to 2r + 2. So where an
    odd row is left over, the last output sees it.
    """

    def __init__(self, inputs: int, outputs: int, stride: tuple[int, int]) -> None:
        """`stride`: in time and in space, 1 or 2."""
        super().__init__(inputs, outputs, 3, stride=(stride[0], stride[1], stride[1]))

    def forward(self, x: Tensor) -> Tensor:
        """x [B, C, T, h, w] to [B, C', T / stride, h / stride, w / stride], sides rounded down."""
        sides: list[int] = []
        for size in (x.shape[4], x.shape[3]):
            sides += (1, 1) if self.stride[1] == 1 else (0, 1 - size % 2)
        front = 2 if self.stride[0] == 1 else 1
        return super().forward(F.pad(x, (*sides, front, 0), mode="replicate"))


class HighResolution(nn.Module):
    """The branch over the full latents: convolutions with SiLU, self-attention, and a projection to the backbone's width."""

    def __init__(self, config: FramePreservationConfig) -> None:
        """Random weights."""
        super().__init__()
        channels = (config.channels, *config.stages)
        self.convolutions = nn.ModuleList(
            CausalConvolution(channels[i], channels[i + 1], stride) for i, stride in enumerate(config.strides)
        )
        self.norm = nn.LayerNorm(channels[-1])
        self.attention = Attention(channels[-1], config.heads)
        self.out = nn.Linear(channels[-1], config.width)        # a 1x1 convolution, on tokens

    def forward(self, x: Tensor) -> Tensor:
        """x [B, C, T, h, w] of whole cells along time to tokens [B, N, D]."""
        for convolution in self.convolutions:
            x = F.silu(convolution(x))
        frames = torch.arange(x.shape[2], device=x.device).repeat_interleave(x.shape[3] * x.shape[4])     # [N]
        tokens = x.flatten(2).transpose(1, 2)                                                             # [B, N, C']
        normed = self.norm(tokens)
        tokens = tokens + self.attention(normed, normed, frames[:, None] >= frames)
        out: Tensor = self.out(tokens)
        return out


class FramePreservation(nn.Module):
    """A `Memory` that appends each finished segment's encoding to psi. Its methods are pure."""

    holds_places = False

    def __init__(self, config: FramePreservationConfig, patchify: Patchify) -> None:
        """Random weights; see `adapter.load_frame_preservation` for trained ones.

        Args:
            config: the architecture.
            patchify: the backbone's own first projection, which stays the backbone's: no part of it is in this module's state, and
                whoever trains this module decides whether it is frozen.
        """
        super().__init__()
        self.config = config
        self.high = HighResolution(config)
        self.gate = nn.Parameter(torch.tensor(0.5))
        self._patchify = (patchify,)        # within a tuple, for nn.Module would take a module over as its own

    def begin(self, conditioning: ConditioningFeatures) -> Tensor:
        """psi_0, [B, 0, D]: nothing was shown yet, and prompt and picture reach the backbone by their own ways."""
        return self.high.out.weight.new_zeros(len(conditioning.text), 0, self.config.width)

    def update(self, psi: Tensor, latents: Tensor) -> Tensor:
        """psi_{n+1} = [psi_n | phi(x^n)] [B, M + N, D] from psi_n [B, M, D] and x^n, latents [B, C, T, h, w].

        Raises:
            ValueError: psi or latents of another model.
        """
        if psi.shape[2] != self.config.width or latents.shape[1] != self.config.channels:
            raise ValueError(
                f"A memory {psi.shape[2]} wide and latents of {latents.shape[1]} channels do not fit this history encoder, made "
                f"for {self.config.width} and {self.config.channels}. Continue with the memory that the film was begun with, or "
                "rewind."
            )
        tokens: Tensor = self(latents)
        return torch.cat([psi.to(tokens), tokens], dim=1)

    def view(self, psi: Tensor, recent: Tensor) -> None:
        """None: tokens are features of the backbone, and no decoder for them is at hand."""

    def forward(self, latents: Tensor) -> Tensor:
        """phi(x): one segment's latents [B, C, T, h, w] to tokens [B, N, D], see `FramePreservationConfig.grid`."""
        x = self._fill(latents.to(self.high.out.weight))
        high = self.high(x)
        return self.gate * (high + self._low(x).to(high))

    def _fill(self, x: Tensor) -> Tensor:
        """Latents with their last frame repeated to whole cells, and the last row and column of sides shorter than one cell."""
        time, rows, columns = self.config.cell
        missing = (-x.shape[2] % time, max(0, rows - x.shape[3]), max(0, columns - x.shape[4]))
        return F.pad(x, (0, missing[2], 0, missing[1], 0, missing[0]), mode="replicate") if any(missing) else x

    def _low(self, x: Tensor) -> Tensor:
        """The branch at low resolution: means of `rate` latents as the backbone reads them, [B, N, D]. Rests are left out."""
        (rows, columns, frames), patch = self.config.rate, self.config.patch
        _, y, x_ = self.config.grid(*x.shape[2:])
        cells = x[..., : rows * patch * y, : columns * patch * x_]
        parts = cells.unflatten(4, (-1, columns)).unflatten(3, (-1, rows)).unflatten(2, (-1, frames))
        return self._patchify[0](parts.mean(dim=(3, 5, 7)))


def _bounds(cells: int, size: int, end: int) -> Tensor:
    """First and end of `cells` cells of `size`, none beyond `end`: [cells, 2]."""
    first = size * torch.arange(cells)
    return torch.stack([first, (first + size).clamp(max=end)], dim=1)
