"""Moves a module to a device for as long as it computes there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain

import torch
from torch import nn


@contextmanager
def on_device(module: nn.Module, device: torch.device) -> Iterator[None]:
    """Within the block the module's weights are on `device`. Afterwards its old tensors are used again; nothing is copied back.

    Raises:
        torch.OutOfMemoryError: the device has not enough memory; the module is as before.
    """
    originals = [(tensor, tensor.data) for tensor in chain(module.parameters(), module.buffers())]
    try:
        for tensor, original in originals:
            tensor.data = original.to(device)
        yield
    finally:
        for tensor, original in originals:
            tensor.data = original
