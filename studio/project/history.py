"""Undo and redo: a list of projects. Takes, which cost minutes, are never removed. It does not know what edits do."""

from __future__ import annotations

from dataclasses import dataclass, replace

from studio.project.model import Project

DEPTH = 200


@dataclass(frozen=True)
class History:
    """The project as it is, and as it was and will be again."""

    present: Project
    past: tuple[Project, ...] = ()
    future: tuple[Project, ...] = ()


def do(history: History, project: Project) -> History:
    """Go on with `project`; what was undone before is given up. The same project again is no step."""
    if project == history.present:
        return history
    return History(project, (*history.past, history.present)[-DEPTH:], ())


def undo(history: History) -> History:
    """One step back, with every take there is by now (some may be loose). Nothing to undo: as it was."""
    if not history.past:
        return history
    back = _keeping(history.past[-1], history.present)
    return History(back, history.past[:-1], (history.present, *history.future))


def redo(history: History) -> History:
    """One step forth again, with every take there is by now. Nothing to redo: as it was."""
    if not history.future:
        return history
    forth = _keeping(history.future[0], history.present)
    return History(forth, (*history.past, history.present), history.future[1:])


def amend(history: History, project: Project) -> History:
    """Go on with `project` without a step to undo, for what no artist did: a recovered take, a repaired field."""
    return replace(history, present=project)


def _keeping(restored: Project, present: Project) -> Project:
    return replace(restored, takes={**restored.takes, **present.takes})
