"""What is told of a machine while a placement is measured: the peaks of its memory, and a card that is made smaller."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from studio.lab.measure import gauges
from studio.lab.measure.gauges import CudaGpu, PeakRecorder
from studio.placement.machine import GB, cap_gpu, imagine_machine


def proc(root: Path, anonymous: int, available: int) -> None:
    (root / "proc/self").mkdir(parents=True, exist_ok=True)
    told = {
        "proc/meminfo": f"MemTotal: 100000 kB\nMemAvailable: {available} kB\nMemFree: 1 kB\n" + "".join(
            f"{name}: 1 kB\n" for name in ("Buffers", "Cached", "Shmem", "Active", "Inactive")
        ),
        "proc/self/status": f"Name: x\nRssAnon: {anonymous} kB\nRssFile: 9999 kB\nRssShmem: 7 kB\n",
    }
    for name, text in told.items():
        (root / "beside").write_text(text)
        (root / "beside").replace(root / name)          # as the system does it: never half a file


def test_the_watch_keeps_the_peaks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gauges, "INTERVAL", 0.001)
    monkeypatch.setattr("psutil.PROCFS_PATH", str(tmp_path / "proc"))
    proc(tmp_path, 10, 90_000)
    looked: list[int] = []

    def amounts() -> int:
        looked.append(1)
        return 500 if 3 < len(looked) < 6 else 100

    with PeakRecorder(amounts, tmp_path) as watch:
        proc(tmp_path, 20, 50_000)
        while len(looked) < 8:
            pass
        proc(tmp_path, 5, 80_000)
    assert watch.peaks() == {"driver": 500, "held": 27 * 1024, "mapped": 9999 * 1024, "taken": 40_000 * 1024}


def test_what_the_system_does_not_tell_is_not_there(tmp_path: Path) -> None:
    assert gauges.process_memory(tmp_path) is None
    with PeakRecorder(lambda: None) as watch:
        pass
    assert "driver" not in watch.peaks() and watch.peaks()["taken"] >= 0


def test_a_cap_makes_a_smaller_card() -> None:
    machine = imagine_machine(24, 64, "Linux")
    small = cap_gpu(machine, 12 * GB)
    assert small.gpu and (small.gpu.total, small.gpu.free) == (12 * GB, 12 * GB) and small.ram_total == machine.ram_total
    assert cap_gpu(machine, None) is machine and cap_gpu(machine, 80 * GB) == machine
    assert cap_gpu(imagine_machine(0, 64), 12 * GB).gpu is None


def test_the_real_card_gets_a_share_less_what_cuda_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    class Properties:
        total_memory = 24 * GB

    shares: list[float] = []
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: Properties)
    monkeypatch.setattr(torch.cuda, "set_per_process_memory_fraction", lambda share, _: shares.append(share))
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (5 * GB, 24 * GB))
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda _: 3)
    monkeypatch.setattr(torch.cuda, "max_memory_reserved", lambda _: 4)
    card = CudaGpu()
    card.limit(None)
    card.limit(12 * GB)
    card.limit(96 * GB)
    assert shares == [11.5 / 24, 1.0]
    assert card.peaks() == {"allocated": 3, "reserved": 4} and card.used() == 19 * GB
