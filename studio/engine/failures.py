"""Failures as sentences for the artist: what happened, what to do, and that nothing was lost."""

from __future__ import annotations

import errno
from collections.abc import Sequence

from studio.catalogue.cards import ModelError
from studio.diffusion.section import NotFiniteError
from studio.disk import FULL
from studio.engine.events import RenderRequest
from studio.language import Sentence, join, sentence
from studio.media import MediaError
from studio.memory.snapshot import SnapshotError
from studio.placement.device.memory_errors import is_host_out_of_memory, is_out_of_memory
from studio.placement.reduction import CannotReduceError

KEPT = sentence("The finished sections are kept.")


def explain(error: Exception, request: RenderRequest, sizes: Sequence[tuple[int, int]] = ()) -> tuple[str, str]:
    """Two sentences for the artist: what happened, and what to do.

    Args:
        error: what a take failed with. An unknown one is named by its type and text.
        request: the take.
        sizes: of the model, to name a smaller one where memory ran out.
    """
    if isinstance(error, CannotReduceError):
        return str(error), join(error.remedy, KEPT)
    if isinstance(error, SnapshotError | ModelError | MediaError):
        return str(error), KEPT
    if isinstance(error, NotFiniteError):
        return (
            sentence("The model produced values that are not numbers; the section was thrown away."),
            join(sentence("Retake with another seed, or with more steps."), KEPT),
        )
    if is_out_of_memory(error) or is_host_out_of_memory(error):
        width, height = request.size
        return (
            sentence("There is not enough memory for the model and a section at {width} x {height}.", width=width, height=height),
            join(_remedy(is_host_out_of_memory(error), _smaller(request.size, sizes)), KEPT),
        )
    if isinstance(error, OSError) and error.errno in FULL:
        return (
            sentence("The disk is full: {folder} cannot be written.", folder=request.folder),
            join(sentence("Free some space and generate again."), KEPT))
    if isinstance(error, PermissionError) or (isinstance(error, OSError) and error.errno == errno.EROFS):
        return (
            sentence("The folder {folder} cannot be written.", folder=request.folder),
            join(sentence("Allow writing there, or move the project."), KEPT))
    return (
        sentence("Rendering stopped: {kind}: {error}", kind=type(error).__name__, error=str(error)),
        join(sentence("Generate again; if it happens again, report this text."), KEPT))


def _remedy(host: bool, less: tuple[int, int] | None) -> Sentence:
    """What to do when memory ran out: that of the host, or of the card. `less`: a smaller size of the model, if it has one."""
    if less is None:
        if host:
            return sentence("Close other programs that use memory.")
        return sentence("Close other programs that use the graphics card.")
    width, height = less
    if host:
        return sentence(
            "Close other programs that use memory, or choose the size {width} x {height}.", width=width, height=height)
    return sentence(
        "Close other programs that use the graphics card, or choose the size {width} x {height}.", width=width, height=height)


def _smaller(size: tuple[int, int], sizes: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    """The model's next smaller size; None: there is none."""
    area = size[0] * size[1]
    return max((other for other in sizes if other[0] * other[1] < area), key=lambda other: other[0] * other[1], default=None)
