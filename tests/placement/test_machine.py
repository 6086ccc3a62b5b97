"""The machine: memory limits of containers, this machine, and imaginary machines."""

from __future__ import annotations

import platform
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from studio.placement import machine as machines
from studio.placement.machine import GB, Gpu, imagine_machine, probe_machine, system_memory

linux = pytest.mark.skipif(platform.system() != "Linux", reason="reads Linux's files")
MEMINFO = "MemTotal:       33554432 kB\nMemFree: 1 kB\nMemAvailable:   25165824 kB\n" + "".join(
    f"{name}: 1 kB\n" for name in ("Buffers", "Cached", "Shmem", "Active", "Inactive")
)


def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **files: str) -> Path:
    """A folder with the files of Linux that memory is read from; psutil reads those in it."""
    for name, text in {"proc/meminfo": MEMINFO, **files}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr("psutil.PROCFS_PATH", str(tmp_path / "proc"))
    return tmp_path


@linux
def test_memory_without_a_container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert system_memory(root(tmp_path, monkeypatch)) == (32 * GB, 24 * GB)


@linux
@pytest.mark.parametrize("version", [2, 1])
def test_a_containers_limit_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: int) -> None:
    folder, names = {
        2: ("sys/fs/cgroup", ("memory.max", "memory.current", "inactive_file")),
        1: ("sys/fs/cgroup/memory", ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")),
    }[version]
    files = {
        f"{folder}/{names[0]}": f"{8 * GB}\n", f"{folder}/{names[1]}": f"{3 * GB}\n",
        f"{folder}/memory.stat": f"anon 5\n{names[2]} {GB}\n",
    }
    assert system_memory(root(tmp_path, monkeypatch, **files)) == (8 * GB, 6 * GB), "a file's pages in the cache can be given back"


@linux
def test_a_container_without_a_limit_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"memory.max": "max\n", "memory.current": "5\n", "memory.stat": "inactive_file 1\n"}
    folder = root(tmp_path, monkeypatch, **{f"sys/fs/cgroup/{name}": text for name, text in files.items()})
    assert system_memory(folder) == (32 * GB, 24 * GB)


def test_this_machine_is_seen(tmp_path: Path) -> None:
    machine = probe_machine(tmp_path / "not" / "there" / "yet")
    assert 0 < machine.ram_free <= machine.ram_total and machine.disk_free > 0 and machine.cores >= 1
    assert (machine.gpu is not None) == torch.cuda.is_available()


def test_a_card_is_asked_for_its_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (10 * GB, 12 * GB))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "NVIDIA GeForce RTX 3060")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (8, 6))
    assert probe_machine(tmp_path).gpu == Gpu("NVIDIA GeForce RTX 3060", (8, 6), 12 * GB, 10 * GB)


@pytest.mark.parametrize(("name", "capability", "known", "like"), [
    ("NVIDIA GeForce RTX 4090", (8, 9), True, "RTX 4090"), ("NVIDIA GeForce RTX 4060 Laptop GPU", (8, 9), True, "RTX 4060 Laptop"),
    ("NVIDIA L40S", (8, 9), True, "L40S"), ("Somebody's card", (12, 0), False, "RTX 3060"),
    ("Somebody's card", (7, 0), False, "RTX 2060"), ("NVIDIA H200 NVL", (9, 0), False, "H100 PCIe"),
    ("NVIDIA B200", (10, 0), False, "H100 PCIe"), ("NVIDIA H100 80GB HBM3 MIG 1g.10gb", (9, 0), False, "RTX 3060"),
])
def test_a_cards_figures_are_found_by_its_name(name: str, capability: tuple[int, int], known: bool, like: str) -> None:
    gpu = Gpu(name, capability, 0, 0)
    assert (gpu.is_known, gpu.figures.name) == (known, like) and gpu.tflops == gpu.figures.reached_tflops


def test_the_rate_of_copies_is_measured_or_of_the_card_or_assumed() -> None:
    named, unnamed = imagine_machine(24, 64, name="RTX 4090"), imagine_machine(24, 64)
    assert named.link_rate == pytest.approx(24e9, rel=0.01) and unnamed.link_rate == machines.PCIE_RATE
    assert imagine_machine(8, 64, name="RTX 4060").link_rate == pytest.approx(12e9, rel=0.01), "8 lanes"
    assert replace(named, pcie=5e9).link_rate == 5e9


def test_an_imagined_machine() -> None:
    windows, linux_too = imagine_machine(8, 32, "Windows"), imagine_machine(8, 32, "Linux")
    assert windows.gpu and linux_too.gpu and windows.gpu.free < linux_too.gpu.free < linux_too.gpu.total == 8 * GB
    assert windows.pinnable == 16 * GB and linux_too.pinnable == 32 * GB
    assert imagine_machine(0, 16).gpu is None
    assert imagine_machine(0.3, 16).gpu == Gpu("A graphics card", (8, 6), round(0.3 * GB), 0)


@pytest.mark.parametrize(("vram", "ram"), [(-1, 32), (8, 0), (float("nan"), 32), (8, float("inf"))])
def test_amounts_that_are_none(vram: float, ram: float) -> None:
    with pytest.raises(ValueError, match="GB of graphics memory"):
        imagine_machine(vram, ram)
