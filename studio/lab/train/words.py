"""Teaching the text encoder what captions ask for, before it has pictures: move, pace, light, weather, action as one code.

Left alone, the film's loss first tells moving from standing still, and makes captions of opposite moves almost the same; what
the transformer is not told it cannot learn to do. So the pooled output carries the code, as large as everything else in it.
"""

from __future__ import annotations

import logging

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import CLIPTextModel, PreTrainedTokenizerFast

from studio.lab.world import ACTIONS, CAMERAS, LIGHTS, WEATHERS, Section, plan

log = logging.getLogger(__name__)

PACES = {"slow": -1.0, "normal": 0.0, "fast": 1.0}
LOUD = 4.0
"""Size of the code in the pooled output, whose values are about 1."""


def code(section: Section) -> list[float]:
    """What a section does: a place for each camera move, light, weather and action, and the pace of what moves."""
    moves = section.camera not in ("hold", "shake")
    chosen = [section.camera == name for name in CAMERAS]
    chosen += [section.light == name for name in LIGHTS]
    chosen += [section.weather == name for name in WEATHERS]
    chosen += [section.action == name for name in ACTIONS]
    return [*map(float, chosen), PACES[section.speed] if moves else 0.0, float(section.eased and moves)]


def codes(sections: list[Section]) -> Tensor:
    """Codes of sections, [B, K]."""
    return torch.tensor([code(section) for section in sections])


def teach(tokenizer: PreTrainedTokenizerFast, encoder: CLIPTextModel, seed: int, steps: int, batch: int = 64) -> float:
    """Train `encoder` in place so that the first places of its pooled output are the code; returns the error at the end.

    The error is the mean square of what is missing, against 1 for saying nothing.
    """
    rng = np.random.default_rng([seed, 7])
    optimizer = torch.optim.AdamW(encoder.parameters(), lr=2e-3, weight_decay=0.0)
    error = 1.0
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * min(1.0, (step + 1) / 20) * (1.02 - step / steps)
        sections = plan(rng, batch)
        words = tokenizer([s.caption for s in sections], padding=True, truncation=True, return_tensors="pt").to(encoder.device)
        pooled = encoder(input_ids=words.input_ids, attention_mask=words.attention_mask).pooler_output
        true = LOUD * codes(sections).to(pooled)
        loss = F.mse_loss(pooled[:, : true.shape[1]], true)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        now = float(loss.detach() / true.square().mean())
        error = now if step == 0 else 0.95 * error + 0.05 * now
    log.info("the text encoder misses %.1f %% of the code after %d steps", 100 * error, steps)
    return error


@torch.no_grad()
def wind(tokenizer: PreTrainedTokenizerFast, encoder: CLIPTextModel, seed: int, captions: int = 12_000) -> Tensor:
    """How to read from the pooled output [E] whether the wind blows: weights and a constant, [E + 1], by least squares."""
    rng = np.random.default_rng([seed, 8])
    gram, moment = torch.zeros(()), torch.zeros(())
    for _ in range(captions // 200):
        sections = plan(rng, 200)
        words = tokenizer([s.caption for s in sections], padding=True, truncation=True, return_tensors="pt")
        pooled = encoder(input_ids=words.input_ids, attention_mask=words.attention_mask).pooler_output.double()
        features = torch.cat([pooled, torch.ones_like(pooled[:, :1])], dim=1)
        blows = torch.tensor([float(s.weather == "wind") for s in sections]).double()
        gram, moment = gram + features.T @ features, moment + features.T @ blows
    ridge = 1e-4 * gram.diagonal().mean() * torch.eye(len(gram))
    return torch.linalg.solve(gram + ridge, moment).float()
