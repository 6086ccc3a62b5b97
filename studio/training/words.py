"""Teaching the text encoder what captions ask for, before it has pictures: move, pace, light and weather by name."""

from __future__ import annotations

import logging

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import CLIPTextModel, PreTrainedTokenizerFast

from studio.training.captions import CAMERAS, LIGHTS, SPEEDS, WEATHERS, Section, plan

log = logging.getLogger(__name__)

QUESTIONS = (CAMERAS, tuple(SPEEDS), ("", *LIGHTS), ("", *WEATHERS))


def answers(sections: list[Section]) -> Tensor:
    """What each section does, as one index per question, [B, 4]."""
    asked = [(s.camera, s.speed, s.light, s.weather) for s in sections]
    return torch.tensor([[names.index(a) for names, a in zip(QUESTIONS, row, strict=True)] for row in asked])


def teach(tokenizer: PreTrainedTokenizerFast, encoder: CLIPTextModel, seed: int, steps: int, batch: int = 64) -> float:
    """Train `encoder` in place, through its pooled output and its tokens; returns the share of right answers at the end."""
    rng = np.random.default_rng([seed, 7])
    width = encoder.config.hidden_size
    heads = nn.ModuleList(nn.Linear(2 * width, len(names)) for names in QUESTIONS)
    optimizer = torch.optim.AdamW([*encoder.parameters(), *heads.parameters()], lr=2e-3, weight_decay=0.01)
    right = 0.0
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * min(1.0, (step + 1) / 20) * (1.02 - step / steps)
        sections = plan(rng, batch)
        words = tokenizer([s.caption for s in sections], padding=True, truncation=True, return_tensors="pt")
        out = encoder(input_ids=words.input_ids, attention_mask=words.attention_mask)
        mask = words.attention_mask.unsqueeze(-1)
        mean = (out.last_hidden_state * mask).sum(1) / mask.sum(1)
        seen = torch.cat([out.pooler_output, mean], dim=1)
        true = answers(sections)
        logits = [head(seen) for head in heads]
        loss = sum((F.cross_entropy(logit, true[:, i]) for i, logit in enumerate(logits)), torch.zeros(()))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        now = torch.stack([(logit.argmax(1) == true[:, i]).float().mean() for i, logit in enumerate(logits)]).mean()
        right = float(now) if step == 0 else 0.95 * right + 0.05 * float(now)
    log.info("the text encoder answers %.1f %% right after %d steps", 100 * right, steps)
    return right
