"""Edits of the document, each a function Project -> Project; those of takes and branches are in `tree`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypedDict, Unpack

from studio.language import sentence
from studio.project import limits
from studio.project.frames import refit, set_frame
from studio.project.limits import EditError, fresh_id, fresh_seed
from studio.project.lora_edits import add_lora, drop_lora, set_lora, set_lora_strength, spread_lora
from studio.project.mark_edits import marks_for, set_marks
from studio.project.model import Branch, Clock, Frame, Project, RenderSettings, Segment
from studio.project.sources import Reference
from studio.project.staleness import find_same_take, keep_stale, stale_takes
from studio.project.styles import use_style
from studio.project.timeline_text import put_timeline
from studio.project.tree import (
    add_take,
    branch,
    check_parent,
    drop_branch,
    next_segment,
    planned_segment,
    rename_branch,
    rewind,
    segment_index,
    switch,
    unfinished_take,
    with_segments,
)
from studio.project.video_edits import begin_with_video, check_empty, drop_video
from studio.project.votes import add_vote, drop_vote
from studio.project.word_edits import set_cast, set_style

__all__ = [
    "EditError",
    "SegmentChanges",
    "add_lora",
    "add_segment",
    "add_take",
    "add_vote",
    "begin_with_video",
    "branch",
    "check_empty",
    "check_parent",
    "drop_branch",
    "drop_lora",
    "drop_video",
    "drop_vote",
    "edit_segment",
    "find_same_take",
    "keep_stale",
    "move_segment",
    "new",
    "next_segment",
    "planned_segment",
    "put_timeline",
    "remove_segment",
    "rename",
    "rename_branch",
    "rewind",
    "set_cast",
    "set_frame",
    "set_go_on",
    "set_lora",
    "set_lora_strength",
    "set_marks",
    "set_model",
    "set_reference",
    "set_settings",
    "set_size",
    "set_style",
    "spread_lora",
    "stale_takes",
    "switch",
    "unfinished_take",
    "use_style",
]  # fmt: skip


def new(
    name: str = "Untitled film",
    model: str = "memorypack-mini",
    size: tuple[int, int] = (320, 192),
    clock: Clock | None = None,
    settings: RenderSettings | None = None,
) -> Project:
    """A project with one empty segment of one section, on one branch.

    Raises:
        EditError: the name or the size is not accepted.
    """
    clock = clock or Clock()
    first = Branch(fresh_id(), "Main", (Segment(fresh_id(), "", clock.section_frames, fresh_seed()),))
    return Project(
        id=fresh_id(),
        name=limits.name(name, sentence("film")),
        model=model,
        size=limits.size(size),
        clock=clock,
        settings=settings or RenderSettings(),
        branches=(first,),
        branch=first.id,
    )


def begin_from_words(project: Project) -> Project:
    """Let the film begin from words alone, without a reference image. Takes made from one become stale."""
    return replace(set_reference(project, None), from_words=True)


def set_reference(project: Project, reference: Reference | None, frame: Frame | None = None) -> Project:
    """Set the reference image and its frame, or (None) remove it. Takes made from the old one become stale.

    Subject and flows stay where the picture is the same, and go with another one, as does a video that begins with the old one.

    Raises:
        EditError: the frame is not accepted.
    """
    marks = marks_for(project, reference)
    same = reference is not None and project.reference is not None and reference.sha256 == project.reference.sha256
    changed = project if same else drop_video(project)
    return set_frame(replace(changed, reference=reference, frame=None, marks=marks, from_words=False), frame)


def rename(project: Project, name: str) -> Project:
    """Change the film's name. Raises EditError: it is blank or too long."""
    return replace(project, name=limits.name(name, sentence("film")))


def set_go_on(project: Project, go_on: bool) -> Project:
    """Whether a job of this film goes on by itself when the studio was stopped and is started again."""
    return replace(project, go_on=go_on)


def set_size(project: Project, size: tuple[int, int]) -> Project:
    """Change the film's size; the frame takes its shape. Raises EditError: not two even numbers from 16 to 4096."""
    return refit(replace(project, size=limits.size(size)))


def set_settings(project: Project, settings: RenderSettings) -> Project:
    """Change the render settings. Raises EditError: steps, guidance or the step cache are out of range."""
    steps, guidance, cache = limits.steps(settings.steps), limits.guidance(settings.guidance), limits.cache(settings.cache)
    rule = limits.cache_rule(settings.cache_rule)
    return replace(project, settings=replace(settings, steps=steps, guidance=guidance, cache=cache, cache_rule=rule))


