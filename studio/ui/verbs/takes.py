"""Verbs of the takes and branches: making takes, going back to one, branching."""

from __future__ import annotations

from collections.abc import Mapping

from studio.project import edits
from studio.ui.verbs.verb import Verb

VERBS: Mapping[str, Verb] = {
    "rewind": lambda s, f: s.edit(edits.rewind, f.optional_identifier("take")),
    "branch": lambda s, f: s.edit(edits.branch, f.optional_identifier("take")),
    "switch": lambda s, f: s.edit(edits.switch, f.identifier("branch")),
    "drop_branch": lambda s, f: s.edit(edits.drop_branch, f.identifier("branch")),
    "rename_branch": lambda s, f: s.edit(edits.rename_branch, f.identifier("branch"), f.text("name")),
    "generate_next": lambda s, f: s.jobs.generate_next(),
    "generate_all": lambda s, f: s.jobs.generate_all(),
    "retake": lambda s, f: s.jobs.retake(f.identifier("take")),
    "finish": lambda s, f: s.jobs.finish(f.identifier("take")),
    "pause": lambda s, f: s.jobs.pause(),
    "resume": lambda s, f: s.jobs.resume(),
    "go_on": lambda s, f: s.edit(edits.set_go_on, f.flag("on")),
    "cancel": lambda s, f: s.jobs.cancel(),
}
