"""The weight store: keeps quantized weights in one safetensors file, which is built once and mapped afterwards.

The header of the file says what the weights were made from (source, quantization, LoRAs) and holds a checksum of every tensor. The
file is written tensor by tensor, so a model larger than the memory can be stored, and it appears only when it is complete.

By hand: safetensors' own `save_file` needs all tensors in memory.
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
"""Seconds without a write after which an incomplete file is removed."""
_TYPES = {
    torch.float32: "F32", torch.bfloat16: "BF16", torch.float16: "F16", torch.int64: "I64", torch.int32: "I32", torch.int8: "I8",
    torch.uint8: "U8", torch.bool: "BOOL",
}


class WeightStoreError(ModelError):
    """A stored file cannot be used and must be built again. The message names the file and says why."""


class StaleWeightsError(WeightStoreError):
    """The file was made from other weights, or in another way."""


class DamagedWeightsError(WeightStoreError):
    """The content of the file is not what was written."""


@dataclass(frozen=True)
class StoreKey:
    """What stored weights were made from. Its fields are stored in the file's header."""

    source: str                    # revision, or checksums of the published files
    recipe: str                    # how they were quantized, see int8.recipe
    loras: tuple[str, ...] = ()    # checksum and strength of each, in the order they were added


def read_checkpoint(folder: Path) -> Iterator[tuple[str, Tensor]]:
    """(name, tensor) of all safetensors files in a folder, one after another. Tensors are mapped: they take memory when used.

    Raises:
        ModelError: there is no file, or one is damaged.
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
    """Stores weights. An older file at `path` is replaced when the new one is complete.

    Args:
        path: of the file; its folder is created.
        key: what the weights were made from.
        layout: the state dict of the skeleton, also on meta: names, shapes and types of all tensors.
        tensors: (name, value) of each tensor once, in any order. One at a time is in memory.

    Raises:
        MediaError: the disk is full or the folder cannot be written.
        ValueError: the tensors are not those of the layout.
    """
    entries, size = _entries(layout)
    sums = dict.fromkeys(layout, "0" * 16)
    _remove_abandoned(path)
    with atomic_write(path, need=size) as partial, partial.open("wb") as file:
        begin = file.write(_header(key, entries, sums))
        missing = set(layout)
        for name, tensor in tensors:
            if name not in missing:
                raise ValueError(f"{name} is not in the layout, or came twice")
            if tensor.shape != layout[name].shape or tensor.dtype != layout[name].dtype:
                raise ValueError(f"{name} is {_type_and_shape(tensor)}, and {_type_and_shape(layout[name])} in the layout")
            missing.remove(name)
            content = _bytes(tensor)
            file.seek(begin + entries[name]["data_offsets"][0])
            file.write(content.numpy().data)
            sums[name] = _sum(content)
        if missing:
            raise ValueError(f"{len(missing)} tensors of the layout did not come, {min(missing)} among them")
        file.seek(0)
        file.write(_header(key, entries, sums))


def read(path: Path, key: StoreKey, layout: Mapping[str, Tensor], verify: bool = True) -> dict[str, Tensor]:
    """The stored tensors, mapped from the file: they take memory when they are used, and the system may free it again.

    Args:
        path: of the file.
        key: what the weights must have been made from.
        layout: as for `write`.
        verify: read everything once and compare the checksums.

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
            expected = _type_and_shape(layout[name])
            raise StaleWeightsError(f"{path.name} has {name} as {_type_and_shape(tensor)}, and the model as {expected}")
        if verify and sums.get(name) != _sum(_bytes(tensor)):
            raise DamagedWeightsError(f"{path.name} is damaged: {name} is not what was written")
    return tensors


def load_or_build(
    path: Path,
    key: StoreKey,
    layout: Mapping[str, Tensor],
    build: Callable[[], Iterable[tuple[str, Tensor]]],
    report: Callable[[str], None],
    verify: bool = True,
) -> dict[str, Tensor]:
    """The stored tensors; if there is no usable file, builds and writes it first.

    Args:
        path, key, layout, verify: as for `read`.
        build: returns the tensors to write; called only if they are needed.
        report: called with a sentence for the artist that says why the file is written.

    Raises:
        MediaError, ValueError: as `write`.
        ModelError: by `build`, or because the file cannot be read although it has just been written.
    """
    try:
        return read(path, key, layout, verify)
    except FileNotFoundError:
        report(f"The model is being prepared for this machine: {path.name} is written, once.")
    except WeightStoreError as error:
        report(f"{error}. It is written again, once.")
    write(path, key, layout, build())
    return read(path, key, layout, verify)


