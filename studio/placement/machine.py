"""Machine: memory, disk, processor cores and GPU of the computer, and an estimate of how fast the GPU computes.

Amounts are in bytes. A plan can be made for an imaginary machine as well, see `imagine_machine`.
"""

from __future__ import annotations

import platform
import re
import shutil
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import psutil

GB = 2**30
"""A gigabyte as Windows and makers of memory count it."""

GPU_TFLOPS: tuple[tuple[str, float], ...] = (
    (r"B200|GB200|B300", 700), (r"H100|H200|GH200", 400), (r"A100", 140), (r"RTX PRO 6000", 150), (r"L40|RTX 6000 Ada", 110),
    (r"A6000|A40\b", 65), (r"\bL4\b", 45), (r"\bA10\b", 45),
    (r"5090", 100), (r"5080", 55), (r"5070 Ti", 43), (r"5070", 30), (r"5060 Ti", 23), (r"5060", 19), (r"5050", 13),
    (r"4090", 80), (r"4080", 48), (r"4070 Ti", 40), (r"4070", 29), (r"4060 Ti", 22), (r"4060", 15), (r"4050", 11),
    (r"3090", 35), (r"3080", 29), (r"3070", 20), (r"3060", 12), (r"3050", 8),
)
"""(pattern of a GPU's name, TFLOPS) that the GPU is expected to reach in this work: half of its data sheet's dense bfloat16 rate
with float32 accumulation. Estimates, none of them measured."""
LAPTOP_FACTOR = 0.6
"""A laptop's GPU reaches this share of the desktop GPU with the same name; an estimate."""
UNKNOWN_GPU_TFLOPS = 12.0
"""Estimate for a GPU that is not in the table."""
OLD_GPU_TFLOPS = 4.0
"""Estimate for a GPU before compute capability 8.0, which has no bfloat16 units."""
CORE_TFLOPS = 0.034
"""TFLOPS of one processor core: the embedded model reached 0.068 on two shared ones."""


@lru_cache
def expected_tflops(name: str) -> float:
    """Estimate of the TFLOPS that the GPU with this name reaches."""
    known = next((tflops for pattern, tflops in GPU_TFLOPS if re.search(pattern, name)), UNKNOWN_GPU_TFLOPS)
    return known * (LAPTOP_FACTOR if "Laptop" in name else 1)


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
    def tflops(self) -> float:
        """Estimate of the TFLOPS that it reaches, see GPU_TFLOPS."""
        return OLD_GPU_TFLOPS if self.capability < (8, 0) else expected_tflops(self.name)


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
    """Bytes a second from memory to the GPU; None if not known."""

    @property
    def pinnable(self) -> int:
        """Bytes of memory that may be pinned. Windows allows about half of the memory."""
        return self.ram_total // 2 if self.system == "Windows" else self.ram_total

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
    vram: float, ram: float, system: str = "", disk: int = 200 * GB, name: str = "A graphics card", cores: int = 8
) -> Machine:
    """An imaginary machine. What a desktop usually occupies of its memory counts as used.

    Args:
        vram: GB of GPU memory; 0: no GPU.
        ram: GB of memory.
        system: as for `Machine`; empty: the system that this runs on.
        disk: free bytes.
        name: the GPU's.
        cores: of the processor.

    Raises:
        ValueError: `vram` or `ram` is out of range or not a number.
    """
    if not (0 <= vram < 1e4 and 0.5 <= ram < 1e5):
        raise ValueError(f"A machine has 0 or more GB of graphics memory and at least 0.5 GB of memory, not {vram:g} and {ram:g}.")
    system = system or platform.system()
    desktop = system == "Windows"
    total = round(vram * GB)
    gpu = Gpu(name, (8, 6), total, max(0, total - round((0.9 if desktop else 0.5) * GB))) if vram else None
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
