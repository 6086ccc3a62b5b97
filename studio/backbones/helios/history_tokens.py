"""psi beside Helios' own history: tokens before the oldest packed frames, modulated at time 0 as all of the history is.

Helios' transformer sizes the clean part of its sequence by what stands before the section's own tokens. So psi joins where the
oldest frames are projected, and only the rotary phases have to be lengthened, which every block is given.
Letters: B batch, M memory tokens, D the transformer's inner width, N tokens of packed frames and section, E width of a head.
"""

from __future__ import annotations

from typing import Any

import torch
from diffusers import HeliosTransformer3DModel
from torch import Tensor, nn

from studio.backbones.large_phases import cell_phases


class HistoryTokens:
    """The memory tokens of one transformer. Without tokens its output is as before, bit for bit."""

    def __init__(self, transformer: HeliosTransformer3DModel) -> None:
        """Hook the transformer; its weights and their names stay as they are."""
        self._widths, self._theta = tuple(transformer.config.rope_dim), float(transformer.config.rope_theta)
        self._psi: Tensor | None = None
        self._phases: Tensor | None = None                             # [M, 2 E] of psi's tokens
        self._lengthened: tuple[Tensor, Tensor] | None = None          # the newest pass' phases, before and after
        transformer.patch_long.register_forward_hook(self._add_tokens)
        for block in transformer.blocks:
            block.register_forward_pre_hook(self._add_phases)

    def show(self, psi: Tensor | None, bounds: Tensor | None) -> None:
        """Use psi [B, M, D] from now on; None or no tokens: nothing.

        Args:
            psi: the tokens.
            bounds: [M, 3, 2] RoPE indices of their cells, first and end along time, rows and columns; None: they have no place.
        """
        self._psi = psi if psi is not None and psi.shape[1] else None
        self._lengthened = None
        if self._psi is None:
            return
        if bounds is None:
            one = torch.ones(self._psi.shape[1], sum(self._widths), device=self._psi.device)
            self._phases = torch.cat([one, torch.zeros_like(one)], dim=1)
        else:
            self._phases = torch.cat(cell_phases(bounds.to(self._psi.device), self._widths, self._theta), dim=1)

    def _add_tokens(self, _: nn.Module, __: Any, oldest: Tensor) -> Tensor | None:
        """The oldest frames' projection [B, D, ., ., .], of which only the number of tokens counts, with psi before it."""
        if self._psi is None:
            return None
        tokens = torch.cat([self._psi.transpose(1, 2).to(oldest), oldest.flatten(2)], dim=2)
        return tokens[:, :, None, None]

    def _add_phases(self, _: nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """A block's arguments with the phases [B, M + N, 2 E] of all tokens; those of a pass are the same for all its blocks."""
        if self._psi is None or self._phases is None:
            return None
        film, text, modulation, phases, *rest = given
        if self._lengthened is None or self._lengthened[0] is not phases:
            own = self._phases.to(phases).expand(len(phases), -1, -1)
            self._lengthened = (phases, torch.cat([own, phases], dim=1))
        return (film, text, modulation, self._lengthened[1], *rest)
