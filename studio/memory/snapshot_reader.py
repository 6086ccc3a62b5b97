"""A reader of all psi of a branch: what can be rewound to can be remembered. This project's own, not part of the papers.

SemanticPack's newest psi forgets what older ones held. A film that can be rewound keeps them all, so the next section asks them:

    tokens = Read([psi_0 | psi_1 | ... | psi_n], n)

R learned queries, which know how many sections the film has, attend to the tokens of every psi, which know their section. Of a long
film only some psi are asked: the first, the newest, and those most like the newest.
An artist may choose as well (`SectionChoice`): pinned sections are always asked, forgotten ones never, and those of another branch
beside them. A section keeps its number whatever is forgotten. A forgotten one may leave traces in the psi after it, which were
computed from it: only its own rows are not read.

Letters: B films, n sections, m tokens of one psi, M of all, R tokens read, D width.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.memory.attention import Block
from studio.memory.protocol import SectionRows

WAVES = 8
"""Frequencies of a section's number."""
LONGEST = 512.0
"""Sections in the longest period."""


@dataclass(frozen=True)
class SectionChoice:
    """Which sections of one film are asked whatever they hold."""

    always: frozenset[int] = frozenset()        # by number, from 0
    never: frozenset[int] = frozenset()         # likewise; they outweigh `always`
    beside: tuple[SectionRows, ...] = ()        # of other branches


NO_CHOICE = SectionChoice()


def find_sections(after: Tensor, pinned: Sequence[SectionRows], forgotten: Sequence[SectionRows]) -> SectionChoice:
    """The sections of psi [n, m, D] whose rows are pinned or forgotten, by their values. Pinned ones that it lacks are `beside`."""
    never = {number for rows in forgotten for one in rows.rows for number in _same(after, one)}
    gone = [one for rows in forgotten for one in rows.rows]
    always, beside = set[int](), list[SectionRows]()
    for rows in pinned:
        for place, one in enumerate(rows.rows):
            found = _same(after, one)
            always.update(found)
            twice = any(torch.equal(one, other.rows[0].to(one)) for other in beside)
            if not found and not twice and not any(torch.equal(one, other.to(one)) for other in gone):
                beside.append(SectionRows(one[None], rows.before + place))
    return SectionChoice(frozenset(always - never), frozenset(never), tuple(beside))


def _same(after: Tensor, rows: Tensor) -> list[int]:
    """The numbers of sections of psi [n, m, D] with exactly these rows [m, D]."""
    if after.shape[1:] != rows.shape:
        return []
    rows = rows.to(after)
    candidates = (after[:, 0] == rows[0]).all(dim=1).nonzero().flatten().tolist()
    return [number for number in candidates if torch.equal(after[number], rows)]


class SnapshotReader(nn.Module):
    """Learned queries over the psi of all sections."""

    def __init__(self, width: int, heads: int, hidden: int, tokens: int, most: int) -> None:
        """Random weights.

        Args:
            width: D. heads, hidden: of the attention block. tokens: R.
            most: psi that are asked at most, unless more are pinned; 0: all.
        """
        super().__init__()
        self.most = most
        self.queries = nn.Parameter(torch.randn(tokens, width) / math.sqrt(width))
        self.asked, self.written = nn.Linear(2 * WAVES, width), nn.Linear(2 * WAVES, width)
        self.block = Block(width, heads, hidden)

    def forward(self, psi: Tensor, first: int, each: int, choice: SectionChoice = NO_CHOICE) -> Tensor:
        """What a section reads, [B, R, D].

        Args:
            psi: [B, M, D], psi_0 of `first` tokens and the psi of sections, of `each` tokens.
            choice: which sections are asked in any case; not of several films at once.

        Raises:
            ValueError: the tokens cannot be shared so.
        """
        begin, after = split_sections(psi, first, each)
        sections = after.shape[1]
        chosen = self._chosen(after, choice)                                                          # [B, k] sections
        if chosen.shape[1] < sections:
            after = after.gather(1, chosen[..., None, None].expand(-1, -1, each, psi.shape[2]))
        numbers = self.written(_waves(torch.arange(sections + 1).to(psi)))                            # [n + 1, D]
        tokens = [begin + numbers[0], (after + numbers[1 + chosen][:, :, None]).flatten(1, 2)]
        for other in choice.beside:
            own = self.written(_waves(other.before + 1 + torch.arange(len(other.rows)).to(psi)))      # [k, D]
            tokens.append((other.rows.to(psi) + own[:, None]).flatten(0, 1).expand(len(psi), -1, -1))
        queries = self.queries + self.asked(_waves(psi.new_full((1,), sections)))
        read: Tensor = self.block(queries.expand(len(psi), -1, -1), torch.cat(tokens, dim=1))
        return read

    def _chosen(self, psi: Tensor, choice: SectionChoice) -> Tensor:
        """Numbers [B, k], in order, of those of psi [B, n, m, D] that are asked.

        The newest, pinned ones, and, up to `most` with psi_0, those whose means are most like the newest one's mean.
        """
        left = [number for number in range(psi.shape[1]) if number not in choice.never]
        if not self.most or len(left) <= self.most - 1:
            return torch.tensor(left, dtype=torch.long, device=psi.device).expand(len(psi), -1)
        certain = sorted({left[-1], *(choice.always & set(left))})
        means = F.normalize(psi.detach().mean(dim=2), dim=2)                                          # [B, n, D]
        likeness = (means @ means[:, left[-1] : left[-1] + 1].mT)[..., 0]
        likeness[:, certain] = math.inf
        likeness[:, sorted(choice.never)] = -math.inf
        return likeness.topk(max(self.most - 1, len(certain)), dim=1).indices.sort(dim=1).values


def split_sections(psi: Tensor, first: int, each: int) -> tuple[Tensor, Tensor]:
    """psi_0 [B, first, D] and the psi of all sections [B, n, each, D] of psi [B, M, D].

    Raises:
        ValueError: the tokens cannot be shared so.
    """
    if psi.shape[1] < first or (psi.shape[1] - first) % each:
        raise ValueError(f"{psi.shape[1]} tokens are not a psi_0 of {first} and the psi of sections, {each} each")
    sections = (psi.shape[1] - first) // each
    return psi[:, :first], psi[:, first:].reshape(len(psi), sections, each, psi.shape[2])


def _waves(numbers: Tensor) -> Tensor:
    """Sines and cosines of numbers [K], [K, 2 WAVES]."""
    periods = 2 * (LONGEST / 2) ** (torch.arange(WAVES, device=numbers.device) / (WAVES - 1))
    angles = 2 * math.pi * numbers[:, None].float() / periods
    return torch.cat([angles.sin(), angles.cos()], dim=1).to(numbers.dtype)