def fill_skeleton(skeleton: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Gives a module on the meta device its weights, without copying them.

    Raises:
        ValueError: a parameter or buffer has no value and would stay on meta.
        RuntimeError: names or shapes do not fit.
    """
    skeleton.load_state_dict(tensors, strict=True, assign=True)
    empty = [name for name, tensor in [*skeleton.named_parameters(), *skeleton.named_buffers()] if tensor.is_meta]
    if empty:
        raise ValueError(f"{empty[0]} is in no file: it stays without values")


def _entries(layout: Mapping[str, Tensor]) -> tuple[dict[str, dict[str, Any]], int]:
    """The header's entry of each tensor, and the bytes of all. Wide types come first, so that all are aligned without gaps."""
    entries, offset = {}, 0
    for name in sorted(layout, key=lambda name: (-layout[name].element_size(), name)):
        tensor = layout[name]
        length = tensor.numel() * tensor.element_size()
        entries[name] = {"dtype": _TYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [offset, offset + length]}
        offset += length
    return entries, offset


def _header(key: StoreKey, entries: dict[str, dict[str, Any]], sums: dict[str, str]) -> bytes:
    """The file's header. Its length does not depend on the values of the sums."""
    metadata = {"kind": KIND, "version": str(VERSION), "key": json.dumps(asdict(key)), "sums": json.dumps(sums)}
    text = json.dumps({"__metadata__": metadata, **entries}).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def _check(path: Path, key: StoreKey, metadata: Mapping[str, str]) -> dict[str, str]:
    """The checksums in the header.

    Raises:
        StaleWeightsError: the file was not made from `key`.
        DamagedWeightsError: the header cannot be read.
    """
    if metadata.get("kind") != KIND or metadata.get("version") != str(VERSION):
        raise StaleWeightsError(f"{path.name} is not of this version of the studio")
    try:
        stored: dict[str, Any] = json.loads(metadata["key"])
        sums: dict[str, str] = json.loads(metadata["sums"])
    except (KeyError, ValueError) as error:
        raise DamagedWeightsError(f"{path.name} is damaged: its description cannot be read ({error})") from None
    wanted = json.loads(json.dumps(asdict(key)))
    names = {"source": "other weights", "recipe": "another recipe", "loras": "other LoRAs"}
    other = [names[part] for part in names if stored.get(part) != wanted[part]]
    if other:
        raise StaleWeightsError(f"{path.name} was made from {' and '.join(other)}")
    return sums


def _bytes(tensor: Tensor) -> Tensor:
    """The tensor's bytes as uint8 [n] on the host."""
    return tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8)


def _sum(content: Tensor) -> str:
    """A checksum of 16 hexadecimal digits that depends on every word and on the order of pages of 8 KB.

    By hand: it is as fast as memory; a cryptographic hash of 15 GB takes much longer.
    """
    page = 8192
    padded = -content.numel() % page
    full_pages = content[: content.numel() - content.numel() % page]
    if full_pages.storage_offset() % 8 or full_pages.data_ptr() % 8:
        full_pages = full_pages.clone()
    sums = full_pages.view(torch.int64).view(-1, page // 8).sum(dim=1)
    if padded:
        tail = torch.nn.functional.pad(content[full_pages.numel() :], (0, padded))
        sums = torch.cat([sums, tail.view(torch.int64).sum().view(1)])
    odd = torch.arange(len(sums), dtype=torch.int64) * 2 + 1
    return f"{int((sums * odd).sum()) & 0xFFFFFFFFFFFFFFFF:016x}"


def _type_and_shape(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"


def _remove_abandoned(path: Path) -> None:
    """Removes incomplete files that killed processes left behind: they are as large as the model."""
    for partial in path.parent.glob(f".{path.stem[:64]}-*{path.suffix}"):
        if time.time() - partial.stat().st_mtime > ABANDONED:
            partial.unlink(missing_ok=True)
