"""Pre-training of the text encoder: its pooled output learns a code of what a caption asks for.

With the film's loss alone the encoder first learns only whether anything moves, and captions of opposite moves get almost the same
embedding, so the transformer cannot learn the moves. After this pre-training the first values of the pooled output are the code.
Letters: B batch, E width of the pooled output, K values of a code.
"""

from __future__ import annotations

import logging

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import CLIPTextModel, PreTrainedTokenizerFast

from studio.lab.train.schedules import warm_up
from studio.lab.world import ACTIONS, CAMERAS, LIGHTS, WEATHERS, Section, random_script

log = logging.getLogger(__name__)

SPEEDS = {"slow": -1.0, "normal": 0.0, "fast": 1.0}
SCALE = 4.0
"""Values of the code are multiplied by this: the other values of the pooled output are about 1, and many more."""


def code(section: Section) -> list[float]:
    """The code of a section: a 0 or 1 for each camera move, light, weather and action, the camera's speed, and whether it eases."""
    moves = section.camera not in ("hold", "shake")
    chosen = [section.camera == name for name in CAMERAS]
    chosen += [section.light == name for name in LIGHTS]
    chosen += [section.weather == name for name in WEATHERS]
    chosen += [section.action == name for name in ACTIONS]
    return [*map(float, chosen), SPEEDS[section.speed] if moves else 0.0, float(section.eased and moves)]


def codes(sections: list[Section]) -> Tensor:
    """Codes [B, K] of sections."""
    return torch.tensor([code(section) for section in sections])


def train_codes(tokenizer: PreTrainedTokenizerFast, encoder: CLIPTextModel, seed: int, steps: int, batch: int = 64) -> float:
    """Train `encoder` in place so that the first values of its pooled output are the code times SCALE.

    Returns:
        The mean square error at the end, as a share of the code's mean square; predicting zeros gives 1.
    """
    rng = np.random.default_rng([seed, 7])
    optimizer = torch.optim.AdamW(encoder.parameters(), lr=2e-3, weight_decay=0.0)
    error = 1.0
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * warm_up(step, 20) * (1.02 - step / steps)
        sections = random_script(rng, batch)
        words = tokenizer([s.caption for s in sections], padding=True, truncation=True, return_tensors="pt").to(encoder.device)
        pooled = encoder(input_ids=words.input_ids, attention_mask=words.attention_mask).pooler_output
        true = SCALE * codes(sections).to(pooled)
        loss = F.mse_loss(pooled[:, : true.shape[1]], true)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        now = float(loss.detach() / true.square().mean())
        error = now if step == 0 else 0.95 * error + 0.05 * now
    log.info("the text encoder misses %.1f %% of the code after %d steps", 100 * error, steps)
    return error


@torch.no_grad()
def fit_wind(tokenizer: PreTrainedTokenizerFast, encoder: CLIPTextModel, seed: int, captions: int = 12_000) -> Tensor:
    """Weights and a constant, [E + 1], that predict from the pooled output [E] whether the caption asks for wind: 1, else 0.

    They are fitted by ridge regression on random captions of the world.
    """
    rng = np.random.default_rng([seed, 8])
    gram, moment = torch.zeros(()), torch.zeros(())
    for _ in range(captions // 200):
        sections = random_script(rng, 200)
        words = tokenizer([s.caption for s in sections], padding=True, truncation=True, return_tensors="pt")
        pooled = encoder(input_ids=words.input_ids, attention_mask=words.attention_mask).pooler_output.double()
        features = torch.cat([pooled, torch.ones_like(pooled[:, :1])], dim=1)
        blows = torch.tensor([float(s.weather == "wind") for s in sections]).double()
        gram, moment = gram + features.T @ features, moment + features.T @ blows
    ridge = 1e-4 * gram.diagonal().mean() * torch.eye(len(gram))
    return torch.linalg.solve(gram + ridge, moment).float()
