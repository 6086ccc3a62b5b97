"""Shots: a segment may begin a new one with a hard cut, at a picture of its own, at a frame of the film, from words alone, or as
the film begins.

A place is what a shot shows: a picture, the part of it that the shot begins with, and the marks on it; or no picture, where words
alone began it. Takes of one place share the memory of that place; those of other places are not mixed into it. What
follows a video shows another place than the video's first frame, from which its model goes on: the video's last frame.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from studio.language import sentence
from studio.marks import NO_MARKS, Marks
from studio.project import limits
from studio.project.frames import check_large_enough, fit_frame
from studio.project.limits import EditError
from studio.project.model import Frame, Project, Segment, Shot, Take
from studio.project.tree import known_take, segment_index, with_segments


@dataclass(frozen=True)
class Place:
    """What a shot shows."""

    picture: str                   # SHA-256 of the picture; "": there is none, it began from words alone
    frame: Frame | None            # the part of it that the shot begins with; None: its middle
    marks: Marks = NO_MARKS
    video: str | None = None       # the take, a video, whose last frame the place is for models that see no more of it


def set_shot(project: Project, index: int, shot: Shot | None) -> Project:
    """Let a segment begin a new shot, or (None) continue the one before it. A take of it becomes stale.

    Raises:
        EditError: no such segment, it is the first one, the frame is not accepted, or the take whose frame begins it is gone.
    """
    segments = project.current().segments
    index = segment_index(index, len(segments))
    if index == 0 and shot is not None:
        raise EditError(sentence(
            "The first segment begins as the film does. Choose another reference picture, or cut at a later segment."))
    if shot is not None and shot.take is not None:
        take = known_take(project, shot.take)
        if not 0 <= shot.at < take.frames:
            raise EditError(sentence("This take has no such frame. Nothing was changed."))
    if shot is not None and shot.frame is not None:
        shot = replace(shot, frame=limits.frame(list(shot.frame)))
    return with_segments(project, (*segments[:index], replace(segments[index], shot=shot), *segments[index + 1 :]))


def takes_of_shots(project: Project, besides: Collection[str] = ()) -> frozenset[str]:
    """The takes at whose frames shots begin, of takes that are not in `besides` and of all plans, also in the trash."""
    segments = [take.segment for take in project.takes.values() if take.id not in besides]
    branches = (*project.branches, *(dropped.branch for dropped in project.dropped_branches))
    segments += [segment for branch in branches for segment in branch.segments]
    return frozenset(segment.shot.take for segment in segments if segment.shot and segment.shot.take)


def begins_shot(take: Take) -> bool:
    """Whether a take begins a shot: with a hard cut, as a video, or as the film's first one."""
    return take.parent is None or take.segment.shot is not None or take.segment.video is not None


def shot_so_far(project: Project, take: Take) -> tuple[Take, ...]:
    """The takes of a take's shot up to it, in film order."""
    found = [take]
    while not begins_shot(found[-1]):
        found.append(project.takes[str(found[-1].parent)])
    return tuple(reversed(found))


def set_shot_frame(project: Project, index: int, frame: Frame) -> Project:
    """Set the part of its picture that a segment's shot begins with; it takes the film's shape. A take of it becomes stale.

    Raises:
        EditError: no such segment, its shot has no picture of its own, or the frame leads out of that or is too small.
    """
    segments = project.current().segments
    shot = segments[segment_index(index, len(segments))].shot
    if shot is None or shot.picture is None:
        raise EditError(sentence(
            "This segment begins with no picture of its own, so there is nothing to frame. Nothing was changed."))
    size, frame = (shot.picture.width, shot.picture.height), limits.frame(frame)
    check_large_enough(frame, size, project.size)
    return set_shot(project, index, replace(shot, frame=fit_frame(frame, size, project.size)))


def place_of(project: Project, segment: Segment, parent: str | None, take: Take) -> Place:
    """The place of a take that is asked for, or was made, as `segment` after `parent`."""
    seen: set[str] = set()
    shown = take.id
    while True:
        if segment.video is not None:
            return Place(take.reference, take.frame, replace(NO_MARKS, beyond=take.marks.beyond, ground=take.marks.ground), shown)
        shot = segment.shot if parent is not None else None
        if shot is not None and shot.from_words:
            return Place("", None)
        if shot is not None and shot.picture is not None:
            size = shot.picture.width, shot.picture.height
            return Place(shot.picture.sha256, shot.frame and fit_frame(shot.frame, size, take.size))
        if shot is not None and shot.take is not None and shot.take in project.takes and shot.take not in seen:
            seen.add(shot.take)
            shown, parent, segment = shot.take, project.takes[shot.take].parent, project.takes[shot.take].segment
        elif shot is None and parent is not None:
            before = project.takes[parent]
            shown, parent, segment = before.id, before.parent, before.segment
        else:
            return Place(take.reference, take.frame, take.marks)


def place_of_take(project: Project, take: Take) -> Place:
    """The place that a take shows."""
    return place_of(project, take.segment, take.parent, take)


def newest_of_place(project: Project, parent: str | None, place: Place) -> Take | None:
    """The newest take up to `parent` that shows a place; None: the film has not been there."""
    return next((take for take in reversed(project.lineage(parent)) if place_of_take(project, take) == place), None)
