"""What a machine has: memory, disk, cores, graphics card, and how fast such a card is. It does not know models.

Bytes throughout. A machine that is not there can be planned for as well: see `imagine_machine`.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

GB = 2**30
"""As shops and Windows count memory."""

SPEEDS: tuple[tuple[str, float], ...] = (
    (r"B200|GB200|B300", 700), (r"H100|H200|GH200", 400), (r"A100", 140), (r"RTX PRO 6000", 150), (r"L40|RTX 6000 Ada", 110),
    (r"A6000|A40\b", 65), (r"\bL4\b", 45), (r"\bA10\b", 45),
    (r"5090", 100), (r"5080", 55), (r"5070 Ti", 43), (r"5070", 30), (r"5060 Ti", 23), (r"5060", 19), (r"5050", 13),
    (r"4090", 80), (r"4080", 48), (r"4070 Ti", 40), (r"4070", 29), (r"4060 Ti", 22), (r"4060", 15), (r"4050", 11),
    (r"3090", 35), (r"3080", 29), (r"3070", 20), (r"3060", 12), (r"3050", 8),
)
"""TFLOPS that a card is expected to reach in this work: half of its data sheet's dense bfloat16 rate with float32 accumulation.
Estimates, none of them measured. A laptop's card of the same name is slower."""
LAPTOP = 0.6
UNKNOWN = 12.0
OLD = 4.0
"""Estimates for cards that are not in the table, and for those before compute capability 8, which have no bfloat16 units."""
CORE = 0.034
"""TFLOPS of one processor core: the embedded model reached 0.068 on two shared ones."""


@lru_cache
def speed(name: str) -> float:
    """TFLOPS of the card with this name, an estimate."""
    return next((known for pattern, known in SPEEDS if re.search(pattern, name)), UNKNOWN) * (LAPTOP if "Laptop" in name else 1)


@dataclass(frozen=True)
class Gpu:
    """A CUDA (or ROCm) card."""

    name: str
    capability: tuple[int, int]
    total: int
    free: int

    @property
    def tflops(self) -> float:
        """An estimate, see SPEEDS."""
        return OLD if self.capability < (8, 0) else speed(self.name)


@dataclass(frozen=True)
class Machine:
    """All that a plan is made from. `pcie` is the bus's rate in bytes a second; None: not known."""

    system: str                    # Linux, Windows or Darwin, as platform.system() says
    cores: int
    ram_total: int
    ram_free: int
    disk_free: int
    gpu: Gpu | None = None
    metal: bool = False
    pcie: float | None = None

    @property
    def pinnable(self) -> int:
        """Bytes of memory that may be pinned: Windows allows about half of it."""
        return self.ram_total // 2 if self.system == "Windows" else self.ram_total

    @property
    def tflops(self) -> float:
        """An estimate of what the machine computes with."""
        return self.gpu.tflops if self.gpu else CORE * min(self.cores, 16)


def probe_machine(folder: Path) -> Machine:
    """The machine this runs on. Imports torch, which takes seconds. `folder` lies on the disk that is asked for."""
    import torch

    gpu = None
    if torch.cuda.is_available():
        free, total = torch.cuda.mem_get_info()
        gpu = Gpu(torch.cuda.get_device_name(), torch.cuda.get_device_capability(), total, free)
    total, free = system_memory()
    existing = next(place for place in (folder.resolve(), *folder.resolve().parents) if place.exists())
    return Machine(
        platform.system(), cores(), total, free, shutil.disk_usage(existing).free, gpu, torch.backends.mps.is_available()
    )


def imagine_machine(
    vram: float, ram: float, system: str = "", disk: int = 200 * GB, name: str = "A graphics card", cores: int = 8
) -> Machine:
    """A machine with `vram` and `ram` GB that is not there, as it is after the desktop has taken its share; 0 of `vram`: no card.

    Raises:
        ValueError: the amounts are no amounts.
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
    """The machine as if its card had `cap` bytes at most: what lies within is free as far as it is now. None: as it is."""
    gpu = machine.gpu
    if gpu is None or cap is None:
        return machine
    total = min(gpu.total, cap)
    return replace(machine, gpu=replace(gpu, total=total, free=min(gpu.free, total)))


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def system_memory(root: Path = Path("/")) -> tuple[int, int]:
    """(total, free) bytes of memory: free is what can be had without swapping, and a container's limit counts."""
    system = platform.system()
    if system == "Windows":
        return _windows()
    if system == "Darwin":
        return _mac()
    table = dict(line.split(":", 1) for line in (root / "proc/meminfo").read_text("ascii").splitlines() if ":" in line)
    total, free = (int(table[key].split()[0]) * 1024 for key in ("MemTotal", "MemAvailable"))
    for limit, used in _limits(root):
        if limit < total:
            total = limit
        free = min(free, max(0, limit - used))
    return total, free


def _limits(root: Path) -> list[tuple[int, int]]:
    """(limit, used) of the container this runs in, by control groups 2 and 1; what is cached is not used: it can be given back."""
    found = []
    groups = root / "sys/fs/cgroup"
    for folder, limit, used, cached in (
        (groups, "memory.max", "memory.current", "inactive_file"),
        (groups / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ):
        try:
            most, now = ((folder / name).read_text("ascii").strip() for name in (limit, used))
            counters = dict(line.split() for line in (folder / "memory.stat").read_text("ascii").splitlines())
            if most != "max":
                found.append((int(most), int(now) - int(counters.get(cached, 0))))
        except (OSError, ValueError):
            continue                                  # not in such a container
    return found


def _windows() -> tuple[int, int]:
    import ctypes

    class Status(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ulong), ("load", ctypes.c_ulong)] + [
            (name, ctypes.c_ulonglong)
            for name in ("total", "free", "total_page", "free_page", "total_virtual", "free_virtual", "extended")
        ]

    status = Status(length=ctypes.sizeof(Status))
    ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))  # type: ignore[attr-defined]
    return status.total, status.free


def _mac() -> tuple[int, int]:
    page = os.sysconf("SC_PAGE_SIZE")
    told = subprocess.run(["vm_stat"], capture_output=True, text=True, check=True).stdout
    pages = {key: int(value) for key, value in re.findall(r"Pages (free|inactive|speculative):\s+(\d+)", told)}
    return page * os.sysconf("SC_PHYS_PAGES"), page * sum(pages.values())
