"""Orthogonal filters across the borders of patches, so that no grid shows; they know nothing of what is done inside a patch.

A patch transform cuts a picture into squares, and what it drops shows as a grid. In a lapped transform (Malvar and Staelin 1989)
neighbours overlap. It is written here as Tran, Liang and Tu do (2003, "Lapped transform via time-domain pre- and post-filtering"):
a rotation of the pixels on both sides of each border before the patches are taken, and its inverse afterwards. Being orthogonal,
it changes no energy, and principal components of the patches stay the best basis there is.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def border_rotation(size: int) -> Tensor:
    """The filter across one border, orthogonal [size, size], of half a patch on either side (the type-II fast lapped transform)."""
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
    """Apply `turn` [S, S] across every border between patches of S pixels of `pictures` [..., H, W], rows and columns.

    The picture's own edges have no neighbour and stay as they are. With `turn.T` it is undone.
    """
    for axis in (-1, -2):
        pictures = _filter_rows(pictures.transpose(axis, -1), turn).transpose(axis, -1)
    return pictures


def _filter_rows(lines: Tensor, turn: Tensor) -> Tensor:
    size = turn.shape[0]
    if lines.shape[-1] == size:
        return lines
    half = size // 2
    inner = lines[..., half:-half].unflatten(-1, (-1, size)) @ turn.T
    return torch.cat([lines[..., :half], inner.flatten(-2), lines[..., -half:]], dim=-1)
