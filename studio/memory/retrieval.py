"""Retrieval: all frames are kept, and those are read that show most of the places a section looks at.

As in Context-as-Memory (2506.03141). Nothing is learned in choosing.
Letters: B films, n frames kept, l tokens of a frame, Q places asked, D width, P features of a place.
"""

from __future__ import annotations

import torch
from torch import Tensor

from studio.memory.learned import LearnedMemory, Question, Readings, SectionTokens, memorize_block

NEAR = 8.0
"""Squared distance of two places' features at which one shows 1 / e of the other."""


class Retrieval(LearnedMemory):
    """psi is the frames' tokens and places, [B, n l, D + P]; `frames` of them are read."""

    def __init__(self, width: int, heads: int, hidden: int, places: int, frame_tokens: int, frames: int = 2) -> None:
        """A memory with random weights.

        Args:
            width: D. heads, hidden: of Memorize's block. places: P. frame_tokens: l. frames: how many are read.
        """
        super().__init__()
        self.width, self.places, self.frame_tokens, self.frames = width, places, frame_tokens, frames
        self.memorize = memorize_block(width, heads, hidden)

    def begin(self, films: int) -> Tensor:
        """Nothing kept, [B, 0, D + P]."""
        return next(self.parameters()).new_zeros(films, 0, self.width + self.places)

    def encode(self, sections: SectionTokens) -> Tensor:
        """Tokens after self-attention, and their places, [B, L, D + P]."""
        return torch.cat([self.memorize(sections.tokens), sections.places], dim=2)

    def fold(self, psi: Tensor, encoded: Tensor) -> Tensor:
        """[psi_n | encoded section]."""
        return torch.cat([psi, encoded], dim=1)

    def read(self, psi: Tensor, question: Question) -> Tensor:
        """The tokens of the frames that are chosen one by one for the places not shown yet, newer ones first: [B, frames l, D]."""
        if psi.shape[1] < self.frames * self.frame_tokens:
            return question.tokens.new_zeros(len(question.tokens), self.frames * self.frame_tokens, self.width)
        kept = psi.unflatten(1, (-1, self.frame_tokens))                                             # [B, n, l, D + P]
        places = kept[..., self.width:]
        distance = torch.cdist(question.places, places.flatten(1, 2)).square().unflatten(2, places.shape[1:3])
        shown = (-distance.amin(dim=3) / NEAR).exp().mT                                              # [B, n, Q]
        newness = torch.arange(shown.shape[1], device=psi.device) / (1000 * shown.shape[1])
        wanted, chosen, row = torch.ones_like(shown[:, 0]), [], torch.arange(len(psi), device=psi.device)
        free = torch.ones_like(shown[..., 0], dtype=torch.bool)
        for _ in range(self.frames):
            score = (shown @ wanted[..., None])[..., 0] + newness
            pick = score.masked_fill(~free, -1).argmax(dim=1)                                        # [B]
            chosen.append(kept[row, pick, :, :self.width])
            wanted = wanted * (1 - shown[row, pick])
            free = free.scatter(1, pick[:, None], False)
        return torch.cat(chosen, dim=1)

    def read_along(self, sections: SectionTokens, questions: Question) -> Readings:
        """As any memory; the first section sees none of the zeros it is given."""
        read = super().read_along(sections, questions).tokens
        seen = torch.ones(read.shape[1:3], dtype=torch.bool, device=read.device)
        seen[0] = False
        return Readings(read, seen)
