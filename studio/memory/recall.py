"""Asking the long-term memory what a place of the scene looks like. It knows neither pictures nor how psi is written.

The frame query of "Pretraining Frame Preservation" (2512.23851: a history encoder learns to keep what any queried frame needs),
asked of SemanticPack's psi and place by place: a query is where something is in the scene, the answer what was there.
Letters: B batch, Q queries, M memory tokens, D their width, C channels of an answer.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from studio.memory.attention import Block
from studio.memory.scene_positions import POSITION_FEATURES, encode_positions


@dataclass(frozen=True)
class RecallConfig:
    """All that makes a Recall, but its weights.

    Raises:
        ValueError: numbers that do not go together.
    """

    width: int                # D
    channels: int             # C
    heads: int
    layers: int = 2
    feed_forward: float = 2   # its width in multiples of D, rounded to a whole number

    def __post_init__(self) -> None:
        if min(self.width, self.channels, self.heads, self.layers, self.hidden) < 1 or self.width % self.heads:
            raise ValueError(f"no Recall can be made of {self}")

    @property
    def hidden(self) -> int:
        """Width of the feed-forwards."""
        return round(self.feed_forward * self.width)


@dataclass(frozen=True)
class RecallAnswer:
    """What the memory says about places."""

    values: Tensor     # [B, Q, C]
    log_variance: Tensor      # [B, Q] log of the error's variance it expects, in units of the scale


class Recall(nn.Module):
    """Cross-attention from places to psi. Each place is asked alone: what else is asked changes nothing."""

    scale: Tensor

    def __init__(self, config: RecallConfig) -> None:
        super().__init__()
        self.config = config
        self.ask = nn.Linear(POSITION_FEATURES, config.width)
        self.blocks = nn.ModuleList(Block(config.width, config.heads, config.hidden) for _ in range(config.layers))
        self.answer = nn.Linear(config.width, config.channels + 1)
        self.register_buffer("scale", torch.ones(config.channels))       # [C] deviation of a channel from what one would guess

    def forward(self, psi: Tensor, places: Tensor) -> RecallAnswer:
        """What is remembered of places.

        Args:
            psi: [B, M, D].
            places: [B, Q, 3] columns to the right and rows down in cells at magnification 1, log of the magnification.
        """
        x = self.ask(encode_positions(places).to(psi))
        for block in self.blocks:
            x = block(x, psi)
        answer = self.answer(x).float()
        return RecallAnswer(answer[..., :-1] * self.scale, answer[..., -1])

    def trust(self, recalled: RecallAnswer) -> Tensor:
        """How much of what is recalled is to be taken, [B, Q], where the other guess is off by the scale.

        The Wiener weight where the memory is the better one, and nothing where it is not: a mean of two guesses is grey.
        """
        return (2 * torch.sigmoid(-recalled.log_variance) - 1).clamp(min=0)

