"""Undo and redo: a list of projects. Takes, which cost minutes, are never removed. It knows neither edits nor clocks."""

from __future__ import annotations

from dataclasses import dataclass, replace

from studio.project.model import Project

DEPTH = 200
PAUSE = 5.0
"""Seconds without typing after which the next words are a step of their own."""


@dataclass(frozen=True)
class EditBurst:
    """One of several edits made in one go, as while typing. `what`: what it changes; `at`: seconds of a steady clock."""

    what: str
    at: float

    def continues(self, before: EditBurst | None) -> bool:
        """Whether it only carries on what `before` began."""
        return before is not None and before.what == self.what and 0 <= self.at - before.at < PAUSE


@dataclass(frozen=True)
class UndoHistory:
    """The project as it is, and as it was and will be again."""

    present: Project
    past: tuple[Project, ...] = ()
    future: tuple[Project, ...] = ()
    stroke: EditBurst | None = None   # of the newest step, while it can still grow


def do(history: UndoHistory, project: Project, stroke: EditBurst | None = None) -> UndoHistory:
    """Go on with `project`; what was undone before is given up. The same project again is no step.

    A stroke that goes on with the one before is part of its step; together they may come to nothing, and then are none.
    """
    if project == history.present:
        return history
    if stroke and history.past and stroke.continues(history.stroke):
        if project == history.past[-1]:
            return UndoHistory(project, history.past[:-1])
        return UndoHistory(project, history.past, (), stroke)
    return UndoHistory(project, (*history.past, history.present)[-DEPTH:], (), stroke)


def undo(history: UndoHistory) -> UndoHistory:
    """One step back, with every take there is by now (some may be loose). Nothing to undo: as it was."""
    if not history.past:
        return history
    back = _keeping(history.past[-1], history.present)
    return UndoHistory(back, history.past[:-1], (history.present, *history.future))


def redo(history: UndoHistory) -> UndoHistory:
    """One step forth again, with every take there is by now. Nothing to redo: as it was."""
    if not history.future:
        return history
    forth = _keeping(history.future[0], history.present)
    return UndoHistory(forth, (*history.past, history.present), history.future[1:])


def amend(history: UndoHistory, project: Project) -> UndoHistory:
    """Go on with `project` without a step to undo, for what no artist did: a recovered take, a repaired field."""
    return replace(history, present=project, stroke=None)


def _keeping(restored: Project, present: Project) -> Project:
    return replace(restored, takes={**restored.takes, **present.takes})
