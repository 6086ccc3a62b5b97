"""The channels of latents that the embedded model's network sees, and what it is given: x_t, the packed context, coordinates.

Letters: B batch, C scene channels, D drawn channels, W window, T latent frames, h and w latent height and width.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from studio.backbones.animatic.heads import DRAWN_CHANNELS
from studio.backbones.animatic.state import STATE_CHANNELS
from studio.memory.framepack import PackedContext

VISIBLE_CHANNELS = 48
"""Coarsest channels of the scene, which the network sees."""
INPUT_CHANNELS = DRAWN_CHANNELS + VISIBLE_CHANNELS + 6 + 3
"""Of the transformer: x_t's drawn channels; the visible scene, light and weather; frame, row and column."""
MEMORY_CHANNELS = VISIBLE_CHANNELS + STATE_CHANNELS
"""Of the latents that a `ContextMemory` is given."""


def network_input(drawn: Tensor, packed: PackedContext) -> Tensor:
    """The network's input for the section in flight, [B, INPUT_CHANNELS, W, h, w]: x_t, and the newest scene, light and weather."""
    newest = _visible(packed.clean[:, :, -1:])
    window = drawn.shape[2]
    return add_coordinates(torch.cat([drawn.to(newest), newest.expand(-1, -1, window, -1, -1)], dim=1), packed.index)


def network_context(packed: PackedContext) -> PackedContext:
    """The packed context in the network's channels: x_t's channels are 0."""

    def part(latents: Tensor, index: Tensor) -> Tensor:
        return add_coordinates(F.pad(_visible(latents), (0, 0, 0, 0, 0, 0, DRAWN_CHANNELS, 0)), index)

    return PackedContext(
        part(packed.clean, packed.clean_index), packed.clean_index,
        part(packed.history_2x, packed.history_2x_index), packed.history_2x_index,
        part(packed.history_4x, packed.history_4x_index), packed.history_4x_index,
        packed.index,
    )


def memory_input(latents: Tensor) -> Tensor:
    """The channels of latents [B, C + 10, T, h, w] that the network sees: coarse scene and state, [B, MEMORY_CHANNELS, T, h, w]."""
    return torch.cat([latents[:, :VISIBLE_CHANNELS], latents[:, -STATE_CHANNELS:]], dim=1)


def _visible(latents: Tensor) -> Tensor:
    """Coarse scene, light and weather of latents [B, C + 10, T, h, w]: [B, VISIBLE_CHANNELS + 6, T, h, w]."""
    scene, state = latents[:, :VISIBLE_CHANNELS], latents[:, -STATE_CHANNELS:]
    return torch.cat([scene, state[:, 3:9]], dim=1)


def add_coordinates(latents: Tensor, index: Tensor) -> Tensor:
    """Latents with frame, row and column as three more channels: position is learned slowly from rotary embeddings alone."""
    b, _, t, h, w = latents.shape
    frame = (index.to(latents) / 10 - 2).view(1, 1, t, 1, 1).expand(b, 1, t, h, w)
    row = ((torch.arange(h, device=latents.device) - (h - 1) / 2) / 8).to(latents).view(1, 1, 1, h, 1).expand(b, 1, t, h, w)
    column = ((torch.arange(w, device=latents.device) - (w - 1) / 2) / 8).to(latents).view(1, 1, 1, 1, w).expand(b, 1, t, h, w)
    return torch.cat([latents, frame, row, column], dim=1)
