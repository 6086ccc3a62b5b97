"""Verbs of the timeline: adding, writing, moving and removing segments."""

from __future__ import annotations

from collections.abc import Mapping

from studio.language import join, sentence
from studio.project import edits, shots
from studio.project.early import BRIDGE, Then
from studio.project.limits import SECTIONS
from studio.project.model import Shot
from studio.project.reuse import Part, take_over
from studio.project.timeline_text import read_timeline
from studio.session import EditError, Session, early_changes
from studio.session.early_changes import Wish
from studio.session.shots import words_shot
from studio.ui.fields import Fields
from studio.ui.prompt_views import timeline_text_view
from studio.ui.verbs.verb import Answer, Verb, index, stroke
from studio.ui.words import format_wait


def _changes(session: Session, fields: Fields) -> edits.SegmentChanges:
    """What a message says of a segment."""
    changes: edits.SegmentChanges = {}
    if fields.has("prompt"):
        changes["prompt"] = fields.text("prompt")
    if fields.has("sections"):
        changes["frames"] = fields.integer("sections", 1, SECTIONS) * session.project.clock.section_frames
    if fields.has("seed"):
        changes["seed"] = fields.integer("seed", 0, 2**53)
    return changes


def _add_segment(session: Session, fields: Fields) -> None:
    """A segment after the one that the message names, or after the last, with what the message says of it."""
    at = index(session, fields) + 1 if fields.has("segment") else None
    changes = _changes(session, fields)
    session.edit(edits.add_segment, at, changes.get("prompt", ""), changes.get("frames"), changes.get("seed"))


def _edit_segment(session: Session, fields: Fields) -> None:
    changes = _changes(session, fields)
    if fields.has("blend"):
        changes["blend"] = fields.integer("blend", 0, 2**53)
    if fields.flag("dice"):
        changes["seed"] = None
    if changes:
        at = index(session, fields)
        session.edit_in_stroke(stroke(fields, f"{at} {sorted(changes)}"), edits.edit_segment, at, **changes)


def _take_over(session: Session, fields: Fields) -> None:
    """Give a segment what a take was made with."""
    parts: dict[str, Part] = {"all": "all", "prompt": "prompt", "seed": "seed", "remix": "remix"}
    session.edit(take_over, index(session, fields), fields.identifier("take"), fields.one_of("part", parts))


def _read_timeline(session: Session, fields: Fields) -> Answer:
    """What a pasted text would become on the timeline; no segments where it is plain text."""
    found = read_timeline(fields.text("text"))
    return timeline_text_view(session.project, found)


def _put_timeline(session: Session, fields: Fields) -> Answer:
    """Put the segments of a text in place of those that are not rendered; the note says what was understood otherwise."""
    found = read_timeline(fields.text("text"))
    if found is None:
        raise EditError(sentence("This text is no timeline. Nothing was changed."))
    session.edit(edits.put_timeline, found)
    return {"note": join(*found.notes)} if found.notes else {}


def read_wish(session: Session, fields: Fields) -> Wish:
    """What a message asks to change of rendered segments."""
    what = fields.one_of("what", {name: name for name in ("edit", "insert", "remove", "move")})
    if what == "edit":
        return Wish(what)
    frames = fields.integer("sections", 1, SECTIONS) * session.project.clock.section_frames if fields.has("sections") else None
    to = fields.integer("to", 0, 10_000) if what == "move" else 0
    return Wish(what, index(session, fields), to, fields.text("prompt") if fields.has("prompt") else "", frames)


def _change_early(session: Session, fields: Fields) -> None:
    ways: dict[str, Then] = {"keep": "keep", "again": "again", "bridge": "bridge"}
    frames = fields.integer("frames", 1, 10_000) if fields.has("frames") else BRIDGE
    session.jobs.change_early(early_changes.plan(session.project, read_wish(session, fields), fields.one_of("then", ways), frames))


def _early_costs(session: Session, fields: Fields) -> Answer:
    """What each way of going on costs, and the frames of a bridge: the usual and the most."""
    found = early_changes.costs(session.project, read_wish(session, fields), session.jobs.estimator)
    words = {then: {"takes": cost.takes, "wait": None if cost.seconds is None else format_wait(cost.seconds)}
             for then, cost in found.items()}
    most = session.project.clock.section_frames
    return {"ways": words, "frames": min(BRIDGE, most), "most": most}


def _set_shot(session: Session, fields: Fields) -> None:
    """A segment begins a new shot from `from`: the reference, a picture, a frame of a take, words alone; or it continues (none)."""
    names = ("none", "reference", "picture", "frame", "words")
    at, begins = index(session, fields), fields.one_of("from", {name: name for name in names})
    shot = None if begins == "none" else Shot()
    if begins == "picture":
        shot = session.picture_shot(fields.upload("path"), fields.shares("frame") if fields.has("frame") else None)
    elif begins == "frame":
        shot = session.frame_shot(fields.identifier("take"), fields.integer("at", 0, 2**31))
    elif begins == "words":
        shot = words_shot(session.card)
    session.set_shot(at, shot)


VERBS: Mapping[str, Verb] = {
    "add_segment": _add_segment,
    "edit_segment": _edit_segment,
    "take_over": _take_over,
    "read_timeline": _read_timeline,
    "put_timeline": _put_timeline,
    "remove_segment": lambda s, f: s.edit(edits.remove_segment, index(s, f)),
    "change_early": _change_early,
    "early_costs": _early_costs,
    "set_shot": _set_shot,
    "set_shot_frame": lambda s, f: s.edit_in_stroke(
        stroke(f, f"shot frame {f.identifier('segment')}"), shots.set_shot_frame, index(s, f), f.shares("frame")),
    "keep_stale": lambda s, f: s.edit(edits.keep_stale),
    "move_segment": lambda s, f: s.edit(edits.move_segment, index(s, f), f.integer("to", 0, 10_000)),
}
