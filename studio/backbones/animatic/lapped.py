"""Orthogonal filters across the borders of patches, so that no grid of patches shows.

A patch transform cuts a picture into squares, and what it discards shows as a grid. In a lapped transform (Malvar and Staelin 1989)
neighbouring patches overlap. It is written here as in Tran, Liang and Tu (2003, "Lapped transform via time-domain pre- and
post-filtering"): an orthogonal filter of the pixels on both sides of each border before the patches are cut, and its inverse after
they are joined. An orthogonal filter preserves energy, so principal components of the patches remain the best basis.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def border_rotation(size: int) -> Tensor:
    """The filter across one border, half a patch on either side: the type-II fast lapped transform, orthogonal [size, size]."""
    half = size // 2
    mirror = torch.eye(half).flip(0)
    inner = mirror @ _cosines(half, 0.0).T @ _cosines(half, 0.5) @ mirror
    butterfly = torch.cat([torch.cat([torch.eye(half), mirror], 1), torch.cat([mirror, -torch.eye(half)], 1)]) / math.sqrt(2)
    return butterfly @ torch.block_diag(torch.eye(half), inner) @ butterfly


def _cosines(size: int, offset: float) -> Tensor:
    """The orthonormal discrete cosine transform II (`offset` 0) or IV (`offset` 1/2), [size, size]."""
    frequency, place = torch.arange(size) + offset, torch.arange(size) + 0.5
    table = torch.cos(math.pi / size * frequency[:, None] * place[None]) * math.sqrt(2 / size)
    if offset == 0:
        table[0] /= math.sqrt(2)
    return table


def filter_borders(pictures: Tensor, turn: Tensor) -> Tensor:
    """Apply the filter `turn` [S, S] across all borders between patches of S pixels in `pictures` [..., H, W].

    The picture's own edges have no neighbour and are not filtered. `turn.T` inverts it.
    """
    for axis in (-1, -2):
        pictures = _filter_rows(pictures.transpose(axis, -1), turn).transpose(axis, -1)
    return pictures


def _filter_rows(lines: Tensor, turn: Tensor) -> Tensor:
    """The filter `turn` [S, S] across the borders along the last axis of `lines` [..., W]."""
    size = turn.shape[0]
    if lines.shape[-1] == size:
        return lines
    half = size // 2
    inner = lines[..., half:-half].unflatten(-1, (-1, size)) @ turn.T
    return torch.cat([lines[..., :half], inner.flatten(-2), lines[..., -half:]], dim=-1)
