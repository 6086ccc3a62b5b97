"""Lets the small transformer compute the same values, bit for bit, on any number of processor threads.

Torch cuts a large tensor into one piece for each thread. Where a piece does not fill whole vector registers, its last few values
are computed by other code, whose exponential and error function are rounded otherwise. So what is shown depends, in its last
bits, on the number of threads. Of all operations of a section only GELU meets this. Products of matrices do not depend on the
threads, since `studio/__init__.py` asks MKL for that; 1x1 convolutions do, and are computed as products.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from diffusers.models.activations import GELU
from torch import Tensor, nn
from torch.nn import functional as F
from transformers.activations import GELUTanh

PIECE = 16384
"""Numbers that torch's GELU leaves to one thread (`GELU_MIN_ELEMENTS_FOR_MULTI_THREADING`)."""


def compute_alike(network: nn.Module) -> None:
    """Have all GELUs of a network compute in pieces of `PIECE` numbers on the processor."""
    for module in network.modules():
        if isinstance(module, GELU):                      # of Diffusers: a layer and its GELU
            module.gelu = partial(_in_pieces, module.gelu)
        elif isinstance(module, (nn.GELU, GELUTanh)):
            module.forward = partial(_in_pieces, module.forward)  # type: ignore[method-assign]


def _in_pieces(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Values [...] of an elementwise function of x [...], computed `PIECE` numbers at a time."""
    if x.device.type != "cpu" or x.numel() <= PIECE:
        return function(x)
    return torch.cat([function(piece) for piece in x.flatten().split(PIECE)]).view(x.shape)


def point_convolution(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """The 1x1 convolution of x [B, C, h, w] with weight [D, C] or [D, C, 1, 1], as a product: [B, D, h, w]."""
    return F.linear(x.movedim(1, -1), weight.flatten(1), bias).movedim(-1, 1)
