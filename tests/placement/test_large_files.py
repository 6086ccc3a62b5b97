"""Weights in files larger than the machine's memory: written in shards, and mapped without counting as memory."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
from safetensors.torch import load_file, save, save_file

from studio.backbones.framepack.lora_layers import FramePackLayers
from studio.catalogue.cards import ModelError
from studio.catalogue.loras.contents import inspect_whole
from studio.diffusion.lora_files import read_lora
from studio.mapped_tensors import MappedTensors, read_mapped
from studio.placement.device import weight_shards, weight_store
from studio.placement.device.adaln import layers_from_file
from studio.placement.device.weight_file import DamagedWeightsError, StoreKey
from studio.placement.device.weight_store import load_or_build, read, read_checkpoint, write
from tests.catalogue.loras.files import pairs, peft
from tests.large_files import KEY, larger_than_memory, sparse
from tests.placement.conftest import network, randn

LAYOUT = {f"part.{k}": randn(50, 10, seed=k) for k in range(7)} | {"bias": randn(3).bfloat16(), "steps": torch.arange(9)}


@sparse
def test_a_file_larger_than_the_memory_is_mapped(tmp_path: Path) -> None:
    path, tensors = tmp_path / "large.safetensors", {"a": randn(20, 8), "b": torch.arange(5)}
    with larger_than_memory(path, tensors) as layout:
        file = MappedTensors(path)
        assert file.names == ("b", "a", "huge") and file["huge"].shape == layout["huge"].shape
        assert all(torch.equal(file[name], value) for name, value in tensors.items())
        assert file["huge"][-1] == 0 and file["huge"][10**9] == 0
        assert {name for name, value in read_checkpoint(tmp_path) if value.is_contiguous()} == layout.keys()
        stored = read(path, KEY, layout, verify=False)
        assert torch.equal(stored["a"], tensors["a"]) and stored["huge"].nbytes > psutil.virtual_memory().total


@sparse
def test_adaln_layers_are_read_from_such_a_file(tmp_path: Path) -> None:
    model, name = network(), "transformer_blocks.0.norm1"
    own = model.get_submodule(f"{name}.linear").state_dict()
    with larger_than_memory(tmp_path / "x.safetensors", {f"{name}.linear.{key}": value for key, value in own.items()}):
        layer = layers_from_file(tmp_path / "x.safetensors", model)(name)
        assert all(torch.equal(value, own[key]) for key, value in layer.state_dict().items())


@sparse
def test_a_loras_own_layers_are_read_from_such_a_file(tmp_path: Path) -> None:
    layers = FramePackLayers(dict(network().config))
    made = peft(pairs(layers, lambda name: name.endswith("to_q")))
    path = tmp_path / "x.safetensors"
    with larger_than_memory(path, made, "base.weight"):
        contents = inspect_whole(path, layers, "Small")
        assert contents.unused == ("base.weight",) and len(read_lora(path, layers, "Small")) == len(contents.pairs)


def test_mapped_tensors_are_those_of_safetensors(tmp_path: Path) -> None:
    types = (torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8,
             torch.uint8, torch.uint16, torch.float8_e4m3fn, torch.float8_e5m2, torch.complex64)
    tensors = {str(dtype): (randn(3, 5) * 9).to(torch.int8).to(dtype) for dtype in types}
    tensors |= {"empty": torch.empty(0, 4), "one": torch.tensor(2.5), "bits": torch.tensor([True, False])}
    save_file(tensors, tmp_path / "all.safetensors", {"who": "me"})
    assert MappedTensors(tmp_path / "all.safetensors").metadata == {"who": "me"}
    for name, value in read_mapped(tmp_path / "all.safetensors").items():
        theirs = tensors[name]
        assert value.dtype == theirs.dtype and value.shape == theirs.shape, name
        assert value.reshape(-1).view(torch.uint8).tolist() == theirs.reshape(-1).view(torch.uint8).tolist(), name


def test_tensors_at_odd_places_are_read(tmp_path: Path) -> None:
    """Other programs do not align tensors: three bytes, and then numbers of four."""
    header = json.dumps({"a": {"dtype": "U8", "shape": [3], "data_offsets": [0, 3]},
                         "b": {"dtype": "F32", "shape": [2], "data_offsets": [3, 11]}}).encode()
    values = torch.tensor([1.5, -2.0])
    (tmp_path / "x").write_bytes(len(header).to_bytes(8, "little") + header + b"abc" + values.numpy().tobytes())
    assert torch.equal(MappedTensors(tmp_path / "x")["b"], values)


def test_a_file_whose_name_is_no_text_is_mapped(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xe4\xff.safetensors")
    try:
        path.write_bytes(save({"a": torch.ones(2)}))
    except OSError:
        pytest.skip("this disk takes no such names")
    assert read_mapped(path)["a"].tolist() == [1, 1]


@pytest.fixture()
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weight_shards, "SHARD_BYTES", 5000)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


SHARDS = [f"int8-0000{k}-of-00004.safetensors" for k in (1, 2, 3, 4)]
INDEX = "int8.safetensors.index.json"


@pytest.mark.usefixtures("small_shards")
def test_a_large_store_is_shards_that_any_reader_can_read(tmp_path: Path) -> None:
    path = tmp_path / "int8.safetensors"
    write(path, KEY, LAYOUT, reversed(LAYOUT.items()))
    assert names(tmp_path) == [*SHARDS, INDEX]
    assert all((tmp_path / name).stat().st_size < 7000 for name in SHARDS)
    loaded = read(path, KEY, LAYOUT)
    theirs = {name: value for shard in SHARDS for name, value in load_file(tmp_path / shard).items()}
    where = json.loads((tmp_path / INDEX).read_text())["weight_map"]
    assert all(name in load_file(tmp_path / where[name]) for name in LAYOUT)
    for name, value in LAYOUT.items():
        assert torch.equal(loaded[name], value) and torch.equal(theirs[name], value), name


def test_a_shard_is_below_four_gigabytes() -> None:
    large = {f"{k}": torch.empty(3000, 300_000, dtype=torch.int8, device="meta") for k in range(7)}
    assert [len(shard) for shard in weight_shards.split(large)] == [4, 3]
    assert weight_shards.SHARD_BYTES < 4 * 10**9 and weight_shards.split({}) == [[]]
    assert [len(shard) for shard in weight_shards.split({"one": torch.empty(9 * 10**9, device="meta"), **large})] == [1, 4, 3]


def test_a_store_in_one_file_stays_in_use_and_is_replaced_when_it_is_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, said = tmp_path / "int8.safetensors", list[str]()
    write(path, KEY, LAYOUT, LAYOUT.items())
    assert names(tmp_path) == [path.name]
    monkeypatch.setattr(weight_shards, "SHARD_BYTES", 5000)
    load_or_build(path, KEY, LAYOUT, _never, said.append)
    other = StoreKey("revision b", KEY.recipe)
    load_or_build(path, other, LAYOUT, LAYOUT.items, said.append)
    assert len(said) == 1 and names(tmp_path) == [*SHARDS, INDEX], "it takes no room any more"
    load_or_build(path, other, LAYOUT, _never, said.append)
    monkeypatch.setattr(weight_shards, "SHARD_BYTES", 6000)
    load_or_build(path, KEY, LAYOUT, LAYOUT.items, said.append)
    assert [name.replace("-of-00003", "-of-00004") for name in names(tmp_path)] == [*SHARDS[:3], INDEX]
    monkeypatch.undo()
    write(path, KEY, LAYOUT, LAYOUT.items())
    assert names(tmp_path) == [path.name]


def _never() -> Any:
    raise AssertionError("built again")


def _without(folder: Path) -> None:
    (folder / SHARDS[1]).unlink()


def _cut(folder: Path) -> None:
    os.truncate(folder / SHARDS[2], 100)


def _index(folder: Path) -> None:
    (folder / INDEX).write_text('{"weight_map": {"a": 3}}')


def _empty(folder: Path) -> None:
    (folder / INDEX).write_text('{"weight_map": {}}')


def _outside(folder: Path) -> None:
    (folder / INDEX).write_text('{"weight_map": {"a": "/etc/passwd"}}')


@pytest.mark.usefixtures("small_shards")
@pytest.mark.parametrize("spoil", [_without, _cut, _index, _empty, _outside])
def test_a_damaged_part_is_noticed_and_all_is_written_again(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    path, said = tmp_path / "int8.safetensors", list[str]()
    write(path, KEY, LAYOUT, LAYOUT.items())
    spoil(tmp_path)
    with pytest.raises(DamagedWeightsError):
        read(path, KEY, LAYOUT)
    again = load_or_build(path, KEY, LAYOUT, LAYOUT.items, said.append)
    assert len(said) == 1 and said[0].endswith("It is written again, once.") and names(tmp_path) == [*SHARDS, INDEX]
    assert all(torch.equal(again[name], value) for name, value in LAYOUT.items())


@pytest.mark.usefixtures("small_shards")
def test_shards_without_an_index_are_no_store(tmp_path: Path) -> None:
    """A process that ended while it wrote leaves some files, which are not taken for all."""
    path = tmp_path / "int8.safetensors"
    write(path, KEY, LAYOUT, LAYOUT.items())
    (tmp_path / INDEX).unlink()
    with pytest.raises(FileNotFoundError):
        read(path, KEY, LAYOUT)


def test_no_room_for_a_mapping_is_said_and_nothing_is_built_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "int8.safetensors"
    write(path, KEY, LAYOUT, LAYOUT.items())

    def full(*_: Any, **__: Any) -> None:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr("studio.mapped_tensors.mmap.mmap", full)
    for call in (lambda: load_or_build(path, KEY, LAYOUT, _never, lambda _: None), lambda: list(read_checkpoint(tmp_path))):
        with pytest.raises(ModelError, match=r"int8\.safetensors could not be mapped: .*address space") as refused:
            call()
        assert not isinstance(refused.value, weight_store.WeightStoreError)
