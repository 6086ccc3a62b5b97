"""The whole film as its memory: every token of every section is kept and read. The upper bound of what can be remembered."""

from __future__ import annotations

from torch import Tensor

from studio.memory.learned import AppendedMemory, SectionTokens, Start, add_nothing, memorize_block


class FullHistory(AppendedMemory):
    """psi_n = the tokens of all sections before n, each section after self-attention: [B, n L, D]."""

    def __init__(self, width: int, heads: int, hidden: int, start: Start = "random maps") -> None:
        """A memory with random weights.

        `hidden`: inner width of the feed-forward.
        `start`: what is read at first. All copies are exact here, since tokens are read as they are.
        """
        super().__init__(width)
        self.memorize = memorize_block(width, heads, hidden)
        if start != "random maps":
            add_nothing(self.memorize)

    def encode(self, sections: SectionTokens) -> Tensor:
        """The section's tokens after self-attention, [B, L, D]."""
        encoded: Tensor = self.memorize(sections.tokens)
        return encoded
