"""Recognizes errors that mean the GPU's memory ran out."""

from __future__ import annotations

import torch


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the error means that the GPU's memory ran out. Libraries report this in several ways."""
    if isinstance(error, torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(text in str(error) for text in ("ALLOC_FAILED", "CUDA out of memory"))
