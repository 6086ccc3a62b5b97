"""Telling that the GPU's memory ran out, however a library reports it."""

from __future__ import annotations

import torch


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the card's memory ran out, however a library says it."""
    if isinstance(error, torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(said in str(error) for said in ("ALLOC_FAILED", "CUDA out of memory"))
