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
Of the paper's options a second encoder, a window of the newest frames and cross-attention to the encoder's last states
(`psi_attention`) are here.

Letters: B batch; C latent channels; T, h, w latent frames, height, width; t, y, x the same counted in cells, which are what a token
stands for; N = t y x tokens of a segment; M memory tokens; D width of the backbone.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.memory.attention import Attention
from studio.memory.frame_preservation_config import FramePreservationConfig
from studio.memory.protocol import ConditioningFeatures
from studio.memory.psi_attention import PsiAttention

Patchify = Callable[[Tensor], Tensor]
"""A backbone's first projection: latents [B, C, T, h, w] to tokens [B, T (h / patch) (w / patch), D], by frame, row and column."""

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

    def __init__(self, config: FramePreservationConfig, rate: tuple[int, ...]) -> None:
        """Random weights."""
        super().__init__()
        channels = (config.channels, *config.stages)
        self.convolutions = nn.ModuleList(
            CausalConvolution(channels[i], channels[i + 1], stride) for i, stride in enumerate(config.strides(rate))
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


class SegmentEncoder(nn.Module):
    """phi at one rate: its branches and their gate."""

    def __init__(self, config: FramePreservationConfig, rate: tuple[int, ...]) -> None:
        """Random weights."""
        super().__init__()
        self.config, self.rate = config, rate
        if config.branches != "low":
            self.high = HighResolution(config, rate)
        self.gate = nn.Parameter(torch.tensor(0.5))

    def forward(self, latents: Tensor, patchify: Patchify) -> Tensor:
        """phi(x): one segment's latents [B, C, T, h, w] to tokens [B, N, D], see `FramePreservationConfig.grid`."""
        x = self._fill(latents)
        if self.config.branches == "high":
            return self.gate * self.high(x)
        low = patchify(self.reduce(x)).to(x)
        return self.gate * (low if self.config.branches == "low" else self.high(x) + low)

    def _fill(self, x: Tensor) -> Tensor:
        """Latents with their last frame repeated to whole cells, and the last row and column of sides shorter than one cell."""
        time, rows, columns = self.config.cell(self.rate)
        missing = (-x.shape[2] % time, max(0, rows - x.shape[3]), max(0, columns - x.shape[4]))
        return F.pad(x, (0, missing[2], 0, missing[1], 0, missing[0]), mode="replicate") if any(missing) else x

    def reduce(self, x: Tensor) -> Tensor:
        """x [B, C, T, h, w] as means of `rate` latents, [B, C, t, patch y, patch x]: one patch a cell. Rests are left out."""
        (rows, columns, frames), patch = self.rate, self.config.patch
        _, y, x_ = self.config.grid(self.rate, *x.shape[2:])
        cells = x[..., : rows * patch * y, : columns * patch * x_]
        parts = cells.unflatten(4, (-1, columns)).unflatten(3, (-1, rows)).unflatten(2, (-1, frames))
        return parts.mean(dim=(3, 5, 7))


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
        self.encoders = nn.ModuleList(SegmentEncoder(config, rate) for rate in config.rates)
        if config.cross:
            self.cross = nn.ModuleList(PsiAttention(config.width, config.cross, config.heads) for _ in range(config.blocks))
        self._patchify = (patchify,)        # within a tuple, for nn.Module would take a module over as its own

    @property
    def psi_layers(self) -> tuple[nn.Module, ...]:
        """The cross-attention to psi behind each block of the backbone, in order; none where the config asks for none."""
        return tuple(self.cross) if self.config.cross else ()

    @property
    def appends(self) -> bool:
        """Whether psi only ever grows, so that each section's tokens are stored once: not where a window moves on behind them."""
        return not self.config.window

    def begin(self, conditioning: ConditioningFeatures) -> Tensor:
        """psi_0, [B, 0, D]: nothing was shown yet, and prompt and picture reach the backbone by their own ways."""
        return next(self.parameters()).new_zeros(len(conditioning.text), 0, self.config.width)

    def update(self, psi: Tensor, latents: Tensor) -> Tensor:
        """psi_{n+1} = [psi_n | phi(x^n)] [B, M + N, D] from psi_n [B, M, D] and x^n, latents [B, C, T, h, w].

        A window stands behind all of it: the one of psi_n makes room for that of x^n.

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
        past = psi[:, : psi.shape[1] - self.config.window_tokens(*latents.shape[2:])] if psi.shape[1] else psi
        return torch.cat([past.to(tokens), tokens, *self._window(latents, tokens)], dim=1)

    def view(self, psi: Tensor, recent: Tensor) -> None:
        """None: tokens are features of the backbone, and no decoder for them is at hand."""

    def forward(self, latents: Tensor) -> Tensor:
        """phi(x) of all encoders: one segment's latents [B, C, T, h, w] to tokens [B, N, D]."""
        x = latents.to(next(self.parameters()))
        return torch.cat([encoder(x, self._patchify[0]) for encoder in self.encoders], dim=1)

    def _window(self, latents: Tensor, like: Tensor) -> list[Tensor]:
        """The newest latent frames behind the backbone's first projection, unreduced; nothing where there is no window."""
        if not self.config.window:
            return []
        patch, newest = self.config.patch, latents[:, :, -self.config.window :]
        missing = [-side % patch if side < patch else 0 for side in latents.shape[:2:-1]]
        filled = F.pad(newest, (0, missing[0], 0, missing[1], 0, 0), mode="replicate") if any(missing) else newest
        return [self._patchify[0](filled).to(like)]
