"""Failures as sentences for the artist: what happened, what to do, and that nothing was lost."""

from __future__ import annotations

import errno
from collections.abc import Sequence

from studio.catalogue.cards import ModelError
from studio.diffusion.section import NotFiniteError
from studio.disk import FULL
from studio.engine.events import RenderRequest
from studio.media import MediaError
from studio.memory.snapshot import SnapshotError
from studio.placement.device.memory_errors import is_host_out_of_memory, is_out_of_memory
from studio.placement.reduction import CannotReduceError

KEPT = "The finished sections are kept."


def explain(error: Exception, request: RenderRequest, sizes: Sequence[tuple[int, int]] = ()) -> tuple[str, str]:
    """Two sentences for the artist: what happened, and what to do.

    Args:
        error: what a take failed with. An unknown one is named by its type and text.
        request: the take.
        sizes: of the model, to name a smaller one where memory ran out.
    """
    if isinstance(error, CannotReduceError):
        return str(error), f"{error.remedy} {KEPT}"
    if isinstance(error, SnapshotError | ModelError | MediaError):
        return str(error), KEPT
    if isinstance(error, NotFiniteError):
        return (
            "The model produced values that are not numbers; the section was thrown away.",
            f"Retake with another seed, or with more steps. {KEPT}",
        )
    if is_out_of_memory(error) or is_host_out_of_memory(error):
        width, height = request.size
        used = "memory" if is_host_out_of_memory(error) else "the graphics card"
        return (
            f"There is not enough memory for the model and a section at {width} x {height}.",
            f"Close other programs that use {used}{_smaller(request.size, sizes)}. {KEPT}",
        )
    if isinstance(error, OSError) and error.errno in FULL:
        return f"The disk is full: {request.folder} cannot be written.", f"Free some space and generate again. {KEPT}"
    if isinstance(error, PermissionError) or (isinstance(error, OSError) and error.errno == errno.EROFS):
        return f"The folder {request.folder} cannot be written.", f"Allow writing there, or move the project. {KEPT}"
    return f"Rendering stopped: {type(error).__name__}: {error}", f"Generate again; if it happens again, report this text. {KEPT}"


def _smaller(size: tuple[int, int], sizes: Sequence[tuple[int, int]]) -> str:
    """A clause that offers the model's next smaller size; empty if there is none."""
    area = size[0] * size[1]
    less = max((other for other in sizes if other[0] * other[1] < area), key=lambda other: other[0] * other[1], default=None)
    return f", or choose the size {less[0]} x {less[1]}" if less else ""
