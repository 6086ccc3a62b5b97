"""A map of the scene as the long-term memory: one token for each place. It is this project's own, not the paper's.

The paper's structures A, B and C (`semantic_pack.Squeeze`) keep psi as features that belong to no place. Structure "map" updates
psi by `MapSqueeze` instead: it has a slot for each place, and a slot takes what the section showed there, or keeps what it has.

Letters: B batch, M slots of the map (rows x columns), M' tokens of the finished section, D width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from studio.memory.attention import Attention
from studio.memory.scene_positions import WAVE_FEATURES, slot_encodings


class MapSqueeze(nn.Module):
    """psi_{n+1} = slots + attention(slots; [psi_n; Memorize(x^n)]).

    Queries are the slots, keys and values psi_n and the section's tokens side by side. There is no residual and no norm on the way
    of a value, so a place that is not shown again is kept unchanged.
    """

    def __init__(self, width: int, heads: int, size: tuple[int, int]) -> None:
        """`size`: rows and columns of the map, powers of two."""
        super().__init__()
        self.size = size
        self.slot = nn.Linear(WAVE_FEATURES, width)
        self.attention = Attention(width, heads)

    def forward(self, psi: Tensor, segment: Tensor) -> Tensor:
        """psi_{n+1} [B, M, D] from psi_n [B, M, D] and Memorize(x^n) [B, M', D]."""
        empty_maps = self.empty_maps(len(psi))
        return empty_maps + self.attention(empty_maps, torch.cat([psi, segment], dim=1))

    def empty_maps(self, count: int) -> Tensor:
        """`count` maps on which nothing is written yet, [B, M, D]."""
        like = self.slot.weight
        tokens: Tensor = self.slot(slot_encodings(*self.size).to(like))
        return tokens.expand(count, -1, -1)
