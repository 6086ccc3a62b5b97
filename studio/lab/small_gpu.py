"""An imitated graphics card with a budget of bytes: the processor computes, and allocations over the budget fail as on CUDA.

With it, everything that must hold on a small GPU is tested without one.
"""

from __future__ import annotations

import weakref
from typing import Any

import torch
from torch import Tensor

from studio.placement.device.copies import HostCopies


class SmallGpu(HostCopies):
    """Counts the bytes of the weights on it and of temporary buffers, and raises as CUDA does when they exceed the budget.

    It is a copy engine as well, so the resident blocks and the buffers of a streamer are counted.
    """

    def __init__(self, budget: int = 2**62) -> None:
        """Takes the budget in bytes; the default is practically unlimited."""
        self.budget = budget
        self.used = self.peak = 0
        self.refused: list[str] = []

    def device_buffer(self, size: int) -> Tensor:
        """Returns a buffer of `size` bytes and counts it until it is freed."""
        buffer = super().device_buffer(size)
        self.allocate(buffer.untyped_storage(), size)
        return buffer

    def allocate(self, owner: Any, size: int) -> None:
        """Counts `size` bytes as used until `owner` is garbage-collected.

        Raises:
            torch.OutOfMemoryError: they do not fit in the budget.
        """
        self.require(size, "weights")
        self.used += size
        weakref.finalize(owner, self._free, size)

    def require(self, size: int, purpose: str) -> None:
        """Checks that `size` bytes fit for a moment beside what is used, and records the peak.

        Raises:
            torch.OutOfMemoryError: they do not fit in the budget; `purpose` is appended to `refused`.
        """
        if self.used + size > self.budget:
            self.refused.append(purpose)
            raise torch.OutOfMemoryError(f"tried to allocate {size} for {purpose}, {self.used} of {self.budget} are used")
        self.peak = max(self.peak, self.used + size)

    def _free(self, size: int) -> None:
        self.used -= size
