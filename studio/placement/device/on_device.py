"""Visits: a module on a device for as long as it computes, and at home on the host otherwise. It does not know what it computes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain

import torch
from torch import nn


@contextmanager
def on_device(module: nn.Module, device: torch.device) -> Iterator[None]:
    """The module's weights on `device` within the block. Its home is not written: nothing is copied back.

    Raises:
        torch.OutOfMemoryError: the device is too small; the module is at home.
    """
    homes = [(tensor, tensor.data) for tensor in chain(module.parameters(), module.buffers())]
    try:
        for tensor, home in homes:
            tensor.data = home.to(device)
        yield
    finally:
        for tensor, home in homes:
            tensor.data = home
