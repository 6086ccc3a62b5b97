"""What memories that are trained together with a denoiser have in common, and how a film goes through them.

    psi_0 = begin(),    psi_{n+1} = fold(psi_n, encode(x^n)),    tokens that section n reads = read(psi_n, its places)

Encoding looks at one section alone, so all sections of a film can be encoded at once in training; folding is the recurrence;
reading gives the denoiser the same number of tokens however long the film is, except for memories that append.

Letters: B films; N sections of a film; L tokens of a section; Q tokens in flight (of the section that is made); M rows of psi;
R tokens read; D width; P features of a place.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.memory.attention import Block

Start = Literal["random maps", "copies", "exact copies"]
"""What a memory gives back before it has learned anything: random maps of what was seen; what was seen, with its place added twice
(when it is kept and when it is asked for); or the tokens that the denoiser reads of a newest section, whose place is added once."""


@dataclass(frozen=True)
class SectionTokens:
    """Finished sections as the denoiser sees them."""

    latents: Tensor     # [B, C, T, h, w]
    tokens: Tensor      # [B, L, D] their patches, with their places added
    placed: Tensor      # [B, L, D] their places alone, embedded by the denoiser
    places: Tensor      # [B, L, P]


@dataclass(frozen=True)
class Question:
    """Where the section that is made looks."""

    tokens: Tensor      # [B, Q, D] the places, embedded by the denoiser
    places: Tensor      # [B, Q, P]


@dataclass(frozen=True)
class Readings:
    """What all sections of films read."""

    tokens: Tensor                  # [B, N, R, D]; [B, 1, R, D] where all sections read from one row of tokens
    seen: Tensor | None = None      # [N, R] bool: which of them each section may see; None: all


class LearnedMemory(nn.Module, ABC):
    """A long-term memory that a denoiser asks by place. Its methods are pure."""

    appends = False
    """Whether psi grows by rows with every section, and all of it is read."""

    @abstractmethod
    def begin(self, films: int) -> Tensor:
        """psi_0 [B, M, .] of films without sections."""

    @abstractmethod
    def encode(self, sections: SectionTokens) -> Tensor:
        """What is written of each section alone, [B, ., .]."""

    @abstractmethod
    def fold(self, psi: Tensor, encoded: Tensor) -> Tensor:
        """psi_{n+1} from psi_n [B, M, .] and one encoded section."""

    @abstractmethod
    def read(self, psi: Tensor, question: Question) -> Tensor:
        """The tokens [B, R, D] that a section reads of psi [B, M, .]."""

    def update(self, psi: Tensor, section: SectionTokens) -> Tensor:
        """psi_{n+1} from psi_n and a finished section."""
        return self.fold(psi, self.encode(section))

    def read_along(self, sections: SectionTokens, questions: Question) -> Readings:
        """What every section of films reads of the sections before it, with one encoding of all of them.

        Args:
            sections: the films' sections, [B N, ...], film by film.
            questions: of tokens [B, N, Q, D] and places [B, N, Q, P].
        """
        films, count = questions.tokens.shape[:2]
        encoded = self.encode(sections).unflatten(0, (films, count))
        psi, read = self.begin(films), []
        for n in range(count):
            read.append(self.read(psi, Question(questions.tokens[:, n], questions.places[:, n])))
            if n < count - 1:
                psi = self.fold(psi, encoded[:, n])
        longest = max(tokens.shape[1] for tokens in read)
        if all(tokens.shape[1] == longest for tokens in read):
            return Readings(torch.stack(read, dim=1))
        seen = torch.arange(longest, device=psi.device) < torch.tensor([[tokens.shape[1]] for tokens in read], device=psi.device)
        padded = [F.pad(tokens, (0, 0, 0, longest - tokens.shape[1])) for tokens in read]
        return Readings(torch.stack(padded, dim=1), seen)


class TokenMemory(LearnedMemory):
    """A memory whose psi is tokens [B, M, D], all of which are read. The first ones are learned."""

    def __init__(self, width: int, heads: int, hidden: int, tokens: int) -> None:
        """`width`: D. `heads`, `hidden`: of Memorize's block. `tokens`: M of psi_0."""
        super().__init__()
        self.start = nn.Parameter(torch.randn(tokens, width) * 0.5)
        self.memorize = memorize_block(width, heads, hidden)

    def begin(self, films: int) -> Tensor:
        """The learned psi_0."""
        return self.start.expand(films, -1, -1)

    def encode(self, sections: SectionTokens) -> Tensor:
        """Memorize(x^n): the section's tokens after self-attention, [B, L, D]."""
        encoded: Tensor = self.memorize(sections.tokens)
        return encoded

    def read(self, psi: Tensor, question: Question) -> Tensor:
        """All rows of psi: the network chooses among them."""
        return psi


class AppendedMemory(LearnedMemory):
    """A memory whose psi is all that was encoded, one section after the other: [B, n m, D] for m tokens a section."""

    appends = True

    def __init__(self, width: int) -> None:
        """`width`: D."""
        super().__init__()
        self.width = width

    def begin(self, films: int) -> Tensor:
        """psi_0 without tokens, [B, 0, D]."""
        return next(self.parameters()).new_zeros(films, 0, self.width)

    def fold(self, psi: Tensor, encoded: Tensor) -> Tensor:
        """[psi_n | encoded section]."""
        return torch.cat([psi, encoded], dim=1)

    def read(self, psi: Tensor, question: Question) -> Tensor:
        """All rows of psi: the network chooses among them."""
        return psi

    def read_along(self, sections: SectionTokens, questions: Question) -> Readings:
        """All tokens once, and which of them each section may see."""
        films, count = questions.tokens.shape[:2]
        encoded = self.encode(sections).unflatten(0, (films, count))
        return Readings(encoded.flatten(1, 2)[:, None], before(count, encoded.shape[2], encoded.device))


def before(count: int, tokens: int, device: torch.device | None = None) -> Tensor:
    """[count, count tokens] bool: section n sees the tokens of the sections before it."""
    index = torch.arange(count, device=device)
    return (index[:, None] > index).repeat_interleave(tokens, dim=1)


def memorize_block(width: int, heads: int, hidden: int) -> Block:
    """Self-attention over a section's tokens, in which like finds like at first."""
    block = Block(width, heads, hidden)
    keys_like_queries(block.attention.query, block.attention.key)
    return block


@torch.no_grad()
def add_nothing(block: Block) -> None:
    """Let a block begin as the identity: its attention and its feed-forward add nothing to what goes through."""
    feed_forward = block.feed_forward[-1]
    assert isinstance(feed_forward, nn.Linear)
    for layer in (block.attention.out, feed_forward):
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)


@torch.no_grad()
def give_back(value: nn.Linear, out: nn.Linear) -> None:
    """Let `out` begin as the inverse of `value`, so that what is kept comes back as it was.

    `value` is turned at random, so that each head keeps a part of everything. It must be no narrower than its input.
    """
    nn.init.orthogonal_(value.weight)
    out.weight.copy_(value.weight.T)
    nn.init.zeros_(value.bias)
    nn.init.zeros_(out.bias)


@torch.no_grad()
def keys_like_queries(query: nn.Linear, key: nn.Linear) -> None:
    """Let keys begin equal to queries, so that like finds like: above all equal places.

    Without it every memory spends its first thousands of steps on learning that, full history too.
    """
    key.weight.copy_(query.weight)
    key.bias.copy_(query.bias)
