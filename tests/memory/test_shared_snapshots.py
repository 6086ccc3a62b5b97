"""Snapshots that share what they have in common: the same bit for bit, in less than half the room, whole where they are copied."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from studio.engine import take_folder
from studio.memory import snapshot as snapshots
from studio.memory.packed import pack, unpack
from studio.memory.psi_blocks import block_files
from studio.memory.snapshot import Snapshot, SnapshotError, read_snapshot
from studio.memory.snapshot_blocks import copy_snapshot, keep_blocks, named_files, spare_blocks

SHAPE = (1, 40, 9, 12, 20)


def latents(seed: int, shape: tuple[int, ...] = SHAPE, half: bool = True) -> Tensor:
    made = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    return made.half().float() if half else made


def film(folder: Path, windows: tuple[int, ...] = (9, 9, 9, 9), half: bool = True) -> Iterator[tuple[Path, Snapshot]]:
    """The snapshots of takes of one section each, as they are written, read and continued."""
    psi = latents(99, (1, 200, 173))
    now = Snapshot.initial(latents(100, (1, 40, 1, 12, 20)), "tiny:1")
    for number, window in enumerate(windows):
        path = folder / f"take{number}" / take_folder.SNAPSHOT
        path.parent.mkdir(parents=True)
        now = now.advance(latents(number, (1, 40, window, 12, 20), half), psi)
        now.write(path)
        yield path, now
        now = read_snapshot(path)


def same(one: Snapshot, other: Snapshot) -> bool:
    """Bit for bit."""
    assert one.psi is not None and other.psi is not None
    pairs = ((one.start, other.start), (one.recent, other.recent), (one.psi, other.psi))
    equal = all(a.shape == b.shape and a.numpy().tobytes() == b.numpy().tobytes() for a, b in pairs)
    return equal and (one.sections, one.model) == (other.sections, other.model)


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


@pytest.mark.parametrize("half", [True, False])
@pytest.mark.parametrize("windows", [(9, 9, 9, 9), (4, 4, 4, 4, 4, 4), (19, 19), (25, 25), (9, 4, 25, 9), (1, 1, 1)])
def test_bit_for_bit_for_sections_of_any_length(tmp_path: Path, windows: tuple[int, ...], half: bool) -> None:
    for path, meant in film(tmp_path, windows, half):
        assert same(read_snapshot(path), meant)
        assert sum(snapshots._pieces(meant.window)) == 19


def test_a_take_costs_less_than_half(tmp_path: Path) -> None:
    made = list(film(tmp_path))
    plain = tmp_path / "plain.safetensors"
    last = made[-1][1]
    Snapshot(last.start, last.recent, last.psi, last.sections, last.model).write(plain)
    assert same(read_snapshot(plain), last)
    assert size(made[-1][0].parent) < 0.5 * plain.stat().st_size
    assert len(block_files(made[-1][0].parent)) == 2, "of the newest section: what stays in two more snapshots, and in one"


def test_values_that_float16_does_not_hold_in_some_columns(tmp_path: Path) -> None:
    mixed = latents(1)
    mixed[:, 3, :, 5] += 1e-6
    mixed[0, 0, 0, 0, 0] = -0.0
    now = Snapshot.initial(latents(2, (1, 40, 1, 12, 20))).advance(mixed, latents(3, (1, 200, 173)))
    (tmp_path / "a").mkdir()
    now.write(tmp_path / "a" / "s.safetensors")
    assert same(read_snapshot(tmp_path / "a" / "s.safetensors"), now)


def test_a_copy_holds_all_it_needs(tmp_path: Path) -> None:
    *_, (path, meant) = film(tmp_path / "film")
    (tmp_path / "elsewhere" / "take").mkdir(parents=True)
    copy_snapshot(path, tmp_path / "elsewhere" / "take" / "s.safetensors")
    assert same(read_snapshot(tmp_path / "elsewhere" / "take" / "s.safetensors"), meant)


def test_folders_that_go_leave_what_others_need(tmp_path: Path) -> None:
    made = list(film(tmp_path))
    gone, kept = [path.parent for path, _ in made[:3]], [made[3][0].parent]
    keep_blocks(gone, kept)
    for folder in gone:
        folder.rename(tmp_path.with_name(f"{tmp_path.name}-{folder.name}"))
    assert same(read_snapshot(made[3][0]), made[3][1])


def test_what_nobody_names_is_spare_and_what_others_name_is_not(tmp_path: Path) -> None:
    made = list(film(tmp_path))
    folders = [path.parent for path, _ in made]
    assert spare_blocks(folders, folders) == []
    for path, _ in made[:3]:
        path.unlink()
    for path in spare_blocks(folders[:3], folders[3:]):
        path.unlink()
    assert same(read_snapshot(made[3][0]), made[3][1])
    left = {path.name for folder in folders for path in block_files(folder)}
    assert left == named_files(folders[3])


def test_a_take_of_several_sections_keeps_the_last_ones_parts_alone(tmp_path: Path) -> None:
    """Its sections' snapshots are removed in the end, but not what a take needs that went on from it before it was complete."""
    folder = tmp_path / "take"
    folder.mkdir()
    now = Snapshot.initial(latents(100, (1, 40, 1, 12, 20)))
    for index in range(4):
        now = now.advance(latents(index), latents(99, (1, 200, 173)))
        now.write(take_folder.section_snapshot(folder, index))
        if index == 1:
            other = now.advance(latents(50), now.psi)
            (tmp_path / "other").mkdir()
            other.write(tmp_path / "other" / take_folder.SNAPSHOT)
    (folder / take_folder.SNAPSHOT).write_bytes(take_folder.section_snapshot(folder, 3).read_bytes())
    before = len(block_files(folder))
    take_folder.tidy(folder)
    assert same(read_snapshot(folder / take_folder.SNAPSHOT), now)
    assert same(read_snapshot(tmp_path / "other" / take_folder.SNAPSHOT), other)
    assert len(block_files(folder)) < before
    (tmp_path / "other" / take_folder.SNAPSHOT).unlink()
    take_folder.tidy(folder)
    assert {path.name for path in block_files(folder)} == named_files(folder)


