"""Pooling the features of prompt and reference image to a fixed number of tokens, for psi_0.

Letters: B batch, L text tokens, S image tokens.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F


def pool_text(text: Tensor, mask: Tensor, tokens: int) -> Tensor:
    """Prompt features [B, L, .] without the padding, as means over `tokens` equal parts [B, tokens, .]; 0: all tokens, unpooled."""
    mask = mask.bool()
    length = mask.sum(dim=1)                                                   # [B]
    if not tokens:
        if bool((length != length[0]).any()):
            raise ValueError("prompts of different lengths in one batch: set text_tokens, or give one prompt at a time")
        return text[mask].unflatten(0, (len(text), -1))
    # As adaptive_avg_pool1d, but without the padding: part j of n tokens is [floor(j n / tokens), ceil((j + 1) n / tokens)).
    part = torch.arange(tokens, device=mask.device).view(1, -1, 1)             # [1, tokens, 1]
    n = length.view(-1, 1, 1).clamp(min=1)                                     # [B, 1, 1]
    at = (mask.cumsum(dim=1) - 1).unsqueeze(1)                                 # [B, 1, L]
    inside = (at >= part * n // tokens) & (at < -(-(part + 1) * n // tokens)) & mask.unsqueeze(1)
    share = inside.to(text)                                                    # [B, tokens, L]
    return (share / share.sum(dim=2, keepdim=True).clamp(min=1)) @ text


def pool_image(image: Tensor, side: int) -> Tensor:
    """Image features [B, S, .] of a square grid, as means over side x side equal parts [B, side^2, .]; 0: all tokens, unpooled."""
    if not side:
        return image
    rows = math.isqrt(image.shape[1])
    if rows**2 != image.shape[1]:
        raise ValueError(f"{image.shape[1]} image tokens are no square grid: set image_side to 0 to keep them all")
    square = image.transpose(1, 2).unflatten(2, (rows, rows))                  # [B, ., rows, rows]
    return F.adaptive_avg_pool2d(square, side).flatten(2).transpose(1, 2)
