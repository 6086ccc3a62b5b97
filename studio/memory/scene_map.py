"""A map of the scene as long-term memory: one token of psi for each place. This project's own, not part of the paper.

In the paper's structures A, B and C (`semantic_pack.Squeeze`) the tokens of psi are features without a place. With structure "map"
psi is updated by `MapSqueeze` instead: psi has a slot for each place, and a slot takes in what the section showed at its place, or
keeps its content.

Letters: B batch, M slots of the map (rows x columns), M' tokens of the finished section, D width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from studio.memory.attention import Attention
from studio.memory.scene_positions import WAVE_FEATURES, slot_encodings


class MapSqueeze(nn.Module):
    """psi_{n+1} = slots + attention(slots; [psi_n; Memorize(x^n)]).

    The slots are queries; psi_n and the section's tokens are keys and values. Values pass through no residual and no norm, so the
    content of a place that the section does not show stays unchanged.
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
        """psi of `count` films with nothing written yet, [B, M, D]."""
        like = self.slot.weight
        tokens: Tensor = self.slot(slot_encodings(*self.size).to(like))
        return tokens.expand(count, -1, -1)
