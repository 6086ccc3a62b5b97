"""The store: quantized weights as one safetensors file, made once, then mapped. It does not know how weights are quantized.

The file says what it was made from: source, recipe, LoRAs, and a sum of every tensor. It is written tensor by tensor, so a model
larger than the memory can be stored, and it appears whole or not at all.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from studio.catalogue.cards import ModelError
from studio.media.disk import atomic_write

KIND = "memorypack-quantized-weights"
VERSION = 1
ABANDONED = 3600.0
"""Seconds without a write after which a partial file is nobody's."""
_TYPES = {
    torch.float32: "F32", torch.bfloat16: "BF16", torch.float16: "F16", torch.int64: "I64", torch.int32: "I32", torch.int8: "I8",
    torch.uint8: "U8", torch.bool: "BOOL",
}


class WeightStoreError(ModelError):
    """A stored file cannot be used: the message names it and says why. Write it again."""


class StaleWeightsError(WeightStoreError):
    """The file was made from something else."""


class DamagedWeightsError(WeightStoreError):
    """The file is not what was written."""


@dataclass(frozen=True)
class StoreKey:
    """What stored weights were made from."""

    source: str                    # revision, or checksums of the files
    recipe: str                    # see int8.recipe
    loras: tuple[str, ...] = ()    # checksum and strength of each, in the order they were added


def read_checkpoint(folder: Path) -> Iterator[tuple[str, Tensor]]:
    """The tensors of a component's safetensors files, one after another: mapped, so none is in memory before it is used.

    Raises:
        ModelError: there is none, or one is damaged.
    """
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise ModelError(f"{folder} has no .safetensors file. Get the model folder again.")
    for path in files:
        try:
            with safe_open(path, framework="pt") as file:
                for name in file.keys():  # noqa: SIM118 - no mapping
                    yield name, file.get_tensor(name)
        except (OSError, SafetensorError) as error:
            raise ModelError(f"{path} is missing or damaged ({error}). Get the model folder again.") from error


def write(path: Path, key: StoreKey, layout: Mapping[str, Tensor], tensors: Iterable[tuple[str, Tensor]]) -> None:
    """Store weights; what lay at `path` is replaced when everything is on disk, and not before.

    Args:
        path: of the file; its folder is made.
        key: what the weights were made from.
        layout: the state dict of the skeleton, on meta or not: every name, shape and type that will come.
        tensors: each of them once, in any order, one in memory at a time.

    Raises:
        MediaError: the disk is full or the folder cannot be written.
        ValueError: the tensors are not those of the layout.
    """
    places, size = _places(layout)
    sums = dict.fromkeys(layout, "0" * 16)
    _sweep(path)
    with atomic_write(path, need=size) as partial, partial.open("wb") as file:
        begin = file.write(_header(key, places, sums))
        missing = set(layout)
        for name, tensor in tensors:
            if name not in missing:
                raise ValueError(f"{name} is not in the layout, or came twice")
            if tensor.shape != layout[name].shape or tensor.dtype != layout[name].dtype:
                raise ValueError(f"{name} is {_said(tensor)}, and {_said(layout[name])} in the layout")
            missing.remove(name)
            content = _bytes(tensor)
            file.seek(begin + places[name]["data_offsets"][0])
            file.write(content.numpy().data)
            sums[name] = _sum(content)
        if missing:
            raise ValueError(f"{len(missing)} tensors of the layout did not come, {min(missing)} among them")
        file.seek(0)
        file.write(_header(key, places, sums))


def read(path: Path, key: StoreKey, layout: Mapping[str, Tensor], verify: bool = True) -> dict[str, Tensor]:
    """The stored tensors, mapped from the file: they take memory when they are used, and the system may take it back.

    Args:
        path: of the file.
        key: what the weights must have been made from.
        layout: what must be in it.
        verify: read everything once and compare the sums.

    Raises:
        FileNotFoundError: there is no such file.
        StaleWeightsError: it was made from something else, or by another version of the studio.
        DamagedWeightsError: it is cut short or changed.
    """
    if not path.exists():
        raise FileNotFoundError(path)
    try:
        with safe_open(path, framework="pt") as file:
            sums = _check(path, key, file.metadata() or {})
            if set(file.keys()) != set(layout):
                raise StaleWeightsError(f"{path.name} has other tensors than the model")
            tensors = {name: file.get_tensor(name) for name in layout}
    except (OSError, SafetensorError) as error:
        raise DamagedWeightsError(f"{path.name} is cut short or damaged ({error})") from None
    for name, tensor in tensors.items():
        if tensor.shape != layout[name].shape or tensor.dtype != layout[name].dtype:
            raise StaleWeightsError(f"{path.name} has {name} as {_said(tensor)}, and the model as {_said(layout[name])}")
        if verify and sums.get(name) != _sum(_bytes(tensor)):
            raise DamagedWeightsError(f"{path.name} is damaged: {name} is not what was written")
    return tensors


