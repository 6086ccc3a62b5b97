"""Which look a take is to see the frames before it in."""

from __future__ import annotations

from studio.project.model import Look, Project, Segment


def look_before(project: Project, segment: Segment, parent: str | None) -> Look | None:
    """The look in which a take of a segment after `parent` is to see the frames before it; None: as they were made.

    After a cut it sees none of them, and a video sees nothing.
    """
    look = project.looks.get(parent or "")
    return look if look and look.context and segment.shot is None and segment.video is None else None
