"""How full a card and the memory became while something ran: as allocator, driver and system say it. It does not know what ran."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Protocol

import torch
from torch import nn

from studio.lab.small_gpu import SmallGpu
from studio.placement.device.copies import CopyEngine, copy_engine
from studio.placement.machine import Machine, cap_gpu, imagine_machine, system_memory
from studio.placement.plan import CUDA_CONTEXT

EVERY = 0.05
"""Seconds between two looks at driver and system."""
HELD = ("RssAnon", "RssShmem")
"""What a process holds: mapped files are not in it, because the system takes them back at will."""
TINY = 2**-15
"""Of a GiB: what one counts as on the card that is imitated."""


class Card(Protocol):
    """Where is measured."""

    device: torch.device

    def limit(self, cap: int | None) -> None:
        """Let no more than `cap` bytes of it be used from now on, with all that is on it; None: all there is."""

    def machine(self, machine: Machine, cap: int | None) -> Machine:
        """The machine as a plan is to see it, with a card of `cap` bytes."""

    def engine(self, device: torch.device) -> CopyEngine:
        """Of copies to it."""

    def visits(self, module: nn.Module) -> None:
        """The module will be on it as a whole whenever it computes."""

    def settle(self) -> None:
        """Wait until everything is computed."""

    def peaks(self) -> dict[str, int]:
        """Bytes at most so far: `allocated` and `reserved` by the allocator; what it does not know is not there."""

    def used(self) -> int | None:
        """Bytes in use by everybody, as the driver says it now; None where there is no driver."""


class CudaCard:
    """The first CUDA card. Its allocator may use a cap less what CUDA itself takes (`CUDA_CONTEXT`): the driver tells the sum."""

    def __init__(self) -> None:
        self.device = torch.device("cuda", 0)

    def limit(self, cap: int | None) -> None:
        if cap is not None:
            total = torch.cuda.get_device_properties(self.device).total_memory
            torch.cuda.set_per_process_memory_fraction(min(1.0, max(0, cap - CUDA_CONTEXT) / total), self.device)

    def machine(self, machine: Machine, cap: int | None) -> Machine:
        return cap_gpu(machine, cap)

    def engine(self, device: torch.device) -> CopyEngine:
        return copy_engine(device)

    def visits(self, module: nn.Module) -> None:
        return

    def settle(self) -> None:
        torch.cuda.synchronize(self.device)

    def peaks(self) -> dict[str, int]:
        return {
            "allocated": torch.cuda.max_memory_allocated(self.device), "reserved": torch.cuda.max_memory_reserved(self.device),
        }

    def used(self) -> int | None:
        free, total = torch.cuda.mem_get_info(self.device)
        return total - free


class ImitatedCard:
    """A processor with a budget of weights, for trying the measuring itself. A GiB of it is `TINY` of one."""

    def __init__(self) -> None:
        self.device = torch.device("cpu")
        self.card = SmallGpu()

    def limit(self, cap: int | None) -> None:
        self.card.budget = 2**62 if cap is None else round(cap * TINY)

    def machine(self, machine: Machine, cap: int | None) -> Machine:
        return cap_gpu(imagine_machine(24, 64, "Linux", name="an imitated card"), cap)

    def engine(self, device: torch.device) -> CopyEngine:
        return self.card

    def visits(self, module: nn.Module) -> None:
        size = sum(p.nbytes for p in module.parameters())
        module.register_forward_pre_hook(lambda *_: self.card.require(size, "weights"))

    def settle(self) -> None:
        return

    def peaks(self) -> dict[str, int]:
        return {"allocated": self.card.peak}

    def used(self) -> int | None:
        return None


class Watch:
    """Looks at driver and system beside what runs, from its beginning to its end."""

    def __init__(self, used: Callable[[], int | None], root: Path = Path("/")) -> None:
        """`used` is the card's; `root` has the system's /proc."""
        self._used, self._root = used, root
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, name="gauges", daemon=True)
        self._before = system_memory(root)[1]
        self._most: dict[str, int] = {}

    def peaks(self) -> dict[str, int]:
        """Bytes at most: `driver` of the card, by everybody; `held` by this process, mapped files not counted; `taken` from what
        the machine had free, which sees what is pinned for a card however that is counted."""
        return dict(self._most)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()
        self._once()

    def _look(self) -> None:
        while not self._stop.wait(EVERY):
            self._once()

    def _once(self) -> None:
        seen = {"driver": self._used(), "held": held(self._root), "taken": max(0, self._before - system_memory(self._root)[1])}
        for name, amount in seen.items():
            if amount is not None:
                self._most[name] = max(amount, self._most.get(name, 0))


def held(root: Path = Path("/")) -> int | None:
    """Bytes of memory that this process holds now; None where the system does not tell (Linux does)."""
    try:
        lines = (root / "proc/self/status").read_text("ascii").splitlines()
    except OSError:
        return None
    table = dict(line.split(":", 1) for line in lines if ":" in line)
    return sum(int(table[key].split()[0]) * 1024 for key in HELD) if all(key in table for key in HELD) else None
