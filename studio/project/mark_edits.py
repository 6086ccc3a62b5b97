"""Edits of the marks on the reference image."""

from __future__ import annotations

from dataclasses import replace

from studio.language import sentence
from studio.marks import NEWEST_GROUND, NO_MARKS, Marks
from studio.project import mark_limits
from studio.project.limits import EditError
from studio.project.model import Project
from studio.project.sources import Reference


def set_marks(project: Project, marks: Marks) -> Project:
    """Set all marks on the reference image. Takes made with others become stale. Its ground is made as before, see `_ground`.

    Raises:
        EditError: there is no picture, or a mark is not accepted; see `mark_limits.marks`.
    """
    if project.reference is None and (marks.subject or marks.flows):
        raise EditError(sentence("Marks belong to a picture. Choose a reference image first."))
    return replace(project, marks=mark_limits.marks(replace(marks, ground=_ground(project))))


def _ground(project: Project) -> int:
    """The method that makes the ground beyond the picture: that of a film that has begun with one, or the newest one."""
    if project.marks.beyond:
        return project.marks.ground
    picture = project.reference.sha256 if project.reference else ""
    begun = [take.marks.ground for take in project.takes.values() if take.marks.beyond and take.reference == picture]
    return begun[-1] if begun else NEWEST_GROUND


def keep_unknown(marks: Marks, before: Marks) -> Marks:
    """The marks with the fields of a newer format that those before have: a page that draws them does not know such fields."""
    subject, known = marks.subject, {(flow.name, flow.stroke): flow.unknown for flow in before.flows}
    if subject and before.subject:
        subject = replace(subject, unknown=before.subject.unknown)
    flows = tuple(replace(flow, unknown=known.get((flow.name, flow.stroke), flow.unknown)) for flow in marks.flows)
    return replace(marks, subject=subject, flows=flows, unknown=before.unknown)


def marks_for(project: Project, reference: Reference | None) -> Marks:
    """The project's marks on a picture: all of them on the same one; on another, or none, only that the camera may leave it."""
    before = project.reference
    same = before is not None and reference is not None and before.sha256 == reference.sha256
    return project.marks if same else replace(NO_MARKS, beyond=project.marks.beyond)
