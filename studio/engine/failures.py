"""Failures in words: what happened, what to do, and that nothing was lost. It does not know how they are shown."""

from __future__ import annotations

import errno

import torch

from studio.diffusion.section import NotFiniteError
from studio.engine.cards import ModelError
from studio.engine.events import RenderRequest
from studio.media import MediaError
from studio.media.disk import FULL
from studio.memory.snapshot import SnapshotError

KEPT = "The finished sections are kept."


def out_of_memory(error: BaseException) -> bool:
    """Whether the card's memory ran out, however a library says it."""
    if isinstance(error, torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(said in str(error) for said in ("ALLOC_FAILED", "CUDA out of memory"))


def explain(error: Exception, request: RenderRequest) -> tuple[str, str]:
    """(what happened, what to do) for an artist. Unknown failures name their type and text."""
    if isinstance(error, SnapshotError | ModelError | MediaError):
        return str(error), KEPT
    if isinstance(error, NotFiniteError):
        return (
            "The model produced values that are not numbers; the section was thrown away.",
            f"Retake with another seed, or with more steps. {KEPT}",
        )
    if out_of_memory(error) or isinstance(error, MemoryError):
        width, height = request.size
        return (
            f"There is not enough memory for the model and a section at {width} x {height}.",
            f"Close other programs that use the graphics card, or choose a smaller size. {KEPT}",
        )
    if isinstance(error, OSError) and error.errno in FULL:
        return f"The disk is full: {request.folder} cannot be written.", f"Free some space and generate again. {KEPT}"
    if isinstance(error, PermissionError) or (isinstance(error, OSError) and error.errno == errno.EROFS):
        return f"The folder {request.folder} cannot be written.", f"Allow writing there, or move the project. {KEPT}"
    return f"Rendering stopped: {type(error).__name__}: {error}", f"Generate again; if it happens again, report this text. {KEPT}"
