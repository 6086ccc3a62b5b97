"""Measures the peaks of GPU and host memory while something runs, as the allocator, the driver and the system report them."""

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

INTERVAL = 0.05
"""Seconds between two readings of driver and system."""
FIELDS = ("RssAnon", "RssShmem")
"""What counts as memory of a process: not mapped files, because the system takes those back at any time."""
MAPPED = ("RssFile",)
"""The pages of mapped files that are in memory now."""
TINY = 2**-15
"""Bytes of the imitated GPU's budget for each byte of the cap."""


class MeasuredGpu(Protocol):
    """The GPU on which placements are measured."""

    device: torch.device

    def limit(self, cap: int | None) -> None:
        """Allows at most `cap` bytes of GPU memory from now on, everything included; None: all there is."""

    def machine(self, machine: Machine, cap: int | None) -> Machine:
        """Returns the machine for the planner, with a GPU of `cap` bytes."""

    def engine(self, device: torch.device) -> CopyEngine:
        """Returns the copy engine for this GPU."""

    def expect_whole(self, module: nn.Module) -> None:
        """Announces that the whole module will be on the GPU whenever it computes."""

    def synchronize(self) -> None:
        """Waits until everything is computed."""

    def peaks(self) -> dict[str, int]:
        """Returns the most bytes so far, `allocated` and `reserved` by the allocator, as far as they are known."""

    def used(self) -> int | None:
        """Returns the bytes in use by all processes, as the driver reports them now; None where there is no driver."""


class CudaGpu:
    """The first CUDA GPU. Its allocator gets the cap less CUDA's own share (`CUDA_CONTEXT`), so that both keep to the cap."""

    def __init__(self) -> None:
        """Changes nothing on the GPU yet."""
        self.device = torch.device("cuda", 0)

    def limit(self, cap: int | None) -> None:
        """Limits the allocator; see `MeasuredGpu.limit`."""
        if cap is not None:
            total = torch.cuda.get_device_properties(self.device).total_memory
            torch.cuda.set_per_process_memory_fraction(min(1.0, max(0, cap - CUDA_CONTEXT) / total), self.device)

    def machine(self, machine: Machine, cap: int | None) -> Machine:
        """Returns this machine with the GPU capped."""
        return cap_gpu(machine, cap)

    def engine(self, device: torch.device) -> CopyEngine:
        """Returns the copy engine that the studio uses for this device."""
        return copy_engine(device)

    def expect_whole(self, module: nn.Module) -> None:
        """Does nothing: CUDA's allocator fails by itself."""

    def synchronize(self) -> None:
        """Waits for all CUDA kernels and copies."""
        torch.cuda.synchronize(self.device)

    def peaks(self) -> dict[str, int]:
        """Returns the peaks of torch's allocator in bytes."""
        return {
            "allocated": torch.cuda.max_memory_allocated(self.device), "reserved": torch.cuda.max_memory_reserved(self.device),
        }

    def used(self) -> int | None:
        """Returns the bytes in use by all processes, as the driver reports them."""
        free, total = torch.cuda.mem_get_info(self.device)
        return total - free


class ImitatedGpu:
    """A processor with a budget for weights, to test the measuring itself. Of a cap of one GiB it has `TINY` GiB."""

    def __init__(self) -> None:
        """Begins without a limit."""
        self.device = torch.device("cpu")
        self.gpu = SmallGpu()

    def limit(self, cap: int | None) -> None:
        """Sets the budget."""
        self.gpu.budget = 2**62 if cap is None else round(cap * TINY)

    def machine(self, machine: Machine, cap: int | None) -> Machine:
        """Returns an imagined machine with a GPU of 24 GiB, capped."""
        return cap_gpu(imagine_machine(24, 64, "Linux", name="an imitated card"), cap)

    def engine(self, device: torch.device) -> CopyEngine:
        """Returns the imitated GPU itself, which counts what is copied to it."""
        return self.gpu

    def expect_whole(self, module: nn.Module) -> None:
        """Checks before each forward pass that the module's parameters fit."""
        size = sum(p.nbytes for p in module.parameters())
        module.register_forward_pre_hook(lambda *_: self.gpu.require(size, "weights"))

    def synchronize(self) -> None:
        """Does nothing: a processor computes at once."""

    def peaks(self) -> dict[str, int]:
        """Returns the peak of the counted bytes."""
        return {"allocated": self.gpu.peak}

    def used(self) -> int | None:
        """Returns None: there is no driver."""
        return None


class PeakRecorder:
    """A context manager that reads driver and system at regular intervals and keeps the highest values."""

    def __init__(self, used: Callable[[], int | None], root: Path = Path("/")) -> None:
        """Takes the GPU's `used` method, and the folder in which the system's /proc is."""
        self._used, self._root = used, root
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="gauges", daemon=True)
        self._free_before = system_memory(root)[1]
        self._peaks: dict[str, int] = {}

    def peaks(self) -> dict[str, int]:
        """Returns the highest values in bytes.

        `driver` is GPU memory in use by all processes, `held` is memory of this process without mapped files, `mapped` is what it
        has of mapped files in memory, and `taken` is how much less memory the machine has free than before, which includes pinned
        memory however the system counts it.
        """
        return dict(self._peaks)

    def __enter__(self) -> PeakRecorder:
        """Starts reading in a thread."""
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stops the thread and reads once more."""
        self._stop.set()
        self._thread.join()
        self._read()

    def _run(self) -> None:
        while not self._stop.wait(INTERVAL):
            self._read()

    def _read(self) -> None:
        values = {
            "driver": self._used(), "held": process_memory(self._root), "mapped": process_memory(self._root, MAPPED),
            "taken": max(0, self._free_before - system_memory(self._root)[1]),
        }
        for name, amount in values.items():
            if amount is not None:
                self._peaks[name] = max(amount, self._peaks.get(name, 0))


# By hand, because psutil reports no figure that includes shared memory and leaves out mapped files.
def process_memory(root: Path = Path("/"), fields: tuple[str, ...] = FIELDS) -> int | None:
    """Returns the bytes of memory that this process has now, by default without mapped files; None without such a /proc."""
    try:
        lines = (root / "proc/self/status").read_text("ascii").splitlines()
    except OSError:
        return None
    table = dict(line.split(":", 1) for line in lines if ":" in line)
    return sum(int(table[key].split()[0]) * 1024 for key in fields) if all(key in table for key in fields) else None


def bytes_read(root: Path = Path("/")) -> int | None:
    """Returns the bytes that this process has read from disks so far, mapped files included; None without such a /proc."""
    try:
        lines = (root / "proc/self/io").read_text("ascii").splitlines()
        return int(dict(line.split(": ", 1) for line in lines)["read_bytes"])
    except (OSError, KeyError, ValueError):
        return None
