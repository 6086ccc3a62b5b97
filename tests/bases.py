"""Cosine bases for toy autoencoders: known to the last digit, coarse first, and quick to make. Nothing about them is trained."""

from __future__ import annotations

import math
from functools import cache

import torch
from torch import Tensor

from studio.backbones.animatic.autoencoder import GROUP, VALUES, LappedAutoencoder
from studio.backbones.animatic.film_size import PATCH


def cosines(size: int) -> Tensor:
    """The orthonormal discrete cosine transform, [size, size]."""
    frequency, place = torch.arange(size), torch.arange(size) + 0.5
    table = torch.cos(math.pi / size * frequency[:, None] * place[None]) * math.sqrt(2 / size)
    table[0] /= math.sqrt(2)
    return table


def of_colours(side: int = 4) -> LappedAutoencoder:
    """`side` x `side` cosines of red, green and blue, the same in all four frames: 3 * side * side channels, at scale 1."""
    waves = cosines(PATCH)[:side]
    planes = torch.einsum("iy,jx->ijyx", waves, waves).flatten(0, 1)
    order = (torch.arange(side)[:, None] + torch.arange(side)[None]).flatten().argsort(stable=True)
    basis = torch.einsum("kyx,cd->kcdyx", planes[order], torch.eye(3))[:, :, :, None].expand(-1, -1, -1, GROUP, -1, -1)
    return _with(basis.flatten(0, 1).reshape(-1, VALUES) / math.sqrt(GROUP))


@cache
def of_grey() -> LappedAutoencoder:
    """All cosines of a grey patch, 1024 channels at scale 1: nothing of a grey film is lost. Shared: do not change it."""
    waves, beats = cosines(PATCH), cosines(GROUP)
    planes = torch.einsum("iy,jx,kt->ijktyx", waves, waves, beats).flatten(0, 2) / math.sqrt(3)
    line = torch.arange(PATCH)
    fineness = line[:, None, None] + line[None, :, None] + 4 * torch.arange(GROUP)
    basis = planes[fineness.flatten().argsort(stable=True)].unsqueeze(1).expand(-1, 3, -1, -1, -1)
    return _with(basis.reshape(-1, VALUES))


def _with(basis: Tensor) -> LappedAutoencoder:
    model = LappedAutoencoder(len(basis))
    model.set_basis(basis, torch.ones(len(basis)), torch.zeros(VALUES))
    return model.eval().requires_grad_(False)
