"""How well a training run uses its hardware: floating-point operations of its steps against a plain matrix product's rate."""

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


def peak(device: torch.device, dtype: torch.dtype, seconds: float = 1.0) -> float:
    """Operations a second of the best square matrix product of `dtype` on `device`, measured now."""
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
    if device.type == "cuda":
        torch.cuda.synchronize(device)


class Throughput:
    """Of the steps of a run: counts the operations of the first, and the seconds of all."""

    def __init__(self, device: torch.device, dtype: torch.dtype) -> None:
        self.device = device
        self.peak = peak(device, dtype)
        self.operations = 0
        self.seconds: list[float] = []

    def begin(self) -> None:
        """Steps are of another size from here on."""
        self.operations, self.seconds = 0, []

    def step(self, advance: Callable[[], T]) -> T:
        """Run one step and take its time; the one that is counted is slower, and left out of the times."""
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
        """Of the matrix product's rate, by the median step; 0 before the second step."""
        return self.operations / median(self.seconds) / self.peak if self.seconds else 0.0
