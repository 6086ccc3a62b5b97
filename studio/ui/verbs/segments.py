"""Verbs of the timeline: adding, writing, moving and removing segments."""

from __future__ import annotations

from collections.abc import Mapping

from studio.project import edits
from studio.project.limits import SECTIONS
from studio.session import Session
from studio.ui.fields import Fields
from studio.ui.verbs.verb import Verb, index, stroke


def _add_segment(session: Session, fields: Fields) -> None:
    session.edit(edits.add_segment, index(session, fields) + 1 if fields.has("segment") else None)


def _edit_segment(session: Session, fields: Fields) -> None:
    changes: edits.SegmentChanges = {}
    if fields.has("prompt"):
        changes["prompt"] = fields.text("prompt")
    if fields.has("sections"):
        changes["frames"] = fields.integer("sections", 1, SECTIONS) * session.project.clock.section_frames
    if fields.has("seed"):
        changes["seed"] = fields.integer("seed", 0, 2**53)
    if fields.flag("dice"):
        changes["seed"] = None
    if changes:
        at = index(session, fields)
        session.edit_in_stroke(stroke(fields, f"{at} {sorted(changes)}"), edits.edit_segment, at, **changes)


VERBS: Mapping[str, Verb] = {
    "add_segment": _add_segment,
    "edit_segment": _edit_segment,
    "remove_segment": lambda s, f: s.edit(edits.remove_segment, index(s, f)),
    "move_segment": lambda s, f: s.edit(edits.move_segment, index(s, f), f.integer("to", 0, 10_000)),
}
