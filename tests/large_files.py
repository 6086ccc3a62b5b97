"""Safetensors files that are larger than the machine's memory and take no room on the disk."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import torch
from torch import Tensor

from studio.placement.device.weight_file import FileWriter, StoreKey

KEY = StoreKey("revision a", "as they are")
sparse = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the file would not be sparse")


@contextmanager
def larger_than_memory(path: Path, tensors: dict[str, Tensor], huge: str = "huge") -> Iterator[dict[str, Tensor]]:
    """A file with these tensors, and one more of zeros, `huge`, that makes it larger than memory and swap; gives its layout."""
    size = psutil.virtual_memory().total + psutil.swap_memory().total + 2**32
    layout = {huge: torch.empty(size, dtype=torch.int8, device="meta")} | tensors
    with FileWriter(path, KEY, layout) as file:
        for name, tensor in tensors.items():
            file.add(name, tensor)
    os.truncate(path, path.stat().st_size + size)           # bytes come last, after wider numbers
    try:
        assert path.stat().st_blocks * 512 < 2**24, "it takes no room on the disk"
        yield layout
    finally:
        path.unlink()
