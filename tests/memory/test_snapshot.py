"""Snapshots on disk: exact, atomic, and with errors that say what is wrong with a file."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from studio.memory import snapshot as snapshots
from studio.memory.snapshot import Snapshot, SnapshotError, read_snapshot


@pytest.fixture()
def snapshot() -> Snapshot:
    torch.manual_seed(0)
    return Snapshot.initial(torch.randn(1, 4, 1, 6, 8), "tiny:1").advance(torch.randn(1, 4, 9, 6, 8), psi=torch.randn(1, 5, 20))


def test_round_trip_is_exact(tmp_path: Path, snapshot: Snapshot) -> None:
    snapshot.write(tmp_path / "s.safetensors")
    back = read_snapshot(tmp_path / "s.safetensors")
    assert torch.equal(back.start, snapshot.start)
    assert torch.equal(back.recent, snapshot.recent)
    assert back.psi is not None and snapshot.psi is not None
    assert torch.equal(back.psi, snapshot.psi)
    assert (back.sections, back.model) == (1, "tiny:1")


@pytest.mark.parametrize("shared", [0, 2**30])
def test_values_lie_in_one_way_whether_computed_or_read(
    tmp_path: Path, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch, shared: int
) -> None:
    monkeypatch.setattr(snapshots, "SHARED", shared)
    snapshot.write(tmp_path / "s.safetensors")
    back = read_snapshot(tmp_path / "s.safetensors")
    odd = Snapshot(snapshot.start.as_strided(snapshot.start.shape, (7, 48, 5, 8, 1)), snapshot.recent, snapshot.psi)
    for made in (snapshot, back, odd):
        for values in (made.start, made.recent, made.psi):
            assert values is not None and values.stride() == torch.empty(values.shape).stride()
            assert values.data_ptr() % 64 == 0


def test_values_that_float16_holds_take_half_the_room(tmp_path: Path, snapshot: Snapshot) -> None:
    snapshot.write(tmp_path / "plain.safetensors")
    assert snapshot.psi is not None
    recent = snapshot.recent.half().float()
    recent[:, 2] = snapshot.recent[:, 2]                 # one channel needs float32
    rounded = Snapshot(snapshot.start.half().float(), recent, snapshot.psi.half().float(), 1, "tiny:1")
    rounded.write(tmp_path / "half.safetensors")
    back = read_snapshot(tmp_path / "half.safetensors")
    assert back.psi is not None and rounded.psi is not None
    assert torch.equal(back.recent, rounded.recent) and torch.equal(back.start, rounded.start)
    assert torch.equal(back.psi, rounded.psi)
    assert back.recent.dtype == back.psi.dtype == torch.float32
    sizes = [(tmp_path / f"{name}.safetensors").stat().st_size for name in ("half", "plain")]
    assert sizes[0] < 0.75 * sizes[1]


def test_without_psi(tmp_path: Path, snapshot: Snapshot) -> None:
    Snapshot.initial(snapshot.start).write(tmp_path / "s.safetensors")
    assert read_snapshot(tmp_path / "s.safetensors").psi is None


@pytest.mark.parametrize("keep", [0, 5, 100, 500])
def test_a_cut_file_is_named(tmp_path: Path, snapshot: Snapshot, keep: int) -> None:
    path = tmp_path / "s.safetensors"
    snapshot.write(path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(SnapshotError, match=r"s\.safetensors cannot be read"):
        read_snapshot(path)


def test_missing_newer_foreign_and_not_finite(tmp_path: Path, snapshot: Snapshot) -> None:
    with pytest.raises(SnapshotError, match="missing"):
        read_snapshot(tmp_path / "none.safetensors")
    save_file({"start": snapshot.start}, tmp_path / "newer.safetensors", metadata={"format": "9"})
    with pytest.raises(SnapshotError, match="newer studio"):
        read_snapshot(tmp_path / "newer.safetensors")
    save_file({"start": snapshot.start}, tmp_path / "foreign.safetensors", metadata={"format": "1"})
    with pytest.raises(SnapshotError, match="does not hold"):
        read_snapshot(tmp_path / "foreign.safetensors")
    snapshot.recent[0, 0, 0, 0, 0] = float("nan")
    snapshot.write(tmp_path / "nan.safetensors")
    with pytest.raises(SnapshotError, match="not numbers"):
        read_snapshot(tmp_path / "nan.safetensors")


def test_a_full_disk_leaves_the_old_snapshot(tmp_path: Path, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "s.safetensors"
    snapshot.write(path)
    before = path.read_bytes()

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("studio.disk.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        snapshot.write(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["s.safetensors"]
