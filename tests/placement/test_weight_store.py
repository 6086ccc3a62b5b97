"""Stored weights: reading gives the same bits, and never weights that were made from something else."""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from studio.catalogue.cards import ModelError
from studio.media import MediaError
from studio.placement.device import weight_store
from studio.placement.device.int8 import quantize, quantize_tensors, recipe
from studio.placement.device.weight_file import DamagedWeightsError, StaleWeightsError, StoreKey
from studio.placement.device.weight_store import fill_skeleton, load_or_build, read, read_checkpoint, write
from tests.placement.conftest import network, randn, run

KEY = StoreKey("revision a", recipe(), ("lora b 0.8",))
Tensors = dict[str, Tensor]


@pytest.fixture()
def tensors() -> Tensors:
    steps = torch.randint(-127, 128, (513, 77), dtype=torch.int8, generator=torch.Generator().manual_seed(0))
    small = {"odd": steps[:3, :3].contiguous(), "bias": randn(77).bfloat16(), "one": torch.tensor(3)}
    return {"steps": steps, "scale": randn(513, 1), **small}


def save(path: Path, tensors: Tensors, key: StoreKey = KEY) -> None:
    write(path, key, tensors, reversed(tensors.items()))


def test_loading_gives_the_bits_and_any_safetensors_reader_can(tensors: Tensors, tmp_path: Path) -> None:
    path = tmp_path / "new" / "int8.safetensors"
    save(path, tensors)
    for loaded in (read(path, KEY, tensors), load_file(path)):
        assert loaded.keys() == tensors.keys()
        assert all(loaded[name].dtype == tensors[name].dtype and torch.equal(loaded[name], tensors[name]) for name in tensors)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_checkpoint_becomes_an_int8_model_that_says_what_the_int8_model_says(tmp_path: Path) -> None:
    model = network()
    model.save_pretrained(tmp_path / "transformer", max_shard_size=200_000)
    assert len(list((tmp_path / "transformer").glob("*.safetensors"))) > 1
    with torch.device("meta"):
        skeleton = network().eval()
    layers = quantize(skeleton)
    messages: list[str] = []

    def load() -> Tensors:
        return load_or_build(
            tmp_path / "int8.safetensors", KEY, skeleton.state_dict(),
            lambda: quantize_tensors(read_checkpoint(tmp_path / "transformer"), layers, torch.float32), messages.append,
        )

    load()
    fill_skeleton(skeleton, load())
    quantize(model)
    theirs = model.state_dict()
    assert all(torch.equal(value, theirs[name]) for name, value in skeleton.state_dict().items())
    skeleton.load_state_dict({name: value.clone() for name, value in skeleton.state_dict().items()}, assign=True)     # aligned
    assert torch.equal(run(skeleton), run(model))
    assert messages == ["The model is being prepared for this machine: int8.safetensors is written, once."]


@pytest.mark.parametrize(("key", "words"), [
    (StoreKey("revision b", KEY.recipe, KEY.loras), "other weights"),
    (StoreKey(KEY.source, "nf4", KEY.loras), "another recipe"),
    (StoreKey(KEY.source, KEY.recipe, ("lora b 0.9",)), "other LoRAs"),
    (StoreKey("x", KEY.recipe), "other weights and other LoRAs"),
])
def test_a_stale_file_is_found_and_written_again(tensors: Tensors, tmp_path: Path, key: StoreKey, words: str) -> None:
    path, messages = tmp_path / "int8.safetensors", list[str]()
    save(path, tensors)
    with pytest.raises(StaleWeightsError, match=f"^int8.safetensors was made from {words}$"):
        read(path, key, tensors)
    fresh = {name: torch.zeros_like(value) for name, value in tensors.items()}
    again = load_or_build(path, key, tensors, fresh.items, messages.append)
    assert messages == [f"int8.safetensors was made from {words}. It is written again, once."]
    assert not again["steps"].any()
    load_or_build(path, key, tensors, _never, messages.append)
    assert len(messages) == 1


def _never() -> Any:
    raise AssertionError("made again")


def _cut(content: bytearray, header: int) -> bytearray:
    return content[:-5]


def _flip(content: bytearray, header: int) -> bytearray:
    content[header + 9000] ^= 4
    return content


def _last(content: bytearray, header: int) -> bytearray:
    content[-1] ^= 128
    return content


def _swap(content: bytearray, header: int) -> bytearray:
    begin = header + 513 * 4 + 8 + 77 * 2 + 9     # of the int8 steps
    content[begin : begin + 8192], content[begin + 8192 : begin + 16384] = (
        content[begin + 8192 : begin + 16384], content[begin : begin + 8192])
    return content


def _sums(content: bytearray, header: int) -> bytearray:
    at = content.index(b"sums")
    content[at : at + 4] = b"sumz"
    return content


def _rubbish(content: bytearray, header: int) -> bytearray:
    return bytearray(b"\xff" * len(content))


