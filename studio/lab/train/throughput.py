"""How well a training run uses its hardware: the operations of its steps against the rate of a plain matrix product."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from statistics import median
from typing import TypeVar

import torch
from torch.utils.flop_counter import FlopCounterMode

T = TypeVar("T")
SIZES = {"cpu": 1024, "cuda": 8192}
"""Rows of the matrices that are multiplied, by kind of device."""


def peak_rate(device: torch.device, dtype: torch.dtype, seconds: float = 1.0) -> float:
    """Operations a second of square matrix products: the best of those that are made in so many seconds."""
    size = SIZES.get(device.type, 2048)
    a, b = (torch.randn(size, size, device=device).to(dtype) for _ in range(2))
    best, begun = 0.0, time.monotonic()
    while time.monotonic() - begun < seconds:
        _wait(device)
        clock = time.monotonic()
        a @ b
        _wait(device)
        best = max(best, 2 * size**3 / (time.monotonic() - clock))
    return best


def _wait(device: torch.device) -> None:
    """Wait until a GPU has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


class Throughput:
    """Counts the operations of a run's first step, and times the others."""

    def __init__(self, device: torch.device, dtype: torch.dtype) -> None:
        self.device = device
        self.peak = peak_rate(device, dtype)
        self.operations = 0
        self.seconds: list[float] = []

    def reset(self) -> None:
        """Forget all steps so far: those that follow are of another size."""
        self.operations, self.seconds = 0, []

    def step(self, advance: Callable[[], T]) -> T:
        """Call `advance` and return its result. The first call's operations are counted, which slows it; the others are timed."""
        counter = FlopCounterMode(display=False) if not self.operations else None
        begun = time.monotonic()
        with counter or nullcontext():
            result = advance()
        if counter:
            self.operations = counter.get_total_flops()
        else:
            self.seconds.append(time.monotonic() - begun)
        return result

    def share(self) -> float:
        """The median step's rate of operations, as a share of the matrix product's; 0 before the second step."""
        return self.operations / median(self.seconds) / self.peak if self.seconds else 0.0
