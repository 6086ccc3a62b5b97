"""Asking the long-term memory what a place of the scene looks like. It knows neither pictures nor how psi is written.

The frame query of "Pretraining Frame Preservation" (2512.23851: a history encoder learns to keep what any queried frame needs),
asked of SemanticPack's psi and place by place: a query is where something is in the scene, the answer what was there.
Letters: B batch, Q queries, M memory tokens, D their width, C channels of an answer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from studio.memory.semantic_pack import Block

WAVES = 8
"""Wavelengths of a coordinate."""
SHORTEST, LONGEST = 2.0, 256.0
"""Cells."""
FEATURES = 4 * WAVES + 1


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
    feed_forward: int = 2     # its width in multiples of D

    def __post_init__(self) -> None:
        if min(self.width, self.channels, self.heads, self.layers, self.feed_forward) < 1 or self.width % self.heads:
            raise ValueError(f"no Recall can be made of {self}")


@dataclass(frozen=True)
class Recalled:
    """What the memory says about places."""

    values: Tensor     # [B, Q, C]
    doubt: Tensor      # [B, Q] log of the error's variance it expects, in units of the scale


class Recall(nn.Module):
    """Cross-attention from places to psi. Each place is asked alone: what else is asked changes nothing."""

    scale: Tensor

    def __init__(self, config: RecallConfig) -> None:
        super().__init__()
        self.config = config
        self.ask = nn.Linear(FEATURES, config.width)
        self.blocks = nn.ModuleList(Block(config.width, config.heads, config.feed_forward) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width)
        self.answer = nn.Linear(config.width, config.channels + 1)
        self.register_buffer("scale", torch.ones(config.channels))       # [C] deviation of a channel from what one would guess

    def forward(self, psi: Tensor, places: Tensor) -> Recalled:
        """What is remembered of places.

        Args:
            psi: [B, M, D].
            places: [B, Q, 3] columns to the right and rows down in cells at magnification 1, log of the magnification.
        """
        x = self.ask(waves(places).to(psi))
        for block in self.blocks:
            x = block(x, psi)
        answer = self.answer(self.norm(x)).float()
        return Recalled(answer[..., :-1] * self.scale, answer[..., -1])

    def share(self, recalled: Recalled) -> Tensor:
        """How much of what is recalled is to be taken, [B, Q], where the other guess is off by the scale: the Wiener weight."""
        return torch.sigmoid(-recalled.doubt)


def waves(places: Tensor) -> Tensor:
    """Places [..., 3] as sines and cosines of their coordinates, and the magnification, [..., FEATURES].

    Products of two such vectors depend on the distance of the places, as with rotary phases, at every scale.
    """
    steps = torch.arange(WAVES, device=places.device) / (WAVES - 1)
    angles = 2 * math.pi * places[..., :2, None] / (SHORTEST * (LONGEST / SHORTEST) ** steps)       # [..., 2, WAVES]
    return torch.cat([angles.sin().flatten(-2), angles.cos().flatten(-2), places[..., 2:]], dim=-1)
