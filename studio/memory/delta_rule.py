"""The delta rule: a memory of constant size, a matrix that maps places to what was seen there (Gated DeltaNet, 2412.06464).

Each head holds a matrix S. A section first lets it fade a little; then every token i corrects what S answers to its key:

    S <- decay S,    S <- S + k_i (write_i v_i - erase_i S' k_i)'        for i = 1 ... L,    k_i of length 1

With erase and write gates of their own (Gated DeltaNet-2, 2605.22791). The L corrections are one triangular solve. A section reads
S' q with queries q of its own places.

Letters: B films, L tokens of a section, Q places asked, H heads, k numbers of a key and v of a value in each head, D width,
P features of a place.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.memory.learned import LearnedMemory, Question, SectionTokens, Start, add_nothing, give_back, memorize_block

DECAY = 4.6
"""Before the sigmoid: 0.99 a section at first."""
OPEN, WIDE_OPEN = 2.0, 4.0
"""Gates before the sigmoid, at first: 0.88; and 0.98 in a memory of copies."""


class DeltaRule(LearnedMemory):
    """psi is the matrices of all heads, [B, H k, v]. A head tells at most k places apart, so long keys hold more places."""

    def __init__(
        self, width: int, heads: int, hidden: int, places: int, key: int = 64, value: int = 64, start: Start = "random maps"
    ) -> None:
        """A memory with random weights.

        Args:
            width: D. heads: H. hidden: inner width of Memorize's feed-forward. places: P. key: k. value: v.
            start: what it gives back at first. Copies are ours, and need H v of D at least: the denoiser reads tokens of the newest
                section anyway. Of exact copies the place is left out when they are kept, since the question adds it.
        """
        super().__init__()
        copies, self.leaves_place = start != "random maps", start == "exact copies"
        self.heads, self.key_size, self.value_size = heads, key, value
        self.memorize = memorize_block(width, heads, hidden)
        # Keys begin as random waves of the place: with them every place has a key of its own from the first step on.
        self.waves, self.mix = nn.Linear(places, 2 * width), nn.Linear(2 * width, heads * key, bias=False)
        nn.init.normal_(self.waves.weight)
        nn.init.uniform_(self.waves.bias, -math.pi, math.pi)
        self.content, self.value = nn.Linear(width, heads * key, bias=False), nn.Linear(width, heads * value)
        self.gates, self.out = nn.Linear(width, 2 * heads), nn.Linear(heads * value, width)
        self.decay = nn.Parameter(torch.full((heads, 1, 1), DECAY))
        nn.init.zeros_(self.content.weight)
        nn.init.zeros_(self.gates.weight)
        nn.init.constant_(self.gates.bias, WIDE_OPEN if copies else OPEN)
        if copies:
            add_nothing(self.memorize)
            give_back(self.value, self.out)

    def begin(self, films: int) -> Tensor:
        """Empty matrices."""
        return self.decay.new_zeros(films, self.heads * self.key_size, self.value_size)

    def encode(self, sections: SectionTokens) -> Tensor:
        """Key, value, erase and write of every token and head, [B, L, H (k + v + 2)]."""
        new = self.memorize(sections.tokens)
        key = F.normalize(self._split(self._place(sections.places) + self.content(new)), dim=-1)
        gates = self._split(self.gates(new).sigmoid())                                   # [B, H, L, 2]
        kept = new - sections.placed if self.leaves_place else new
        return torch.cat([key, self._split(self.value(kept)), gates], dim=-1).transpose(1, 2).flatten(2)

    def fold(self, psi: Tensor, encoded: Tensor) -> Tensor:
        """The matrices after a section's corrections."""
        key, value, erase, write = self._split(encoded).split([self.key_size, self.value_size, 1, 1], dim=-1)      # [B, H, L, .]
        state = psi.unflatten(1, (self.heads, self.key_size)) * self.decay.sigmoid()
        # The corrections e_i solve e_i = write_i v_i - erase_i (S' k_i + sum over j < i of e_j k_j'k_i).
        system = torch.eye(key.shape[2], device=key.device, dtype=key.dtype) + erase * (key @ key.mT).tril(-1)
        wanted = write * value - erase * (key @ state)
        correction = torch.linalg.solve_triangular(system, wanted, upper=False, unitriangular=True)
        return (state + key.mT @ correction).flatten(1, 2)

    def read(self, psi: Tensor, question: Question) -> Tensor:
        """What the matrices answer to the places in flight, added to the places: [B, Q, D]."""
        query = F.normalize(self._split(self._place(question.places)), dim=-1)
        answer = query @ psi.unflatten(1, (self.heads, self.key_size))                       # [B, H, Q, v]
        read: Tensor = self.out(answer.transpose(1, 2).flatten(2)) + question.tokens
        return read

    def _place(self, places: Tensor) -> Tensor:
        return self.mix(self.waves(places).cos())

    def _split(self, x: Tensor) -> Tensor:
        """[B, L, H .] to [B, H, L, .]."""
        return x.unflatten(2, (self.heads, -1)).transpose(1, 2)
