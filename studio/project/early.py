"""Changing an early beat: rendered segments are edited, inserted, removed or moved, and what becomes of the takes after them.

The changed timeline is a new branch; the branch that was changed stays as it is. What follows the first change is made again from
there (`again`), kept as it is, joined by a cut (`keep`), or kept and joined by a bridge (`bridge`): what the take before leads to
moves over into the take that is kept. Only segments that were edited, inserted or moved are made again then.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from studio.language import sentence
from studio.project import limits
from studio.project.limits import EditError, fresh_id, fresh_seed
from studio.project.model import Branch, Clock, Project, Segment, Take
from studio.project.staleness import differs
from studio.project.take_requests import TakeRequest, new_request
from studio.project.tree import as_rendered, fresh_name, replace_branch, segment_index, usable_take

Then = Literal["keep", "again", "bridge"]
BRIDGE = 12
"""Frames of a bridge that nobody chose."""


@dataclass(frozen=True)
class Step:
    """A take of the changed branch: rendered for its segment, or a copy of another one, with a bridge of so many frames into it."""

    segment: Segment
    copy_of: str | None = None
    bridge: int = 0

    @property
    def is_rendered(self) -> bool:
        """Whether the model has something to do."""
        return self.copy_of is None or self.bridge > 0

    def sections(self, clock: Clock) -> int:
        """Sections that the model makes for it."""
        return clock.sections(self.segment.frames) if self.copy_of is None else int(self.bridge > 0)


@dataclass(frozen=True)
class EarlyChange:
    """A change of the timeline from the segment `first` on: all its segments then, and the steps that make its takes."""

    first: int
    segments: tuple[Segment, ...]
    steps: tuple[Step, ...]


def insert(project: Project, index: int, prompt: str, frames: float | None = None) -> tuple[Segment, ...]:
    """The segments with a new one before that at `index`, as long as that one unless `frames` says otherwise.

    Raises:
        EditError: no such segment, too many, or a value is not accepted.
    """
    segments = project.current().segments
    index = segment_index(index, len(segments))
    if len(segments) >= limits.SEGMENTS:
        raise EditError(sentence(
            "A branch holds {most} segments at most. Begin a second project for what follows.", most=limits.SEGMENTS))
    usual = project.clock.section_frames if segments[index].video else segments[index].frames       # a video may be long
    wanted = limits.frames(usual if frames is None else frames, project.clock)
    new = Segment(fresh_id(), limits.prompt(prompt), wanted, fresh_seed())
    return (*segments[:index], new, *segments[index:])


def remove(project: Project, index: int) -> tuple[Segment, ...]:
    """The segments without that at `index`. Raises EditError: no such segment."""
    segments = project.current().segments
    index = segment_index(index, len(segments))
    return segments[:index] + segments[index + 1 :]


def move(project: Project, index: int, to: int) -> tuple[Segment, ...]:
    """The segments with that at `index` moved to be the one at `to`. Raises EditError: no such segment or place."""
    segments = list(project.current().segments)
    index, to = segment_index(index, len(segments)), segment_index(to, len(segments))
    segments.insert(to, segments.pop(index))
    return tuple(segments)


def plan_change(
    project: Project, segments: tuple[Segment, ...], then: Then, frames: int = BRIDGE, again: str | None = None
) -> EarlyChange:
    """How the current branch becomes one with other segments.

    Args:
        project: with the branch as it is; takes that differ from their segments count as changed.
        segments: of the whole branch after the change.
        then: what becomes of the takes after the change.
        frames: of a bridge.
        again: the segment that a bridge makes again although it has not changed, because it was moved.

    Raises:
        EditError: no rendered segment changes, or the bridge is shorter than 1 frame or longer than a section.
    """
    if then == "bridge" and not 1 <= frames <= project.clock.section_frames:
        raise EditError(sentence("A bridge has 1 to {frames} frames. Nothing was changed.", frames=project.clock.section_frames))
    path = project.path()
    take_of = {segment.id: take for segment, take in zip(project.current().segments, path, strict=False)}
    first = _first_change(project, segments)
    last = max((i for i, segment in enumerate(segments) if segment.id in take_of), default=first - 1)
    steps: list[Step] = []
    before = path[first - 1].id if first else None      # whose continuation would come next; "" after a new take
    for segment in segments[first : last + 1]:
        take = take_of.get(segment.id)
        stays = take is not None and take.state == "done" and not differs(project, segment, take)
        if take is None or not stays or then == "again" or (then == "bridge" and segment.id == again):
            steps.append(Step(segment))
            before = ""
        else:
            steps.append(Step(segment, take.id, frames if then == "bridge" and take.parent != before else 0))
            before = take.id
    return EarlyChange(first, segments, tuple(steps))


def begin(project: Project, change: EarlyChange) -> Project:
    """The project with a new current branch that ends before the change and plans all its segments; the old one stays."""
    source = project.current()
    tip = project.path()[change.first - 1].id if change.first else None
    made = Branch(fresh_id(), fresh_name(project), change.segments, tip)
    kept = replace_branch(project, as_rendered(project, source, change.first))
    return replace(kept, branches=(*kept.branches, made), branch=made.id, head=tip)


def step_request(project: Project, step: Step, parent: str | None) -> TakeRequest:
    """The request for a step after a take. A copy is a request for what its take has; one with a bridge, for one section.

    Raises:
        EditError: no reference image, or the take that was to be kept is gone.
    """
    if step.copy_of is None:
        return new_request(project, step.segment, parent)
    old = usable_take(project, step.copy_of)
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    take = replace(
        old, id=fresh_id(), parent=parent, created=now, copy_of=old.id, bridge=step.bridge, seconds=0.0, sections=0, frames=0,
        state="partial",
    )  # fmt: skip
    return TakeRequest(take, 1 if step.bridge else old.sections, len(project.lineage(parent)))


def finished_copy(project: Project, ask: TakeRequest) -> Take:
    """The take of a copy without a bridge, whose files are there."""
    old = project.takes[str(ask.take.copy_of)]
    return replace(ask.take, sections=old.sections, frames=old.frames, state="done")


def _first_change(project: Project, segments: tuple[Segment, ...]) -> int:
    """The index of the first segment whose take cannot stay where it is. Raises EditError: there is none."""
    pairs = zip(project.current().segments, project.path(), strict=False)
    for index, (segment, take) in enumerate(pairs):
        if index >= len(segments) or segments[index].id != segment.id or differs(project, segments[index], take):
            return index
    raise EditError(sentence("No rendered segment has changed, so nothing has to be made again."))
