"""Lets the small transformer compute the same values, bit for bit, on any number of processor threads.

Torch cuts a large tensor into one piece for each thread. Where a piece does not fill whole vector registers, its last few values
are computed by other code, whose exponential and error function are rounded otherwise. So what is shown depends, in its last
bits, on the number of threads. Of all operations of a section only GELU meets this. Bilinear enlarging and 1x1 convolutions meet
something like it: the one is computed from operations that do not, the other as products.

Products of matrices do not depend on the threads on Intel's processors, since `studio/__init__.py` asks MKL for its strict mode.
On AMD's, which have none, those of two or three rows do: there they are computed row by row. Layers of few columns do as well,
which only LoRAs have in a section. Whether it is so is tried on the processor itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache, partial

import torch
from diffusers.models.activations import GELU
from torch import Tensor, nn
from torch.nn import functional as F
from transformers.activations import GELUTanh

FOR_ONE_THREAD = 16384
"""Numbers that torch's GELU leaves to one thread (`GELU_MIN_ELEMENTS_FOR_MULTI_THREADING`); of more, each has one piece."""
REGISTERS = 64
"""Numbers, a multiple of those that torch computes at a time: two registers of 16."""
ROWS = (4, 9, 43, 240)
"""Rows of products with which a network's layers are tried."""
CONVOLUTIONS = ((240, 3072, 320), (960, 320, 3072))
"""Rows, inner size and columns of the autoencoder's convolutions, as products."""
FEW_ROWS = ((2, 256, 256), (3, 1024, 256), (2, 256, 196), (3, 128, 512))
"""Rows, inner size and columns of products that some processors compute otherwise on more threads."""
FEW_COLUMNS = ((5, 128, 36), (20, 96, 31), (15, 20, 20), (25, 32, 32))
"""The same, of as few columns as LoRAs have."""
Product = tuple[int, int, int]


def compute_alike(network: nn.Module) -> None:
    """Have all GELUs of a network fill the registers of every thread of the processor, and its layers row by row where needed."""
    for module in network.modules():
        if isinstance(module, nn.Linear) and not same_on_any_threads(FEW_ROWS):
            module.forward = partial(_by_rows, module.forward)  # type: ignore[method-assign]
        if isinstance(module, GELU):                      # of Diffusers: a layer and its GELU
            module.gelu = partial(_in_pieces, module.gelu)
        elif isinstance(module, (nn.GELU, GELUTanh)):
            module.forward = partial(_in_pieces, module.forward)  # type: ignore[method-assign]


def _in_pieces(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Values [...] of an elementwise function of x [...]: of what fills all threads' registers at once, and of the few after it."""
    if x.device.type != "cpu" or x.numel() <= FOR_ONE_THREAD:
        return function(x)
    flat = x.flatten()
    rest = len(flat) % (REGISTERS * torch.get_num_threads())
    values = torch.cat([function(flat[:-rest]), function(flat[-rest:])]) if rest else function(flat)
    return values.view(x.shape)


def _by_rows(layer: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """A linear layer's values of x [..., C], computed one row at a time if there are two or three rows."""
    if x.device.type != "cpu" or x.numel() not in (2 * x.shape[-1], 3 * x.shape[-1]):
        return layer(x)
    return torch.cat([layer(row) for row in x.reshape(-1, x.shape[-1]).split(1)]).unflatten(0, x.shape[:-1])


def layer_products(network: nn.Module) -> tuple[Product, ...]:
    """The products of a network's linear layers with `ROWS` rows, each once."""
    sizes = {(layer.in_features, layer.out_features) for layer in network.modules() if isinstance(layer, nn.Linear)}
    return tuple((rows, *size) for rows in ROWS for size in sorted(sizes))


@cache
def same_on_any_threads(products: tuple[Product, ...]) -> bool:
    """Whether products are the same on any number of threads, on this processor, and MKL is asked for that.

    Args:
        products: rows, inner size and columns of each.
    """
    if not torch.backends.mkl.is_available() or "STRICT" not in os.environ.get("MKL_CBWR", ""):
        return False
    before, draw = torch.get_num_threads(), torch.Generator().manual_seed(0)
    try:
        return all(_same(torch.randn(rows, inner, generator=draw), torch.randn(columns, inner, generator=draw))
                   for rows, inner, columns in products)
    finally:
        torch.set_num_threads(before)


def _same(one: Tensor, other: Tensor) -> bool:
    """Whether the product of [rows, inner] and [columns, inner] is the same on one thread and on some more."""
    products = []
    for count in (1, 2, 3, 5):
        torch.set_num_threads(count)
        products.append(F.linear(one, other, other[:, 0]))
    return all(torch.equal(products[0], product) for product in products[1:])


def point_convolution(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """The 1x1 convolution of x [B, C, h, w] with weight [D, C] or [D, C, 1, 1], as a product: [B, D, h, w]."""
    return F.linear(x.movedim(1, -1), weight.flatten(1), bias).movedim(-1, 1)


def bilinear(x: Tensor, height: int, width: int) -> Tensor:
    """Pictures x [B, C, h, w] enlarged to [B, C, height, width] as by `F.interpolate(mode="bilinear", align_corners=False)`.

    That one is rounded otherwise on one thread than on more.
    """
    for axis, length in ((-1, width), (-2, height)):      # the width first, while there are few rows
        count = x.shape[axis]
        place = ((torch.arange(length, device=x.device) + 0.5) * (count / length) - 0.5).clamp(0, count - 1)
        first = place.long()
        share = (place - first).to(x.dtype).view(-1, *[1] * (-1 - axis))
        second = x.index_select(axis, (first + 1).clamp(max=count - 1)).mul_(share)
        x = x.index_select(axis, first).mul_(1 - share).add_(second)
    return x
