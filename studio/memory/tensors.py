"""Writing tensors as one safetensors file, whole or not at all. It does not know what they are."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import save
from torch import Tensor


def write_tensors(tensors: Mapping[str, Tensor], path: Path, facts: Mapping[str, str]) -> None:
    """Tensors and facts, on the disk when this returns; an older file of that name stays until then.

    Raises:
        OSError: the disk is full or the folder cannot be written.
    """
    partial = path.with_suffix(".partial")
    try:
        with partial.open("wb") as file:
            file.write(save({name: tensor.contiguous() for name, tensor in tensors.items()}, metadata=dict(facts)))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise
