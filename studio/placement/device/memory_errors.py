"""Recognizes errors that mean memory ran out: the GPU's, or the machine's."""

from __future__ import annotations

import torch


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the error means that the GPU's memory ran out. Libraries report this in several ways."""
    if isinstance(error, torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(text in str(error) for text in ("ALLOC_FAILED", "CUDA out of memory"))


def is_host_out_of_memory(error: BaseException) -> bool:
    """Whether the error means that the machine's memory ran out. PyTorch reports this as a RuntimeError."""
    if isinstance(error, MemoryError):
        return True
    words = ("Cannot allocate memory", "can't allocate memory", "not enough memory")
    return isinstance(error, OSError | RuntimeError) and any(text in str(error) for text in words)
