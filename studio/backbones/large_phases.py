"""RoPE phases of psi's tokens, each of which stands for a cell of many patches.

Letters: M memory tokens, E width of a head.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from diffusers.models.embeddings import get_1d_rotary_pos_embed
from torch import Tensor

Phases = tuple[Tensor, Tensor]
"""Cosines and sines, [., E] each."""


def cell_phases(bounds: Tensor, widths: Sequence[int], theta: float) -> Phases:
    """RoPE phases of cells: the means of their patches' phases, as FramePack has them for its packed frames.

    Args:
        bounds: [M, 3, 2] first and end of each cell along time, rows and columns, in whole indices; the end is not part of it.
        widths: of a head's three parts, for time, rows and columns.
        theta: the base of RoPE's frequencies.

    Returns:
        Cosines and sines, [M, E] each, E the sum of the widths.
    """
    parts: list[list[Tensor]] = [[], []]
    for axis, width in enumerate(widths):
        first, end = bounds[:, axis].unbind(1)
        index = first[:, None] + torch.arange(int((end - first).max()), device=bounds.device)          # [M, longest cell]
        weight = (index < end[:, None]).float()
        weight = (weight / weight.sum(dim=1, keepdim=True)).unsqueeze(2)
        phases = get_1d_rotary_pos_embed(width, index.flatten().float(), theta, use_real=True)
        for into, each in zip(parts, phases, strict=True):
            into.append((weight * each.unflatten(0, index.shape)).sum(dim=1))
    return torch.cat(parts[0], dim=1), torch.cat(parts[1], dim=1)
