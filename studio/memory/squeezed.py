"""SemanticPack's recurrence on a denoiser's own tokens, and the same with all its snapshots readable.

    psi_{n+1} = Squeeze(psi_n, Memorize(x^n))        (2510.01784, equation 1; structures A, B, C, and A as printed)

The paper's memory is what the newest psi holds. `ReadableSnapshots` (ours) asks psi_0 ... psi_n, which a studio keeps for undo
anyway: what can be rewound to can be remembered.

Letters: B films; N sections; L tokens of a section; M tokens of one psi; Q places asked; D width.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from studio.memory.attention import Block
from studio.memory.learned import Question, Readings, SectionTokens, Start, TokenMemory, add_nothing, give_back, keys_like_queries
from studio.memory.semantic_pack import Squeeze
from studio.memory.semantic_pack_config import SemanticPackConfig

Structure = Literal["A", "B", "C"]
SHARP = 4.0
"""By what queries are multiplied at first in a memory of copies. With 1, all places are read at nearly the same weight."""
PROMPT, SIDE = 8, 4
"""Structure C knows psi_0 by its tokens: so many of the prompt and SIDE x SIDE of the picture, as in SemanticPack."""


class SqueezedMemory(TokenMemory):
    """SemanticPack with one window, a section. psi_0 is learned; the paper's is made of the prompt and the reference image."""

    def __init__(self, width: int, heads: int, hidden: int, tokens: int, structure: Structure = "A", literal: bool = False) -> None:
        """A memory with random weights.

        Args:
            width: D. heads, hidden: of the blocks of Memorize and Squeeze. tokens: M, of psi_0.
            structure: of Squeeze; see there. literal: Squeeze as the paper prints it.

        Raises:
            ValueError: structure C with another number of tokens than PROMPT + SIDE^2.
        """
        if structure == "C" and tokens != PROMPT + SIDE**2:
            raise ValueError(f"structure C begins with {PROMPT + SIDE**2} tokens, not {tokens}")
        super().__init__(width, heads, hidden, tokens)
        config = SemanticPackConfig(width=width, channels=1, text=1, image=1, heads=heads, structure=structure, literal=literal,
                                    text_tokens=PROMPT, image_side=SIDE)
        self.squeeze = Squeeze(config)
        if not literal:
            self.squeeze.block = Block(width, heads, hidden)
        attention = self.squeeze.attention if literal else self.squeeze.block.attention
        keys_like_queries(attention.query, attention.key)

    def fold(self, psi: Tensor, encoded: Tensor) -> Tensor:
        """Squeeze(psi_n, Memorize(x^n))."""
        squeezed: Tensor = self.squeeze(psi, encoded)
        return squeezed


class ReadableSnapshots(SqueezedMemory):
    """Structure A, and psi holds every psi of the branch: [psi_0 | ... | psi_n], [B, (n + 1) M, D]. Q tokens are read.

    The number of tokens of a section is M.
    """

    def __init__(self, width: int, heads: int, hidden: int, tokens: int, start: Start = "random maps") -> None:
        """A memory with random weights; see `SqueezedMemory`.

        `start`: what it gives back at first. With copies a psi begins as the section's tokens (with Squeeze's norm), and reading
        gives back those most like the place: tokens that the denoiser reads of the newest section as well. To exact copies the
        asked place is not added: they have the place where they were seen.
        """
        super().__init__(width, heads, hidden, tokens)
        self.adds_place = start != "exact copies"
        self.tokens = tokens
        self.reader = Block(width, heads, hidden)
        attention = self.reader.attention
        keys_like_queries(attention.query, attention.key)
        if start != "random maps":
            for block in (self.memorize, self.squeeze.block, self.reader):
                add_nothing(block)
            give_back(attention.value, attention.out)
            nn.init.constant_(attention.query_norm.weight, SHARP)

    def fold(self, psi: Tensor, encoded: Tensor) -> Tensor:
        """The old psi with one more behind it."""
        return torch.cat([psi, super().fold(psi[:, -self.tokens:], encoded)], dim=1)

    def read(self, psi: Tensor, question: Question) -> Tensor:
        """What the places in flight find in all psi, [B, Q, D]."""
        return self._ask(question.tokens, psi)

    def read_along(self, sections: SectionTokens, questions: Question) -> Readings:
        """One attention for all sections, each of which sees psi_0 to its own."""
        films, count = questions.tokens.shape[:2]
        encoded = self.encode(sections).unflatten(0, (films, count))
        psi = self.begin(films)
        for n in range(count - 1):
            psi = self.fold(psi, encoded[:, n])
        asked = questions.tokens.shape[2]
        index = torch.arange(count, device=psi.device)
        seen = (index[:, None] >= index).repeat_interleave(self.tokens, dim=1).repeat_interleave(asked, dim=0)   # [N Q, N M]
        return Readings(self._ask(questions.tokens.flatten(1, 2), psi, seen).unflatten(1, (count, asked)))

    def _ask(self, places: Tensor, psi: Tensor, seen: Tensor | None = None) -> Tensor:
        read: Tensor = self.reader(places, psi, seen)
        return read if self.adds_place else read - places
