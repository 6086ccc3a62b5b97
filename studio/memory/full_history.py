"""The whole film as its memory: every token of every section is kept and read. The upper bound of what can be remembered."""

from __future__ import annotations

from torch import Tensor

from studio.memory.learned import AppendedMemory, SectionTokens, memorize_block


class FullHistory(AppendedMemory):
    """psi_n = the tokens of all sections before n, each section after self-attention: [B, n L, D]."""

    def __init__(self, width: int, heads: int, hidden: int) -> None:
        """`hidden`: inner width of the feed-forward."""
        super().__init__(width)
        self.memorize = memorize_block(width, heads, hidden)

    def encode(self, sections: SectionTokens) -> Tensor:
        """The section's tokens after self-attention, [B, L, D]."""
        encoded: Tensor = self.memorize(sections.tokens)
        return encoded
