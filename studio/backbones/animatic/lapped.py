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

AT_ONCE = 2 ** 22
"""Numbers that are filtered at a time. Fewer fit the processor's cache, but then threads wait for each other more often, which
beside a busy process costs more."""


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
    """The filter `turn` [S, S] across the borders along the last axis of `lines` [..., H, W]."""
    size, (height, width) = turn.shape[0], lines.shape[-2:]
    if width == size:
        return lines
    half = size // 2
    planes = lines.reshape(-1, height, width)
    out = torch.empty(planes.shape, dtype=lines.dtype, device=lines.device)
    out[..., :half], out[..., -half:] = planes[..., :half], planes[..., -half:]
    count = max(1, AT_ONCE // (height * width))
    for first in range(0, len(planes), count):
        inner = planes[first:first + count, :, half:-half]
        # One product of many rows; many small ones of few rows, which are the same, take longer in MKL's strict mode.
        out[first:first + count, :, half:-half] = (inner.reshape(-1, size) @ turn.T).view(inner.shape)
    return out.view(lines.shape)
