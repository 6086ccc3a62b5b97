"""The verbs of the document, each Project -> Project; those of takes and branches are in `tree`. It stores nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from studio.project import limits
from studio.project.limits import EditError, fresh_id, fresh_seed
from studio.project.model import Branch, Clock, Lora, Project, Reference, Segment, Settings
from studio.project.staleness import same_take, stale
from studio.project.tree import (
    add_take,
    branch,
    check_parent,
    drop_branch,
    next_segment,
    planned,
    rename_branch,
    rewind,
    switch,
    unfinished,
    with_branch,
)

__all__ = [
    "EditError", "add_segment", "add_take", "branch", "check_parent", "drop_branch", "drop_lora", "edit_segment", "move_segment",
    "new", "next_segment", "planned", "remove_segment", "rename", "rename_branch", "rewind", "same_take", "set_lora", "set_model",
    "set_reference", "set_settings", "set_size", "spread_lora", "stale", "switch", "unfinished",
]  # fmt: skip


def new(
    name: str = "Untitled film",
    model: str = "memorypack-mini",
    size: tuple[int, int] = (320, 192),
    clock: Clock | None = None,
    settings: Settings | None = None,
) -> Project:
    """A project with one empty segment of one section, on one branch.

    Raises:
        EditError: a name or size that cannot be.
    """
    clock = clock or Clock()
    first = Branch(fresh_id(), "Main", (Segment(fresh_id(), "", clock.section_frames, fresh_seed()),))
    return Project(
        id=fresh_id(),
        name=limits.name(name, "film"),
        model=model,
        size=limits.size(size),
        clock=clock,
        settings=settings or Settings(),
        branches=(first,),
        branch=first.id,
    )


def set_reference(project: Project, reference: Reference | None) -> Project:
    """Start from another image, or (None) from none yet. Takes made from the old one become stale."""
    return replace(project, reference=reference)


def rename(project: Project, name: str) -> Project:
    """Raises EditError: blank or too long."""
    return replace(project, name=limits.name(name, "film"))


def set_size(project: Project, size: tuple[int, int]) -> Project:
    """Raises EditError: not two even numbers from 16 to 4096."""
    return replace(project, size=limits.size(size))


def set_settings(project: Project, settings: Settings) -> Project:
    """Raises EditError: steps, guidance or the step cache out of range."""
    steps, guidance, cache = limits.steps(settings.steps), limits.guidance(settings.guidance), limits.cache(settings.cache)
    return replace(project, settings=replace(settings, steps=steps, guidance=guidance, cache=cache))


def set_model(project: Project, model: str, clock: Clock, size: tuple[int, int]) -> Project:
    """Render with another model. Every segment keeps its length in seconds, counted in the new model's frames.

    A segment that would be longer than 40 of the new model's sections is cut to 40.

    Raises:
        EditError: a size that cannot be.
    """
    longest = limits.SECTIONS * clock.section_frames

    def retimed(segment: Segment) -> Segment:
        wanted = round(segment.frames / project.clock.fps * clock.fps)
        return replace(segment, frames=min(max(wanted, clock.section_frames), longest))

    branches = tuple(replace(b, segments=tuple(map(retimed, b.segments))) for b in project.branches)
    return replace(project, model=model, clock=clock, size=limits.size(size), branches=branches)


def add_segment(
    project: Project, index: int | None = None, prompt: str = "", frames: float | None = None, seed: int | None = None
) -> Project:
    """A new segment before the one at `index`; None: after the last.

    Without `frames` it is as long as the one before it; without `seed` it gets a random one. It has the LoRAs of the one before.

    Raises:
        EditError: before a rendered segment, beyond the end, too many, or a value that cannot be.
    """
    segments = project.current().segments
    index = len(segments) if index is None else _index(index, len(segments) + 1)
    if index < len(project.path()):
        raise EditError(
            f"Segment {index + 1} is rendered, so nothing can be put before it on this branch. "
            "Rewind to the take before it and branch there."
        )
    if len(segments) >= limits.SEGMENTS:
        raise EditError(f"A branch holds {limits.SEGMENTS} segments at most. Begin a second project for what follows.")
    neighbour = segments[index - 1].frames if index else project.clock.section_frames
    segment = Segment(
        fresh_id(),
        limits.prompt(prompt),
        limits.frames(neighbour if frames is None else frames, project.clock),
        fresh_seed() if seed is None else limits.seed(seed),
        segments[index - 1].loras if index else (),
    )
    return _with_plan(project, (*segments[:index], segment, *segments[index:]))


def edit_segment(project: Project, index: int, **changes: object) -> Project:
    """Change `prompt`, `frames` or `seed` of a segment (seed=None: a new random one). A take of it becomes stale.

    Raises:
        EditError: no such segment, or a value that cannot be.
    """
    segments = project.current().segments
    index = _index(index, len(segments))
    clean: dict[str, Any] = {}
    for key, value in changes.items():
        if key == "prompt":
            clean[key] = limits.prompt(value)
        elif key == "frames":
            clean[key] = limits.frames(value, project.clock)
        elif key == "seed":
            clean[key] = fresh_seed() if value is None else limits.seed(value)
        else:
            raise EditError(f"A segment has a prompt, a length in frames and a seed, but no '{key}'.")
    return _with_plan(project, (*segments[:index], replace(segments[index], **clean), *segments[index + 1 :]))


def set_lora(project: Project, index: int, lora: Lora) -> Project:
    """Put a LoRA on a segment, or give the one that is there another strength. A take of it becomes stale.

    Raises:
        EditError: no such segment, a strength that cannot be, or too many LoRAs.
    """
    segments = project.current().segments
    index = _index(index, len(segments))
    worn = segments[index].loras
    lora = replace(lora, name=limits.name(lora.name, "LoRA"), strength=limits.strength(lora.strength))
    if any(other.sha256 == lora.sha256 for other in worn):
        now = tuple(replace(other, strength=lora.strength) if other.sha256 == lora.sha256 else other for other in worn)
    elif len(worn) >= limits.LORAS:
        raise EditError(f"A segment takes {limits.LORAS} LoRAs at most. Take one off first.")
    else:
        now = (*worn, lora)
    return _with_plan(project, (*segments[:index], replace(segments[index], loras=now), *segments[index + 1 :]))


def spread_lora(project: Project, index: int, sha256: str) -> Project:
    """Put a LoRA of a segment on all others of the branch that are not rendered, as strong as it is there.

    Raises:
        EditError: no such segment, no such LoRA on it, or too many on another.
    """
    segments = project.current().segments
    lora = next((lora for lora in segments[_index(index, len(segments))].loras if lora.sha256 == sha256), None)
    if lora is None:
        raise EditError("This LoRA is not on the segment any more. Nothing was changed.")
    for other in range(len(project.path()), len(segments)):
        project = set_lora(project, other, lora)
    return project


def drop_lora(project: Project, index: int, sha256: str) -> Project:
    """Take a LoRA off a segment. A take of it becomes stale. Raises EditError: no such segment, or no such LoRA on it."""
    segments = project.current().segments
    index = _index(index, len(segments))
    now = tuple(lora for lora in segments[index].loras if lora.sha256 != sha256)
    if now == segments[index].loras:
        raise EditError("This LoRA is not on the segment any more. Nothing was changed.")
    return _with_plan(project, (*segments[:index], replace(segments[index], loras=now), *segments[index + 1 :]))


def remove_segment(project: Project, index: int) -> Project:
    """Raises EditError: no such segment, or it is rendered."""
    segments = project.current().segments
    index = _unrendered(project, index, "removed")
    return _with_plan(project, segments[:index] + segments[index + 1 :])


def move_segment(project: Project, index: int, to: int) -> Project:
    """Put the segment at `index` so that it is the one at `to`.

    Raises:
        EditError: no such segment or place, or one of them is rendered.
    """
    segments = list(project.current().segments)
    index, to = _unrendered(project, index, "moved"), _unrendered(project, to, "moved")
    segments.insert(to, segments.pop(index))
    return _with_plan(project, tuple(segments))


def _with_plan(project: Project, segments: tuple[Segment, ...]) -> Project:
    return with_branch(project, replace(project.current(), segments=segments))


def _index(index: object, count: int) -> int:
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < count:
        raise EditError("There is no such segment any more. Look at the timeline again.")
    return index


def _unrendered(project: Project, index: int, done: str) -> int:
    index = _index(index, len(project.current().segments))
    if index < len(project.path()):
        raise EditError(
            f"Segment {index + 1} is rendered, so it cannot be {done} on this branch. "
            "Rewind to the take before it and branch there: the branch you are on stays as it is."
        )
    return index

