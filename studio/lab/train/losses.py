"""The film model's errors: what it says against what is true of the film, each in a unit of its own. It knows no network.

Letters: B batch, D drawn channels, W window, h and w latent height and width.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from studio.backbones.animatic.heads import Heads
from studio.backbones.animatic.state import FilmState
from studio.lab.train.encoded import Truth

WEIGHTS = {"way": 1.0, "flow": 24.0, "light": 24.0, "weather": 4.0, "gates": 0.3, "drawn": 0.3}
EDGE = 6.0
"""Cells from the middle at which an error of the magnification is looked at."""
UNSEEN = 0.3
"""Weight of the flow where nothing was seen."""
SOFT, RARE = 0.1, 0.5
"""Errors below this count by their square, larger ones by their size: of the way, and of what is rare.

What most sections lack (a figure's movement, a flicker, a lamp's pool) must count by its square: by its size, the best guess is
the median, and the median of something rare is nothing."""


@dataclass(frozen=True)
class Errors:
    """The loss, and its parts as numbers."""

    loss: Tensor
    parts: dict[str, float]


def errors(heads: Heads, state: FilmState, drawn: Tensor, truth: Truth, sigma: Tensor, deviation: Tensor) -> Errors:
    """Errors of what is said about a batch of sections.

    Args:
        heads: what the network says.
        state: the film's state as it follows from that, [B, W].
        drawn: [B, D, W, h, w] the estimate of the drawn channels.
        truth: with a batch dimension in front of each field.
        sigma: [B, 1, 1, 1, 1].
        deviation: [D] of what is drawn.
    """
    trusted = truth.trusted.view(-1, 1, 1)
    unit = truth.way.new_tensor([1.0, 1.0, EDGE])
    way = _soft(trusted * (heads.camera - truth.way) * unit, SOFT).sum(-1).mean()
    # Where nothing was seen, flow bends what is mirrored there: less is at stake, but it must not be anything.
    counts = (UNSEEN + (1 - UNSEEN) * truth.known.unsqueeze(2)) * trusted[..., None, None]
    flow = (counts * _soft(heads.flow - truth.flow, RARE)).mean()
    light = _soft(trusted[..., None, None] * (state.light - truth.light), RARE).mean()
    weather = _soft(state.weather - truth.weather, RARE).mean()
    gates = torch.stack([heads.light_gate, heads.weather_gate], dim=-1)                   # [B, W, 2]
    # Where nothing is asked for, gates are shut; where something is, they are open at the section's end.
    shut, open_ = (truth.says == 0).float(), (truth.says == 1).float()
    gate = (shut[:, None] * gates).square().mean() + (open_ * (1 - gates[:, -1])).square().mean()
    unknown = (1 - truth.known).unsqueeze(1)
    weight = unknown / (unknown.sum() * deviation.square().sum()).clamp(min=1e-6)
    new = (weight * (drawn - truth.scene).square() / (sigma**2 + 0.05)).sum()
    parts = {"way": way, "flow": flow, "light": light, "weather": weather, "gates": gate, "drawn": new}
    loss = torch.stack([WEIGHTS[name] * part for name, part in parts.items()]).sum()
    return Errors(loss, {name: float(part.detach()) for name, part in parts.items()})


def _soft(error: Tensor, least: float) -> Tensor:
    return F.smooth_l1_loss(error, torch.zeros_like(error), reduction="none", beta=least)