def set_model(project: Project, model: str, clock: Clock, size: tuple[int, int]) -> Project:
    """Render with another model. Every segment keeps its length and its blend in seconds, counted in the new model's frames.

    A segment that would be longer than 40 of the new model's sections is cut to 40.

    Raises:
        EditError: the size is not accepted.
    """
    longest = limits.SECTIONS * clock.section_frames

    def retimed(segment: Segment) -> Segment:
        wanted, blend = (round(frames / project.clock.fps * clock.fps) for frames in (segment.frames, segment.blend))
        return replace(segment, frames=min(max(wanted, clock.section_frames), longest), blend=min(blend, longest))

    branches = tuple(replace(b, segments=tuple(map(retimed, b.segments))) for b in project.branches)
    return refit(replace(project, model=model, clock=clock, size=limits.size(size), branches=branches))


def add_segment(
    project: Project, index: int | None = None, prompt: str = "", frames: float | None = None, seed: int | None = None
) -> Project:
    """A new segment before the one at `index`; None: after the last.

    Without `frames` it is as long as the one before it; without `seed` it gets a random one. It has the LoRAs of the one before.

    Raises:
        EditError: before a rendered segment, beyond the end, too many, or a value is not accepted.
    """
    segments = project.current().segments
    index = len(segments) if index is None else segment_index(index, len(segments) + 1)
    if index < len(project.path()):
        raise EditError(sentence(
            "Segment {number} is rendered, so nothing can be put before it on this branch. Rewind to the take before it and "
            "branch there.", number=index + 1))
    if len(segments) >= limits.SEGMENTS:
        raise EditError(sentence(
            "A branch holds {most} segments at most. Begin a second project for what follows.", most=limits.SEGMENTS))
    before = segments[index - 1] if index else None
    neighbour = before.frames if before and not before.video else project.clock.section_frames      # a video may be long
    segment = Segment(
        fresh_id(),
        limits.prompt(prompt),
        limits.frames(neighbour if frames is None else frames, project.clock),
        fresh_seed() if seed is None else limits.seed(seed),
        before.loras if before else (),
    )
    return with_segments(project, (*segments[:index], segment, *segments[index:]))


class SegmentChanges(TypedDict, total=False):
    """What `edit_segment` can change. A seed of None draws a random one."""

    prompt: str
    frames: float
    seed: int | None
    blend: float


def edit_segment(project: Project, index: int, **changes: Unpack[SegmentChanges]) -> Project:
    """Change prompt, length, seed or blend of a segment, at once. A take of it becomes stale.

    Raises:
        EditError: no such segment, or a value is not accepted.
    """
    segments = project.current().segments
    index = segment_index(index, len(segments))
    clean: dict[str, Any] = {}
    for key, value in changes.items():
        if key == "prompt":
            clean[key] = limits.prompt(value)
        elif key == "frames":
            clean[key] = limits.frames(value, project.clock)
        elif key == "seed":
            clean[key] = fresh_seed() if value is None else limits.seed(value)
        elif key == "blend":
            clean[key] = limits.blend(value, project.clock)
        else:
            raise EditError(sentence("A segment has a prompt, a length and a blend in frames and a seed, but no '{key}'.", key=key))
    return with_segments(project, (*segments[:index], replace(segments[index], **clean), *segments[index + 1 :]))


def remove_segment(project: Project, index: int) -> Project:
    """Remove a segment. Raises EditError: no such segment, or it is rendered."""
    segments = project.current().segments
    index = _unrendered(project, index, sentence("removed"))
    return with_segments(project, segments[:index] + segments[index + 1 :])


def move_segment(project: Project, index: int, to: int) -> Project:
    """Put the segment at `index` so that it is the one at `to`.

    Raises:
        EditError: no such segment or place, or one of them is rendered.
    """
    segments = list(project.current().segments)
    index, to = _unrendered(project, index, sentence("moved")), _unrendered(project, to, sentence("moved"))
    segments.insert(to, segments.pop(index))
    return with_segments(project, tuple(segments))


def _unrendered(project: Project, index: int, done: str) -> int:
    index = segment_index(index, len(project.current().segments))
    if index < len(project.path()):
        raise EditError(sentence(
            "Segment {number} is rendered, so it cannot be {done} on this branch. Rewind to the take before it and branch there: "
            "the branch you are on stays as it is.", number=index + 1, done=done))
    return index
