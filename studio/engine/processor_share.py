"""How many processor threads a section is computed with: fewer while other programs use the processor.

OpenMP's threads wait for each other after every operation, so a thread whose core is taken by another program holds all others up.
With as many threads as there are free cores a section takes less time (`python -m studio.lab measure neighbour`). Where a
model's `diffusion.backbone.IgnoresThreads` says so, the number of threads changes nothing but the time.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import psutil
import torch

from studio.placement.machine import usable_cores

INTERVAL = 0.2
"""Seconds between two looks, at least: the system counts processor time in hundredths of a second."""
FIRST = 0.05
"""The same for the first look of a take: what is computed until the second one may take a second."""
Times = tuple[float, float, float]


class ProcessorShare:
    """Sets torch's threads by the processor time that other programs had since the last look. For one thread that computes."""

    def __init__(self, may_change: bool, read: Callable[[], Times] | None = None) -> None:
        """`may_change`: whether the number of threads changes nothing but the time. `read`: see `processor_times`; for tests."""
        self._cores = usable_cores()
        self._most = torch.get_num_threads()
        self._may_change = may_change and self._most > 1
        self._read = read or processor_times
        self._seen: Times | None = None
        self._interval = FIRST

    def adapt(self) -> None:
        """Set the threads of the calling thread's operations from now on."""
        if not self._may_change:
            return
        now = self._read()
        if self._seen is not None and now[0] - self._seen[0] < self._interval:
            return
        if self._seen is not None:
            seconds, busy, own = (new - old for new, old in zip(now, self._seen, strict=True))
            others = max(0.0, busy - own) / seconds
            torch.set_num_threads(max(1, min(self._most, round(self._cores - others))))
            self._interval = INTERVAL
        self._seen = now

    def end(self) -> None:
        """As many threads as at first; what was seen is forgotten."""
        self._seen, self._interval = None, FIRST
        if self._may_change and torch.get_num_threads() != self._most:
            torch.set_num_threads(self._most)


def processor_times() -> Times:
    """Seconds: of the clock, those that the cores of this process were busy for anyone, and those for this process."""
    process = psutil.Process()
    own = process.cpu_times()
    cores = psutil.cpu_times(percpu=True)
    mine = process.cpu_affinity() if hasattr(process, "cpu_affinity") else range(len(cores))
    busy = sum(_busy(cores[core]) for core in mine if core < len(cores))
    return time.monotonic(), busy, own.user + own.system


def _busy(core: object) -> float:
    """Seconds that a core worked, or was taken by another guest of a shared machine."""
    return sum(getattr(core, name, 0.0) for name in ("user", "nice", "system", "irq", "softirq", "steal"))