def load_or_build(
    path: Path,
    key: StoreKey,
    layout: Mapping[str, Tensor],
    make: Callable[[], Iterable[tuple[str, Tensor]]],
    tell: Callable[[str], None],
    verify: bool = True,
) -> dict[str, Tensor]:
    """`read`, after a `write` where there is no usable file.

    Args:
        path, key, layout, verify: as `read`.
        make: begins the tensors that are written.
        tell: is told why something is written, in a sentence for the artist.

    Raises:
        MediaError, ValueError: as `write`. ModelError: of `make`, or the file cannot be read even when it has just been written.
    """
    try:
        return read(path, key, layout, verify)
    except FileNotFoundError:
        tell(f"The model is being prepared for this machine: {path.name} is written, once.")
    except WeightStoreError as error:
        tell(f"{error}. It is written again, once.")
    write(path, key, layout, make())
    return read(path, key, layout, verify)


def fill_skeleton(skeleton: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Give a meta module its weights, without a copy.

    Raises:
        ValueError: something of it would still be on meta; RuntimeError: names or shapes do not fit.
    """
    skeleton.load_state_dict(tensors, strict=True, assign=True)
    empty = [name for name, tensor in [*skeleton.named_parameters(), *skeleton.named_buffers()] if tensor.is_meta]
    if empty:
        raise ValueError(f"{empty[0]} is in no file: it stays without values")


def _places(layout: Mapping[str, Tensor]) -> tuple[dict[str, dict[str, Any]], int]:
    """What safetensors wants to know of each tensor, without holes; wide types first, so that each is aligned."""
    places, offset = {}, 0
    for name in sorted(layout, key=lambda name: (-layout[name].element_size(), name)):
        tensor = layout[name]
        length = tensor.numel() * tensor.element_size()
        places[name] = {"dtype": _TYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [offset, offset + length]}
        offset += length
    return places, offset


def _header(key: StoreKey, places: dict[str, dict[str, Any]], sums: dict[str, str]) -> bytes:
    """Of the same length for any sums."""
    said = {"kind": KIND, "version": str(VERSION), "key": json.dumps(asdict(key)), "sums": json.dumps(sums)}
    text = json.dumps({"__metadata__": said, **places}).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def _check(path: Path, key: StoreKey, said: Mapping[str, str]) -> dict[str, str]:
    """The sums; StaleWeightsError unless the file was made from `key`."""
    if said.get("kind") != KIND or said.get("version") != str(VERSION):
        raise StaleWeightsError(f"{path.name} is not of this version of the studio")
    try:
        made: dict[str, Any] = json.loads(said["key"])
        sums: dict[str, str] = json.loads(said["sums"])
    except (KeyError, ValueError) as error:
        raise DamagedWeightsError(f"{path.name} is damaged: its description cannot be read ({error})") from None
    wanted = json.loads(json.dumps(asdict(key)))
    words = {"source": "other weights", "recipe": "another recipe", "loras": "other LoRAs"}
    other = [words[part] for part in words if made.get(part) != wanted[part]]
    if other:
        raise StaleWeightsError(f"{path.name} was made from {' and '.join(other)}")
    return sums


def _bytes(tensor: Tensor) -> Tensor:
    """uint8 [n], on the host."""
    return tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8)


def _sum(content: Tensor) -> str:
    """16 hexadecimal digits that change with any word, and with the order of pages: as fast as memory, unlike a hash of 15 GB."""
    page = 8192
    padded = -content.numel() % page
    whole_pages = content[: content.numel() - content.numel() % page]
    if whole_pages.storage_offset() % 8 or whole_pages.data_ptr() % 8:
        whole_pages = whole_pages.clone()
    sums = whole_pages.view(torch.int64).view(-1, page // 8).sum(dim=1)
    if padded:
        tail = torch.nn.functional.pad(content[whole_pages.numel() :], (0, padded))
        sums = torch.cat([sums, tail.view(torch.int64).sum().view(1)])
    odd = torch.arange(len(sums), dtype=torch.int64) * 2 + 1
    return f"{int((sums * odd).sum()) & 0xFFFFFFFFFFFFFFFF:016x}"


def _said(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"


def _sweep(path: Path) -> None:
    """Partial files of processes that died are as large as the model."""
    for partial in path.parent.glob(f".{path.stem[:64]}-*{path.suffix}"):
        if time.time() - partial.stat().st_mtime > ABANDONED:
            partial.unlink(missing_ok=True)
