"""One file of the weight store: how it is written and read, and what its header says.

The header says what the weights were made from, and holds a checksum of every tensor.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor

from studio.catalogue.cards import ModelError
from studio.language import sentence
from studio.language.lists import with_and
from studio.mapped_tensors import MappedTensors

KIND = "memorypack-quantized-weights"
VERSION = 1
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


class FileWriter:
    """Writes one file of a store, its tensors in any order. The header is written again at the end, with the checksums."""

    def __init__(self, path: Path, key: StoreKey, layout: Mapping[str, Tensor]) -> None:
        """Begin a file at `path` for the tensors of this layout, made from `key`. Raises OSError: it cannot be written."""
        self._key = key
        self._entries = _entries(layout)
        self._sums = dict.fromkeys(layout, "0" * 16)
        self._file = path.open("wb")
        self._begin = self._file.write(_header(key, self._entries, self._sums))

    def add(self, name: str, tensor: Tensor) -> None:
        """Writes the tensor of this name at its place."""
        content = bytes_of(tensor)
        self._file.seek(self._begin + self._entries[name]["data_offsets"][0])
        self._file.write(content.numpy().data)
        self._sums[name] = checksum(content)

    def __enter__(self) -> FileWriter:
        """This writer, for a `with` statement."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Writes the checksums, unless something went wrong, and closes the file."""
        with self._file:
            if kind is None:
                self._file.seek(0)
                self._file.write(_header(self._key, self._entries, self._sums))


def read_file(path: Path, key: StoreKey) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors of one file of a store, mapped from it, and their checksums by name.

    Raises:
        StaleWeightsError: the file was not made from `key`, or by another version of the studio.
        DamagedWeightsError: it is missing, cut short or damaged.
        ModelError: the system does not let it be mapped.
    """
    try:
        file = MappedTensors(path)
        sums = _check(path, key, file.metadata)
        return {name: file[name] for name in file.names}, sums
    except (OSError, SafetensorError) as error:
        raise mapping_error(path, error) or DamagedWeightsError(sentence(
            "{name} is cut short or damaged ({error})", name=path.name, error=str(error))) from None


def mapping_error(path: Path, error: Exception) -> ModelError | None:
    """The error to raise if the system had no room for a mapping; None: `error` says something else."""
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return ModelError(sentence(
            "{path} could not be mapped: the system allows this program too little address space. Raise that limit (ulimit -v) "
            "and try again.", path=path))
    return None


def _entries(layout: Mapping[str, Tensor]) -> dict[str, dict[str, Any]]:
    """The header's entry of each tensor. Wide types come first, so that all are aligned without gaps."""
    entries, offset = {}, 0
    for name in sorted(layout, key=lambda name: (-layout[name].element_size(), name)):
        tensor = layout[name]
        length = tensor.numel() * tensor.element_size()
        entries[name] = {"dtype": _TYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [offset, offset + length]}
        offset += length
    return entries


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
        raise StaleWeightsError(sentence("{name} is not of this version of the studio", name=path.name))
    try:
        stored: dict[str, Any] = json.loads(metadata["key"])
        sums: dict[str, str] = json.loads(metadata["sums"])
    except (KeyError, ValueError) as error:
        raise DamagedWeightsError(sentence(
            "{name} is damaged: its description cannot be read ({error})", name=path.name, error=str(error))) from None
    wanted = json.loads(json.dumps(asdict(key)))
    names = {"source": sentence("other weights"), "recipe": sentence("another recipe"), "loras": sentence("other LoRAs")}
    other = [names[part] for part in names if stored.get(part) != wanted[part]]
    if other:
        raise StaleWeightsError(sentence("{name} was made from {other}", name=path.name, other=with_and(other)))
    return sums


def bytes_of(tensor: Tensor) -> Tensor:
    """The tensor's bytes as uint8 [n] on the host."""
    return tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8)


def checksum(content: Tensor) -> str:
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


def type_and_shape(tensor: Tensor) -> str:
    """Type and shape of a tensor for a sentence, such as "int8 (3, 4)"."""
    return f"{str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"
