"""The film model's loss: errors of its predictions against the truth of a film, each part in a unit of its own.

Letters: B batch, D drawn channels, W window, h and w latent height and width.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from studio.backbones.animatic.heads import Heads
from studio.backbones.animatic.state import FilmState
from studio.lab.train.encoding import Truth

WEIGHTS = {"way": 1.0, "flow": 24.0, "light": 24.0, "weather": 4.0, "gates": 0.3, "drawn": 0.3}
"""Of the loss's parts."""
EDGE = 6.0
"""The log magnification's error is multiplied by this. So many cells from the middle, an error of 1 is about as many cells."""
UNSEEN = 0.3
"""Weight of the flow's error in cells that the base frame did not show."""
SOFT, RARE = 0.1, 0.5
"""Errors below this count by their square, larger ones by their size. SOFT is for the way; RARE is for flow, light and weather.

Most sections have no moving figure, no flicker and no lamp. If small errors counted by their size, the best prediction would be the
median, which is zero for anything so rare; if they count by their square, it is the mean."""


@dataclass(frozen=True)
class FilmLoss:
    """The loss, and its unweighted parts as numbers."""

    loss: Tensor                   # [] with its gradient
    parts: dict[str, float]        # by the names in WEIGHTS


def film_loss(heads: Heads, state: FilmState, drawn: Tensor, truth: Truth, sigma: Tensor, deviation: Tensor) -> FilmLoss:
    """The loss of predictions for a batch of sections.

    Args:
        heads: the network's predictions.
        state: the film's state [B, W] that follows from them.
        drawn: [B, D, W, h, w] the estimate of the drawn channels.
        truth: of the sections, with a batch dimension in front of each field.
        sigma: [B, 1, 1, 1, 1] the noise level.
        deviation: [D] of the drawn channels where the base frame shows nothing.
    """
    trusted = truth.trusted.view(-1, 1, 1)
    unit = truth.way.new_tensor([1.0, 1.0, EDGE])
    way = _soft(trusted * (heads.camera - truth.way) * unit, SOFT).sum(-1).mean()
    # Beyond the base frame's edge the flow bends its mirrored picture: its error matters less there, but it does matter.
    weight = (UNSEEN + (1 - UNSEEN) * truth.known.unsqueeze(2)) * trusted[..., None, None]
    flow = (weight * _soft(heads.flow - truth.flow, RARE)).mean()
    light = _soft(trusted[..., None, None] * (state.light - truth.light), RARE).mean()
    weather = _soft(state.weather - truth.weather, RARE).mean()
    gates = torch.stack([heads.light_gate, heads.weather_gate], dim=-1)                   # [B, W, 2]
    # A gate must stay shut if the prompt asks for no change, and be open at the section's end if it does.
    shut, open_ = (truth.says == 0).float(), (truth.says == 1).float()
    gate = (shut[:, None] * gates).square().mean() + (open_ * (1 - gates[:, -1])).square().mean()
    unknown = (1 - truth.known).unsqueeze(1)
    scale = unknown / (unknown.sum() * deviation.square().sum()).clamp(min=1e-6)
    new = (scale * (drawn - truth.scene).square() / (sigma**2 + 0.05)).sum()
    parts = {"way": way, "flow": flow, "light": light, "weather": weather, "gates": gate, "drawn": new}
    loss = torch.stack([WEIGHTS[name] * part for name, part in parts.items()]).sum()
    return FilmLoss(loss, {name: float(part.detach()) for name, part in parts.items()})


def _soft(error: Tensor, least: float) -> Tensor:
    return F.smooth_l1_loss(error, torch.zeros_like(error), reduction="none", beta=least)
