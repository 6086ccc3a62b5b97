"""Writing tensors as one safetensors file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import save
from torch import Tensor

from studio.disk import atomic_write


def write_tensors(tensors: Mapping[str, Tensor], path: Path, facts: Mapping[str, str]) -> None:
    """Write tensors, and facts as the file's metadata. They are on the disk when this returns; an older file stays until then.

    Raises:
        OSError: the disk is full or the folder cannot be written.
    """
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        contiguous = {name: tensor.contiguous() for name, tensor in tensors.items()}
        content = save(contiguous, metadata=dict(facts))
        begin = 8 + int.from_bytes(content[:8], "little")
        header = _in_order(content[8:begin])
        file.write(len(header).to_bytes(8, "little") + header)
        file.write(memoryview(content)[begin:])


def _in_order(header: bytes) -> bytes:
    """A file's header with its facts by name. The library writes them in any order, so equal files would differ."""
    table = json.loads(header)
    if "__metadata__" in table:
        table["__metadata__"] = dict(sorted(table["__metadata__"].items()))
    text = json.dumps(table, separators=(",", ":"), ensure_ascii=False).encode()
    return text.ljust(-(-len(text) // 8) * 8)
