"""Writing tensors as one safetensors file."""

from __future__ import annotations

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
    with atomic_write(path) as temporary:
        contiguous = {name: tensor.contiguous() for name, tensor in tensors.items()}
        temporary.write_bytes(save(contiguous, metadata=dict(facts)))
