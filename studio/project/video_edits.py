"""A film that goes on from a video: its first segment is the video, and its reference image the first frame of that."""

from __future__ import annotations

from dataclasses import replace

from studio.language import sentence
from studio.marks import NO_MARKS
from studio.project import limits
from studio.project.limits import EditError, fresh_id, fresh_seed
from studio.project.model import Project, Segment
from studio.project.sources import Reference, Video
from studio.project.tree import with_segments

HAS_TAKES = sentence(
    "This film has takes already, and a video can only begin an empty one. Begin a new film and drop the video there.")


def check_empty(project: Project) -> None:
    """Raises EditError: the film has takes, so it cannot begin with a video."""
    if project.takes:
        raise EditError(HAS_TAKES)


def begin_with_video(project: Project, video: Video, reference: Reference, frames: int, beyond: bool) -> Project:
    """Let an empty film begin with a video. Segments that are written follow it; at least one does.

    Args:
        project: without takes.
        video: the file.
        reference: the first frame that is kept of it.
        frames: that are kept of it, its last ones: whole sections, at most as many as a segment may have.
        beyond: whether the camera may leave the picture afterwards.

    Raises:
        EditError: the film has takes, or there would be too many segments.
    """
    check_empty(project)
    first = Segment(fresh_id(), "", limits.frames(frames, project.clock), fresh_seed(), video=video)
    written = [s for s in project.current().segments if s.video is None]
    if all(not s.prompt and not s.loras for s in written):
        written = [Segment(fresh_id(), "", project.clock.section_frames, fresh_seed())]
    if len(written) >= limits.SEGMENTS:
        raise EditError(sentence(
            "A branch holds {most} segments at most. Remove one first; nothing was changed.", most=limits.SEGMENTS))
    begun = replace(project, reference=reference, frame=None, marks=replace(NO_MARKS, beyond=beyond), from_words=False)
    return with_segments(begun, (first, *written))


def drop_video(project: Project) -> Project:
    """The project without a video in segments that are still to be rendered: they are rendered from the picture."""
    done = len(project.path())
    segments = project.current().segments
    left = tuple(replace(s, video=None) if i >= done else s for i, s in enumerate(segments))
    return with_segments(project, left) if left != segments else project
