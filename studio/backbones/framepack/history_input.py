"""psi beside FramePack's own history: tokens before the packed frames, each with the RoPE phase of the cell that it stands for.

This is the place of history tokens in 2512.23851: behind the transformer's first projection, among the tokens of frames.
Letters: B batch, M memory tokens, D the transformer's inner width, N tokens of packed frames and window, E width of a head.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from studio.backbones.large_phases import Phases, cell_phases


class HistoryInput:
    """The transformer's `_pack_history_states` with memory tokens before what it returns.

    Its output is cut to the window's tokens, which are the last, so nothing else needs to change. Without memory tokens the result
    is that of the wrapped method, bit for bit.
    """

    def __init__(self, inner: Callable[..., tuple[Tensor, Phases]], rope: Any) -> None:
        """`inner`: the transformer's own method; `rope`: its rotary embedding."""
        self._inner, self._rope = inner, rope
        self._psi: Tensor | None = None
        self._bounds: Tensor | None = None

    def show(self, psi: Tensor | None, bounds: Tensor | None) -> None:
        """Use psi [B, M, D] from now on, with RoPE indices [M, 3, 2] of its cells (first and end); without bounds, nothing."""
        self._psi, self._bounds = psi, bounds

    def __call__(self, hidden_states: Tensor, *arguments: Any) -> tuple[Tensor, Phases]:
        """Tokens [B, M + N, D] and their phases; arguments as of the transformer's own method."""
        tokens, (cos, sin) = self._inner(hidden_states, *arguments)
        if self._psi is None or self._bounds is None or not len(self._bounds):
            return tokens, (cos, sin)
        own = cell_phases(self._bounds.to(cos.device), self._rope.rope_dim, self._rope.theta)
        phases = tuple(torch.cat([mine.to(theirs), theirs]) for mine, theirs in zip(own, (cos, sin), strict=True))
        return torch.cat([self._psi.to(tokens), tokens], dim=1), (phases[0], phases[1])
