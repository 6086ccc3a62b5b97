"""Machine: memory, disk, processor cores and GPU of the computer, and an estimate of how fast it computes.

Amounts are in bytes. A plan can be made for an imaginary machine as well, see `imagine_machine`.
"""

from __future__ import annotations

import platform
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from studio.placement.gpus import KnownGpu, find, usual

GB = 2**30
"""A gigabyte as Windows and makers of memory count it."""

UNNAMED_GPU = "A graphics card"
"""Name of an imagined machine's GPU of which only the memory is known."""
PCIE_RATE = 12e9
"""Bytes a second from memory to a GPU of which nothing is known: PCIe 4.0 with 8 lanes."""
CORE_TFLOPS = 0.034
"""TFLOPS of one processor core: the embedded model reached 0.068 on two shared ones."""


@dataclass(frozen=True)
class Gpu:
    """A GPU that PyTorch uses through CUDA or ROCm."""

    name: str
    capability: tuple[int, int]
    """CUDA's compute capability, such as (8, 6)."""
    total: int
    """Bytes of its memory."""
    free: int
    """Bytes of its memory that no program uses."""

    @property
    def is_known(self) -> bool:
        """Whether its name is in the table of cards."""
        return find(self.name) is not None

    @property
    def figures(self) -> KnownGpu:
        """Its figures in the table of cards, or those of a usual card if it is not there."""
        return find(self.name) or usual(self.name, self.capability)

    @property
    def tflops(self) -> float:
        """Estimate of the TFLOPS that a large model reaches."""
        return self.figures.reached_tflops


@dataclass(frozen=True)
class Machine:
    """Everything about a computer that a plan depends on."""

    system: str
    """Linux, Windows or Darwin, as `platform.system()` returns it."""
    cores: int
    ram_total: int
    ram_free: int
    disk_free: int
    gpu: Gpu | None = None
    metal: bool = False
    """Whether it has an Apple GPU."""
    pcie: float | None = None
    """Bytes a second from memory to the GPU, if that was measured."""

    @property
    def pinnable(self) -> int:
        """Bytes of memory that may be pinned. Windows allows about half of the memory."""
        return self.ram_total // 2 if self.system == "Windows" else self.ram_total

    @property
    def link_rate(self) -> float:
        """Bytes a second from memory to the GPU: as measured, or estimated for a card in the table, or PCIE_RATE."""
        return self.pcie or (self.gpu.figures.link_rate if self.gpu and self.gpu.is_known else PCIE_RATE)

    @property
    def tflops(self) -> float:
        """Estimate of the TFLOPS of the GPU or, without one, of the processor."""
        return self.gpu.tflops if self.gpu else CORE_TFLOPS * min(self.cores, 16)


def probe_machine(folder: Path) -> Machine:
    """The machine this runs on. Imports torch, which takes seconds.

    Args:
        folder: its disk's free space is reported; the folder need not exist yet.
    """
    import torch

    gpu = None
    if torch.cuda.is_available():
        free, total = torch.cuda.mem_get_info()
        gpu = Gpu(torch.cuda.get_device_name(), torch.cuda.get_device_capability(), total, free)
    total, free = system_memory()
    existing = next(parent for parent in (folder.resolve(), *folder.resolve().parents) if parent.exists())
    return Machine(
        platform.system(), usable_cores(), total, free, shutil.disk_usage(existing).free, gpu, torch.backends.mps.is_available()
    )


def imagine_machine(
    vram: float, ram: float, system: str = "", disk: int = 200 * GB, name: str = UNNAMED_GPU, cores: int = 8,
    capability: tuple[int, int] = (8, 6),
) -> Machine:
    """An imaginary machine. What a desktop usually occupies of its memory counts as used.

    Args:
        vram: GB of GPU memory; 0: no GPU.
        ram: GB of memory.
        system: as for `Machine`; empty: the system that this runs on.
        disk: free bytes.
        name: the GPU's; by it its speed is looked up.
        cores: of the processor.
        capability: the GPU's.

    Raises:
        ValueError: `vram` or `ram` is out of range or not a number.
    """
    if not (0 <= vram < 1e4 and 0.5 <= ram < 1e5):
        raise ValueError(f"A machine has 0 or more GB of graphics memory and at least 0.5 GB of memory, not {vram:g} and {ram:g}.")
    system = system or platform.system()
    desktop = system == "Windows"
    total = round(vram * GB)
    gpu = Gpu(name, capability, total, max(0, total - round((0.9 if desktop else 0.5) * GB))) if vram else None
    used = min(0.5 * ram, 4 if desktop else 2)
    return Machine(system, cores, round(ram * GB), round((ram - used) * GB), disk, gpu)


def cap_gpu(machine: Machine, cap: int | None) -> Machine:
    """The machine with at most `cap` bytes of GPU memory, of which no more than now are free. None: the machine unchanged."""
    gpu = machine.gpu
    if gpu is None or cap is None:
        return machine
    total = min(gpu.total, cap)
    return replace(machine, gpu=replace(gpu, total=total, free=min(gpu.free, total)))


def usable_cores() -> int:
    """Processor cores that this process may use."""
    process = psutil.Process()
    # macOS has no way to bind a process to some of the cores.
    return len(process.cpu_affinity()) if hasattr(process, "cpu_affinity") else psutil.cpu_count() or 1


def system_memory(root: Path = Path("/")) -> tuple[int, int]:
    """(total, free) bytes of memory, within the limit of the container if there is one.

    Free is what can be had without swapping.

    Args:
        root: the folder in which `sys/fs/cgroup` is; only tests give another one.
    """
    memory = psutil.virtual_memory()
    total, free = memory.total, memory.available
    for limit, used in _container_limits(root):
        total = min(total, limit)
        free = min(free, max(0, limit - used))
    return total, free


# By hand: psutil reports the whole computer, not the container's limits.
def _container_limits(root: Path) -> list[tuple[int, int]]:
    """(limit, used) bytes by Linux's control groups, version 2 and 1. File pages in the cache do not count as used."""
    limits = []
    groups = root / "sys/fs/cgroup"
    for folder, limit, used, cached in (
        (groups, "memory.max", "memory.current", "inactive_file"),
        (groups / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ):
        try:
            most, now = ((folder / name).read_text("ascii").strip() for name in (limit, used))
            counters = dict(line.split() for line in (folder / "memory.stat").read_text("ascii").splitlines())
            if most != "max":
                limits.append((int(most), int(now) - int(counters.get(cached, 0))))
        except (OSError, ValueError):
            continue                                  # this process is in no such control group
    return limits
