"""A graphics card that is not there: the processor computes, and a budget of bytes is enforced as an allocator would.

With it everything that must hold on a small card is tried without one. It does not know what lies on it.
"""

from __future__ import annotations

import weakref
from typing import Any

import torch
from torch import Tensor

from studio.placement.device.copies import HostCopies


class SmallCard(HostCopies):
    """Counts the weights that lie on it, and what is needed for a moment; over its budget it raises as CUDA does.

    An engine of copies, so that a streamer's resident blocks and slabs are on it.
    """

    def __init__(self, budget: int = 2**62) -> None:
        self.budget = budget
        self.held = self.peak = 0
        self.refused: list[str] = []

    def device_slab(self, size: int) -> Tensor:
        slab = super().device_slab(size)
        self.hold(slab.untyped_storage(), size)
        return slab

    def hold(self, what: Any, size: int) -> None:
        """`size` bytes until `what` is gone."""
        self.need(size, "weights")
        self.held += size
        weakref.finalize(what, self._free, size)

    def need(self, size: int, what: str) -> None:
        """`size` bytes beside what is held, for a moment."""
        if self.held + size > self.budget:
            self.refused.append(what)
            raise torch.OutOfMemoryError(f"tried to allocate {size} for {what}, {self.held} of {self.budget} are held")
        self.peak = max(self.peak, self.held + size)

    def _free(self, size: int) -> None:
        self.held -= size
