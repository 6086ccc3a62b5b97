"""Reading tensors from safetensors files of any size: they are mapped from the file, read-only and shared.

By hand, because safetensors' own mapping is private and writable. The system counts such a mapping as memory of the process, and
refuses one that is larger than the machine's memory, even if a single tensor is wanted from it. A shared, read-only mapping takes
no memory of its own: the system reads the pages that are used and may drop them again. safetensors still checks the header.
"""

from __future__ import annotations

import json
import math
import mmap
import struct
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor

_TYPES = {
    "BOOL": torch.bool, "U8": torch.uint8, "I8": torch.int8, "I16": torch.int16, "I32": torch.int32, "I64": torch.int64,
    "F16": torch.float16, "BF16": torch.bfloat16, "F32": torch.float32, "F64": torch.float64, "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
}


class MappedTensors:
    """The tensors of one safetensors file, mapped from it.

    The tensors stay valid when this object is gone, as long as the file is not cut short. They must not be written to: the system
    ends a process that does. A copy (`clone`, `to` another precision or device) can be changed as usual.
    """

    def __init__(self, path: Path) -> None:
        """Open the file at `path` and read its header.

        Raises:
            OSError: the file is missing, cannot be read, or cannot be mapped.
            SafetensorError: it is no safetensors file, or is damaged.
        """
        self._path = path
        with safe_open(path, framework="pt", backend="pread") as file:
            self.metadata: Mapping[str, str] = file.metadata() or {}
            """The notes in the file's header."""
        with path.open("rb") as opened:
            length = struct.unpack("<Q", opened.read(8))[0]
            header: dict[str, Any] = json.loads(opened.read(length))
            self._content = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
        self._begin = 8 + length
        header.pop("__metadata__", None)
        self._entries = header

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all tensors, in the order of their places in the file."""
        return tuple(sorted(self._entries, key=lambda name: (self._entries[name]["data_offsets"][0], name)))

    def __getitem__(self, name: str) -> Tensor:
        """The tensor with this name. Nothing is read before its values are used.

        A tensor whose place or precision cannot be mapped is read into memory of its own.

        Raises:
            KeyError: there is none.
            OSError, SafetensorError: one that had to be read cannot be.
        """
        entry = self._entries[name]
        dtype, shape, begin = _TYPES.get(entry["dtype"]), entry["shape"], self._begin + entry["data_offsets"][0]
        if dtype is None or begin % dtype.itemsize:
            with safe_open(self._path, framework="pt", backend="pread") as file:
                read: Tensor = file.get_tensor(name)
                return read
        count = math.prod(shape)
        if not count:
            return torch.empty(shape, dtype=dtype)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="The given buffer is not writable")
            return torch.frombuffer(self._content, dtype=dtype, count=count, offset=begin).view(shape)


def read_mapped(path: Path) -> dict[str, Tensor]:
    """All tensors of the file at `path`, mapped. Raises as `MappedTensors`."""
    file = MappedTensors(path)
    return {name: file[name] for name in file.names}
