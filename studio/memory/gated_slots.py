"""Gated slots: a fixed number of tokens, each of which takes what it wants of a section and keeps the rest behind a gate.

Slot attention (2006.15055) lets the slots compete for the section's tokens; the gate is a GRU's update gate.
Letters: B films, M slots, L tokens of a section, H heads, D width.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from studio.memory.learned import TokenMemory, keys_like_queries

CLOSED = -2.0
"""The gate before the sigmoid, at first: 0.12, near keeping all."""


class GatedSlots(TokenMemory):
    """psi is the slots, [B, M, D]."""

    def __init__(self, width: int, heads: int, hidden: int, slots: int) -> None:
        """A memory with random weights.

        Args:
            width: D. heads: H. hidden: inner width of the feed-forwards. slots: M.
        """
        super().__init__(width, heads, hidden, slots)
        self.heads = heads
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.norm_slots, self.norm_new, self.norm_written = (nn.LayerNorm(width) for _ in range(3))
        self.gate = nn.Linear(2 * width, width)
        self.write = nn.Sequential(nn.Linear(2 * width, hidden), nn.SiLU(), nn.Linear(hidden, width))
        nn.init.constant_(self.gate.bias, CLOSED)
        keys_like_queries(self.query, self.key)

    def fold(self, psi: Tensor, encoded: Tensor) -> Tensor:
        """The slots after taking from a section."""
        slots, new = self.norm_slots(psi), self.norm_new(encoded)
        query = self._split(self.query(slots + self.start))
        share = (query @ self._split(self.key(new)).mT / math.sqrt(query.shape[-1])).softmax(dim=2) + 1e-6    # over the slots
        taken = (share / share.sum(dim=3, keepdim=True)) @ self._split(self.value(new))
        both = torch.cat([slots, taken.transpose(1, 2).flatten(2)], dim=2)
        return torch.lerp(psi, self.norm_written(self.write(both)), self.gate(both).sigmoid())

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(2, (self.heads, -1)).transpose(1, 2)
