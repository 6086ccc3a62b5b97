"""The network that films panoramas: a small diffusion transformer with the newest section and a memory as context.

It predicts the clean section x from x_t = t x + (1 - t) noise (rectified flow; t = 1 is data). Tokens in flight attend to
themselves, to the clean tokens of the newest section, and to what they read of the memory; those give keys and values alone.

Letters: B films, N sections that are made at once, Q tokens in flight, R tokens of a context, D width.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.backbones.panorama.places import PIXELS, SITUATION, Places, place_features
from studio.memory.learned import keys_like_queries

WAVES = 16
"""Frequencies of the time's embedding."""


@dataclass(frozen=True)
class DenoiserConfig:
    """The architecture. Raises ValueError: a width that the heads cannot share."""

    width: int = 128        # D
    heads: int = 4
    layers: int = 4
    hidden: int = 256       # inner width of the feed-forwards
    harmonics: int = 8      # of a place's waves

    def __post_init__(self) -> None:
        if self.width % self.heads or min(self.width, self.heads, self.layers, self.hidden, self.harmonics) < 1:
            raise ValueError(f"no denoiser can be made of {self}")


@dataclass(frozen=True)
class Context:
    """Tokens that those in flight attend to."""

    tokens: Tensor                  # [B, N or 1, R, D]
    seen: Tensor | None = None      # [B or 1, N, R] bool; None: all


class DenoiserBlock(nn.Module):
    """Attention and feed-forward, each modulated by the time (AdaLN-zero)."""

    def __init__(self, config: DenoiserConfig) -> None:
        super().__init__()
        width, self.heads = config.width, config.heads
        self.before_attention, self.before_feed_forward = (nn.LayerNorm(width, elementwise_affine=False) for _ in range(2))
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        self.context_key, self.context_value = nn.Linear(width, width), nn.Linear(width, width)
        self.query_norm, self.key_norm = (nn.LayerNorm(width // config.heads) for _ in range(2))
        self.feed_forward = nn.Sequential(nn.Linear(width, config.hidden), nn.SiLU(), nn.Linear(config.hidden, width))
        self.modulation = nn.Linear(width, 6 * width)
        nn.init.zeros_(self.modulation.weight)
        nn.init.zeros_(self.modulation.bias)
        keys_like_queries(self.query, self.key)
        keys_like_queries(self.query, self.context_key)

    def forward(self, x: Tensor, time: Tensor, context: Tensor | None, mask: Tensor | None) -> Tensor:
        """x [B, N, Q, D], time [B, N, D], context [B N, R, D], mask [B N, 1, 1, Q + R] or None."""
        shift, scale, gate, shift_2, scale_2, gate_2 = self.modulation(time)[:, :, None].chunk(6, dim=-1)
        normed = self.before_attention(x) * (1 + scale) + shift
        q, own = self.query(normed).flatten(0, 1), normed.flatten(0, 1)
        k, v = self.key(own), self.value(own)
        if context is not None:
            k = torch.cat([k, self.context_key(context)], dim=1)
            v = torch.cat([v, self.context_value(context)], dim=1)
        q, k, v = (z.unflatten(2, (self.heads, -1)).transpose(1, 2) for z in (q, k, v))
        found = F.scaled_dot_product_attention(self.query_norm(q), self.key_norm(k), v, attn_mask=mask)
        x = x + gate * self.out(found.transpose(1, 2).flatten(2)).view_as(x)
        return x + gate_2 * self.feed_forward(self.before_feed_forward(x) * (1 + scale_2) + shift_2)


class Denoiser(nn.Module):
    """The clean section from a noisy one, its places, the newest section and what the memory says."""

    def __init__(self, config: DenoiserConfig) -> None:
        """Random weights."""
        super().__init__()
        self.config, width = config, config.width
        self.noisy, self.clean = nn.Linear(PIXELS, width), nn.Linear(PIXELS, width)
        self.place = nn.Linear(place_features(config.harmonics) + SITUATION, width)
        self.time = nn.Sequential(nn.Linear(2 * WAVES, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        self.kinds, self.context_norm = nn.Parameter(torch.zeros(2, width)), nn.LayerNorm(width)     # of newest section and memory
        self.blocks = nn.ModuleList(DenoiserBlock(config) for _ in range(config.layers))
        self.last_modulation, self.last = nn.Linear(width, 2 * width), nn.Linear(width, PIXELS)
        self.last_norm = nn.LayerNorm(width, elementwise_affine=False)
        for zero in (self.last_modulation.weight, self.last_modulation.bias, self.last.weight, self.last.bias):
            nn.init.zeros_(zero)
        with torch.no_grad():
            self.place.weight.mul_(2)       # a place speaks louder than what is seen there, at first

    def embed(self, tokens: Tensor, places: Places) -> Tensor:
        """Clean tokens [B, N, L, PIXELS] with their places, [B, N, L, D]: what contexts and memories are made of."""
        embedded: Tensor = self.clean(tokens) + self.place(places.features)
        return embedded

    def forward(self, noisy: Tensor, time: Tensor, places: Places, newest: Context | None, memory: Context | None) -> Tensor:
        """The clean tokens [B, N, Q, PIXELS] from noisy ones [B, N, Q, PIXELS] at times [B, N].

        `newest` holds the tokens of the section before, `memory` what is read of the memory; None: there is none.
        """
        angle = math.pi * torch.arange(1, WAVES + 1, device=time.device) * time[..., None]
        at = self.time(torch.cat([angle.cos(), angle.sin()], dim=-1))
        context, mask = self._join(noisy, newest, memory)
        x = self.noisy(noisy) + self.place(places.features)
        for block in self.blocks:
            x = block(x, at, context, mask)
        shift, scale = self.last_modulation(at)[:, :, None].chunk(2, dim=-1)
        clean: Tensor = self.last(self.last_norm(x) * (1 + scale) + shift)
        return clean

    def _join(self, noisy: Tensor, newest: Context | None, memory: Context | None) -> tuple[Tensor | None, Tensor | None]:
        """All contexts as [B N, R, D], and the mask [B N, 1, 1, Q + R] of what is seen, with tokens in flight first; None: all."""
        films, sections = noisy.shape[:2]
        tokens, seen, all_seen = [], [torch.ones(noisy.shape[:3], dtype=torch.bool, device=noisy.device)], True
        for context, kind in ((newest, self.kinds[0]), (memory, self.kinds[1])):
            if context is None or not context.tokens.shape[2]:
                continue
            tokens.append(self.context_norm(context.tokens + kind).expand(-1, sections, -1, -1))
            every = torch.ones(1, 1, context.tokens.shape[2], dtype=torch.bool, device=noisy.device)
            seen.append((every if context.seen is None else context.seen).expand(films, sections, -1))
            all_seen = all_seen and context.seen is None
        if not tokens:
            return None, None
        mask = None if all_seen else torch.cat(seen, dim=2).flatten(0, 1)[:, None, None]
        return torch.cat(tokens, dim=2).flatten(0, 1), mask
