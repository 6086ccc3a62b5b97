"""Edits of the LoRAs on a segment, each a function Project -> Project."""

from __future__ import annotations

from dataclasses import replace

from studio.language import sentence
from studio.names import readable
from studio.project import limits
from studio.project.limits import EditError
from studio.project.model import Project
from studio.project.sources import Lora
from studio.project.tree import segment_index, with_segments


def shown_name(name: str) -> str:
    """The name of a LoRA's file as people see it: on one line, and at most 120 letters, of which the file's ending is kept.

    Raises:
        EditError: the name is blank.
    """
    line = " ".join(name.split())
    if not line:
        raise EditError(sentence("A LoRA needs a name. Nothing was changed."))
    stem, dot, ending = line.rpartition(".")
    if not dot or not 0 < len(ending) <= len("safetensors"):
        stem, dot, ending = line, "", ""
    ending = dot + readable(ending)
    return (readable(stem.strip(), limits.NAME_LENGTH - len(ending)) or "LoRA") + ending


def add_lora(project: Project, index: int, lora: Lora, strength: float | None = None) -> Project:
    """Put a LoRA on a segment. Without `strength` it keeps the one that it has there already, or is 1.

    Raises:
        EditError: no such segment, a strength out of range, or too many LoRAs.
    """
    if strength is None:
        known = _on_segment(project, index, lora.sha256)
        strength = known.strength if known else 1.0
    return set_lora(project, index, replace(lora, strength=strength))


def set_lora(project: Project, index: int, lora: Lora) -> Project:
    """Put a LoRA on a segment, or give the one that is there its strength. A take of it becomes stale.

    Raises:
        EditError: no such segment, a strength out of range, or too many LoRAs.
    """
    segments = project.current().segments
    index = segment_index(index, len(segments))
    loras = segments[index].loras
    lora = replace(lora, name=shown_name(lora.name), strength=limits.strength(lora.strength))
    if any(other.sha256 == lora.sha256 for other in loras):
        loras = tuple(replace(other, strength=lora.strength) if other.sha256 == lora.sha256 else other for other in loras)
    elif len(loras) >= limits.LORAS:
        raise EditError(sentence("A segment takes {most} LoRAs at most. Take one off first.", most=limits.LORAS))
    else:
        loras = (*loras, lora)
    return _with_loras(project, index, loras)


def set_lora_strength(project: Project, index: int, sha256: str, strength: float) -> Project:
    """Change the strength of a LoRA on a segment. A take of it becomes stale.

    Raises:
        EditError: no such LoRA on it, or a strength out of range.
    """
    return set_lora(project, index, replace(_known(project, index, sha256), strength=strength))


def spread_lora(project: Project, index: int, sha256: str) -> Project:
    """Put a LoRA of a segment on all others of the branch that are not rendered, as strong as it is there.

    Raises:
        EditError: no such segment, no such LoRA on it, or too many on another one.
    """
    segments = project.current().segments
    lora = _known(project, segment_index(index, len(segments)), sha256)
    for other in range(len(project.path()), len(segments)):
        project = set_lora(project, other, lora)
    return project


def drop_lora(project: Project, index: int, sha256: str) -> Project:
    """Take a LoRA off a segment. A take of it becomes stale. Raises EditError: no such segment, or no such LoRA on it."""
    segments = project.current().segments
    index = segment_index(index, len(segments))
    _known(project, index, sha256)
    return _with_loras(project, index, tuple(lora for lora in segments[index].loras if lora.sha256 != sha256))


def named_loras(project: Project) -> frozenset[str]:
    """Checksums of the LoRAs on the segments of all branches, and of those that takes were made with."""
    segments = [*(s for b in project.branches for s in b.segments), *(take.segment for take in project.takes.values())]
    return frozenset(lora.sha256 for segment in segments for lora in segment.loras)


def _on_segment(project: Project, index: int, sha256: str) -> Lora | None:
    """The LoRA of this content on a segment, if there is such a segment and such a LoRA on it."""
    segments = project.current().segments
    loras = segments[index].loras if 0 <= index < len(segments) else ()
    return next((lora for lora in loras if lora.sha256 == sha256), None)


def _known(project: Project, index: int, sha256: str) -> Lora:
    """As `_on_segment`. Raises EditError: there is none."""
    lora = _on_segment(project, index, sha256)
    if lora is None:
        raise EditError(sentence("This LoRA is not on the segment any more. Nothing was changed."))
    return lora


def _with_loras(project: Project, index: int, loras: tuple[Lora, ...]) -> Project:
    segments = project.current().segments
    return with_segments(project, (*segments[:index], replace(segments[index], loras=loras), *segments[index + 1 :]))