@pytest.mark.parametrize("damage", ["missing", "cut", "other values", "names", "shape"])
def test_damage_is_said_and_nothing_wrong_is_read(tmp_path: Path, damage: str) -> None:
    *_, (path, _) = film(tmp_path, (9, 9))
    block = max(path.parent.glob("latents-*"), key=lambda one: one.stat().st_size)
    if damage == "missing":
        block.unlink()
    elif damage == "cut":
        block.write_bytes(block.read_bytes()[:-50])
    elif damage == "other values":
        save_file({"psi": torch.zeros(1, 8, 40 * 240)}, block)
    else:
        facts = {"format": "4", "recent": '[["x", 3]]', "start": "[]"} if damage == "names" else {
            **_facts(path), "frame": "[7, 7, 7]"}
        save_file(load_file(path), path, metadata=facts)
    with pytest.raises(SnapshotError, match=r"missing|cannot be read|other values"):
        read_snapshot(path)


def _facts(path: Path) -> dict[str, str]:
    content = path.read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    return dict(header["__metadata__"])


def test_packed_tensors_are_read_as_they_were_and_no_longer_than_that() -> None:
    tensors = {"a": latents(1), "b": torch.zeros(5000), "small": torch.ones(3), "bits": torch.ones(9000, dtype=torch.uint8),
               "half": latents(2).half(), "flags": torch.ones(5000, dtype=torch.bool)}
    packed, facts = pack(tensors)
    back = unpack(packed, facts)
    assert all(torch.equal(back[name], tensor) and back[name].dtype == tensor.dtype for name, tensor in tensors.items())
    assert packed["b"].nbytes < 200 and packed["flags"] is tensors["flags"] and packed["half"].nbytes < tensors["half"].nbytes
    for wrong in (
        '{"b": ["float32", 4999]}', '{"b": ["float32", 5001]}', '{"b": ["int3", 5]}', '{"c": ["float32", 5]}', '{"b": 4}', "x",
        '{"b": ["float32", -5]}', '{"b": ["float32", 99999999999]}', '{"small": ["float32", 3]}',
    ):
        with pytest.raises(ValueError):
            unpack(packed, {"packed": wrong})
