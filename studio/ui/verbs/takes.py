"""Verbs of the takes and branches: making takes, going back to one, branching."""

from __future__ import annotations

from collections.abc import Mapping

from studio.project import edits, trim_tables, trims
from studio.session import Session
from studio.ui.fields import Fields
from studio.ui.verbs.verb import Verb, stroke

MOST_FRAMES = 2**31


def _set_trim(session: Session, fields: Fields) -> None:
    """Change what the film shows of a take. The fields that are not there stay."""
    take = fields.identifier("take")
    known = session.project.trims.get(take, trims.WHOLE)
    first = fields.integer("first", 0, MOST_FRAMES) if fields.has("first") else known.first
    end = fields.integer("end", 0, MOST_FRAMES) if fields.has("end") else known.end
    loop = fields.one_of("loop", {name: name for name in trim_tables.LOOPS}) if fields.has("loop") else known.loop
    times = fields.integer("times", 1, trim_tables.MOST_TIMES) if fields.has("times") else known.times
    session.edit_in_stroke(stroke(fields, f"trim {take}"), trims.set_trim, take, first, end, loop, times)


VERBS: Mapping[str, Verb] = {
    "rewind": lambda s, f: s.edit(edits.rewind, f.optional_identifier("take")),
    "branch": lambda s, f: s.edit(edits.branch, f.optional_identifier("take")),
    "switch": lambda s, f: s.edit(edits.switch, f.identifier("branch")),
    "drop_branch": lambda s, f: s.edit(edits.drop_branch, f.identifier("branch")),
    "rename_branch": lambda s, f: s.edit(edits.rename_branch, f.identifier("branch"), f.text("name")),
    "generate_next": lambda s, f: s.jobs.generate_next(),
    "generate_all": lambda s, f: s.jobs.generate_all(),
    "set_trim": _set_trim,
    "retake": lambda s, f: s.jobs.retake(f.identifier("take"), f.integer("seed", 0, 2**53) if f.has("seed") else None),
    "finish": lambda s, f: s.jobs.finish(f.identifier("take")),
    "pause": lambda s, f: s.jobs.pause(),
    "resume": lambda s, f: s.jobs.resume(),
    "go_on": lambda s, f: s.edit(edits.set_go_on, f.flag("on")),
    "cancel": lambda s, f: s.jobs.cancel(),
}
