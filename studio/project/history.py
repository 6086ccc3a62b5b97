"""Undo and redo: a list of projects. Undo never removes a take, because a take costs minutes of rendering."""

from __future__ import annotations

from dataclasses import dataclass, replace

from studio.project.later import show_later
from studio.project.model import Project

DEPTH = 200
PAUSE = 5.0
"""Seconds without typing after which the next edit is a step of its own."""


@dataclass(frozen=True)
class EditBurst:
    """Marks an edit that is one step to undo together with those before it, as while typing."""

    target: str
    """What is edited: the same text for all edits of a burst."""
    time: float
    """Seconds of a steady clock."""

    def continues(self, before: EditBurst | None) -> bool:
        """Whether this edit belongs to the same step as `before`."""
        return before is not None and before.target == self.target and 0 <= self.time - before.time < PAUSE


@dataclass(frozen=True)
class UndoHistory:
    """The project as it is, and the projects that undo and redo return to."""

    present: Project
    past: tuple[Project, ...] = ()
    future: tuple[Project, ...] = ()
    burst: EditBurst | None = None
    """Of the newest step, while edits can still join it."""


def do(history: UndoHistory, project: Project, burst: EditBurst | None = None) -> UndoHistory:
    """Record an edit: `project` is present, and what was undone before cannot be redone any more. No change is no step.

    An edit that continues the burst before it joins that step. If they undo each other, the step is removed.
    """
    if project == history.present:
        return history
    if burst and history.past and burst.continues(history.burst):
        if project == history.past[-1]:
            return UndoHistory(project, history.past[:-1])
        return UndoHistory(project, history.past, (), burst)
    return UndoHistory(project, (*history.past, history.present)[-DEPTH:], (), burst)


def undo(history: UndoHistory) -> UndoHistory:
    """One step back, with every take that was rendered by now. With nothing to undo, the same history."""
    if not history.past:
        return history
    back = _with_all_takes(history.past[-1], history.present)
    return UndoHistory(back, history.past[:-1], (history.present, *history.future))


def redo(history: UndoHistory) -> UndoHistory:
    """One step forward, with every take that was rendered by now. With nothing to redo, the same history."""
    if not history.future:
        return history
    forth = _with_all_takes(history.future[0], history.present)
    return UndoHistory(forth, (*history.past, history.present), history.future[1:])


def amend(history: UndoHistory, project: Project) -> UndoHistory:
    """Replace the present project without a step to undo, for changes that no artist made: a recovered take, a repair."""
    return replace(history, present=project, burst=None)


def _with_all_takes(restored: Project, present: Project) -> Project:
    return show_later(replace(restored, takes={**restored.takes, **present.takes}))
