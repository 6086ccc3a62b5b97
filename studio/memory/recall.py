"""Recall: queries the long-term memory psi by position in the scene. This project's own part.

After the frame query of "Pretraining Frame Preservation" (2512.23851), in which a history encoder learns to keep what any queried
frame needs. Here the query is a place in the scene, the answer the scene's channels at that place, and the history is psi.
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
    """The architecture of a `Recall`.

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
        """Inner width of the feed-forwards."""
        return round(self.feed_forward * self.width)


@dataclass(frozen=True)
class RecallAnswer:
    """The scene's channels at the queried places, as far as the memory holds them."""

    values: Tensor        # [B, Q, C]
    log_variance: Tensor  # [B, Q] log of the expected variance of the error, in units of the scale


class Recall(nn.Module):
    """Cross-attention from places to psi. Every place is answered independently of the other places in the query."""

    scale: Tensor

    def __init__(self, config: RecallConfig) -> None:
        """Random weights; see `adapter.load_recall` for trained ones."""
        super().__init__()
        self.config = config
        self.ask = nn.Linear(POSITION_FEATURES, config.width)
        self.blocks = nn.ModuleList(Block(config.width, config.heads, config.hidden) for _ in range(config.layers))
        self.answer = nn.Linear(config.width, config.channels + 1)
        self.register_buffer("scale", torch.ones(config.channels))       # [C] deviation of a channel from the best other estimate

    def forward(self, psi: Tensor, places: Tensor) -> RecallAnswer:
        """The memory's answer for places.

        Args:
            psi: [B, M, D].
            places: [B, Q, 3] columns to the right and rows down in cells at magnification 1, and log of the magnification.
        """
        x = self.ask(encode_positions(places).to(psi))
        for block in self.blocks:
            x = block(x, psi)
        answer = self.answer(x).float()
        return RecallAnswer(answer[..., :-1] * self.scale, answer[..., -1])

    def trust(self, recalled: RecallAnswer) -> Tensor:
        """Weight [B, Q] of the answers against another estimate whose error has the deviation `scale`.

        The Wiener weight, mapped so that it is 0 where the answer is expected to be no better than the other estimate: a mean of
        two different pictures would be grey.
        """
        return (2 * torch.sigmoid(-recalled.log_variance) - 1).clamp(min=0)

