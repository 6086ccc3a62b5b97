"""A reader of all psi of a branch: what can be rewound to can be remembered. This project's own, not part of the papers.

SemanticPack's newest psi forgets what older ones held. A film that can be rewound keeps them all, so the next section asks them:

    tokens = Read([psi_0 | psi_1 | ... | psi_n], n)

R learned queries, which know how many sections the film has, attend to the tokens of every psi, which know their section. Of a long
film only some psi are asked: the first, the newest, and those most like the newest.

Letters: B films, n sections, m tokens of one psi, M of all, R tokens read, D width.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.memory.attention import Block

WAVES = 8
"""Frequencies of a section's number."""
LONGEST = 512.0
"""Sections in the longest period."""


class SnapshotReader(nn.Module):
    """Learned queries over the psi of all sections."""

    def __init__(self, width: int, heads: int, hidden: int, tokens: int, most: int) -> None:
        """Random weights.

        Args:
            width: D. heads, hidden: of the attention block. tokens: R.
            most: psi that are asked at most; 0: all.
        """
        super().__init__()
        self.most = most
        self.queries = nn.Parameter(torch.randn(tokens, width) / math.sqrt(width))
        self.asked, self.written = nn.Linear(2 * WAVES, width), nn.Linear(2 * WAVES, width)
        self.block = Block(width, heads, hidden)

    def forward(self, psi: Tensor, first: int, each: int) -> Tensor:
        """What a section reads, [B, R, D].

        Args:
            psi: [B, M, D], psi_0 of `first` tokens and the psi of sections, of `each` tokens.

        Raises:
            ValueError: the tokens cannot be shared so.
        """
        if psi.shape[1] < first or (psi.shape[1] - first) % each:
            raise ValueError(f"{psi.shape[1]} tokens are not a psi_0 of {first} and the psi of sections, {each} each")
        sections = (psi.shape[1] - first) // each
        begin, after = psi[:, :first], psi[:, first:].reshape(len(psi), sections, each, psi.shape[2])
        chosen = torch.arange(sections, device=psi.device).expand(len(psi), -1)                       # [B, k] sections
        if self.most and sections > self.most - 1:
            chosen = self._nearest(after)
            after = after.gather(1, chosen[..., None, None].expand(-1, -1, each, psi.shape[2]))
        numbers = self.written(_waves(torch.arange(sections + 1).to(psi)))                            # [n + 1, D]
        tokens = [begin + numbers[0], (after + numbers[1 + chosen][:, :, None]).flatten(1, 2)]
        queries = self.queries + self.asked(_waves(psi.new_full((1,), sections)))
        read: Tensor = self.block(queries.expand(len(psi), -1, -1), torch.cat(tokens, dim=1))
        return read

    def _nearest(self, psi: Tensor) -> Tensor:
        """Indices [B, most - 1], in order, of the newest of psi [B, n, m, D] and of those whose means are most like its mean."""
        means = F.normalize(psi.detach().mean(dim=2), dim=2)                                          # [B, n, D]
        likeness = (means @ means[:, -1:].mT)[..., 0]
        likeness[:, -1] = math.inf
        return likeness.topk(self.most - 1, dim=1).indices.sort(dim=1).values


def _waves(numbers: Tensor) -> Tensor:
    """Sines and cosines of numbers [K], [K, 2 WAVES]."""
    periods = 2 * (LONGEST / 2) ** (torch.arange(WAVES, device=numbers.device) / (WAVES - 1))
    angles = 2 * math.pi * numbers[:, None].float() / periods
    return torch.cat([angles.sin(), angles.cos()], dim=1).to(numbers.dtype)
