"""How long takes will need, by the takes of a film that were made before."""

from __future__ import annotations

from statistics import median

from studio.project import edits
from studio.project.edits import EditError
from studio.project.model import Project

NEWEST = 8
"""Takes that are looked at, the newest ones."""


def next_take(project: Project) -> float | None:
    """Seconds the next take will need; None before any was made, or when nothing is next."""
    try:
        index, _ = edits.next_segment(project)
    except EditError:
        return None
    wanted = project.clock.sections(project.current().segments[index].frames)
    if partial_take := edits.unfinished_take(project):
        wanted -= partial_take.sections
    return sections(project, wanted, project.settings.steps)


def sections(project: Project, count: float, steps: int) -> float | None:
    """Seconds to render `count` sections of `steps` steps each, by the newest takes of the same model and size; None before any."""
    similar = [t for t in project.takes.values() if (t.model, t.size) == (project.model, project.size)]
    rates = [t.seconds / (t.sections * t.settings.steps) for t in similar if t.seconds > 0 and t.sections > 0]
    return median(rates[-NEWEST:]) * count * steps if rates else None