def _nothing(content: bytearray, header: int) -> bytearray:
    return bytearray()


@pytest.mark.parametrize("spoil", [_cut, _flip, _last, _swap, _sums, _rubbish, _nothing])
def test_a_damaged_file_is_found_and_written_again(
    tensors: Tensors, tmp_path: Path, spoil: Callable[[bytearray, int], bytearray]
) -> None:
    path, messages = tmp_path / "int8.safetensors", list[str]()
    save(path, tensors)
    content = bytearray(path.read_bytes())
    path.write_bytes(spoil(content, 8 + int.from_bytes(content[:8], "little")))
    with pytest.raises(DamagedWeightsError, match=r"int8\.safetensors is .*damaged"):
        read(path, KEY, tensors)
    again = load_or_build(path, KEY, tensors, tensors.items, messages.append)
    assert len(messages) == 1 and "damaged" in messages[0] and messages[0].endswith("It is written again, once.")
    assert all(torch.equal(again[name], tensors[name]) for name in tensors)


def test_a_file_of_another_model_or_studio_is_stale(tensors: Tensors, tmp_path: Path) -> None:
    path = tmp_path / "int8.safetensors"
    save_file(tensors, path)
    with pytest.raises(StaleWeightsError, match="not of this version"):
        read(path, KEY, tensors)
    save(path, tensors)
    with pytest.raises(StaleWeightsError, match="other tensors than the model"):
        read(path, KEY, {"scale": tensors["scale"]})
    with pytest.raises(StaleWeightsError, match=r"bias as bfloat16 \(77,\), and the model as float32 \(77,\)"):
        read(path, KEY, {**tensors, "bias": tensors["bias"].float()})
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none.safetensors", KEY, tensors)


def test_what_is_not_in_the_layout_is_never_stored(tensors: Tensors, tmp_path: Path) -> None:
    path = tmp_path / "int8.safetensors"
    save(path, tensors)
    before = path.read_bytes()
    one = list(tensors.items())
    wrong: dict[str, list[tuple[str, Tensor]]] = {
        "not in the layout, or came twice": [*one, one[0]],
        "extra is not in the layout": [*one, ("extra", one[0][1])],
        "2 tensors of the layout did not come, bias among them": [pair for pair in one if pair[0] not in ("bias", "one")],
        r"scale is float64 \(513, 1\), and float32 \(513, 1\) in the layout": [("scale", tensors["scale"].double())],
    }
    for words, given in wrong.items():
        with pytest.raises(ValueError, match=words):
            write(path, KEY, tensors, given)
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 1


def test_a_full_disk_leaves_the_old_file(tensors: Tensors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "int8.safetensors"
    save(path, tensors)
    before = path.read_bytes()

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(MediaError, match=r"int8\.safetensors could not be saved: the disk of .* is full"):
            save(path, {name: torch.zeros_like(value) for name, value in tensors.items()})
    with monkeypatch.context() as patch:
        patch.setattr("studio.media.disk.shutil.disk_usage", lambda folder: type("Usage", (), {"free": 10**6})())
        with pytest.raises(MediaError, match="nearly full"):
            save(path, tensors)
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 1
    read(path, KEY, tensors)


def test_partial_files_of_the_dead_are_swept_and_those_of_the_living_stay(tensors: Tensors, tmp_path: Path) -> None:
    dead, living = tmp_path / ".int8-0badcafe.part.safetensors", tmp_path / ".int8-0badc0de.part.safetensors"
    for file in (dead, living):
        file.write_bytes(b"half")
    os.utime(dead, (time.time() - 2 * weight_store.ABANDONED,) * 2)
    save(tmp_path / "int8.safetensors", tensors)
    assert not dead.exists() and living.exists()


def test_one_tensor_is_in_memory_at_a_time(tensors: Tensors, tmp_path: Path) -> None:
    written: list[int] = []

    def one_by_one() -> Any:
        for name, value in tensors.items():
            written.extend(file.stat().st_size for file in tmp_path.iterdir())
            yield name, value

    write(tmp_path / "int8.safetensors", KEY, {name: value.to("meta") for name, value in tensors.items()}, one_by_one())
    steps = tensors["steps"].numel()
    assert written == sorted(written) and written[0] < steps < written[-1]
    read(tmp_path / "int8.safetensors", KEY, tensors)


def test_a_missing_checkpoint_and_an_unfilled_model_are_said(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"has no \.safetensors file"):
        list(read_checkpoint(tmp_path))
    (tmp_path / "a.safetensors").write_bytes(json.dumps({}).encode())
    with pytest.raises(ModelError, match=r"a\.safetensors is missing or damaged"):
        list(read_checkpoint(tmp_path))
    with torch.device("meta"):
        skeleton = network()
        skeleton.register_buffer("table", torch.ones(2), persistent=False)
    with pytest.raises(ValueError, match="table is in no file"):
        fill_skeleton(skeleton, network().state_dict())
