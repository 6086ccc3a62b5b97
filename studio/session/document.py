"""One open project in memory and on disk, safe for several threads: edits are saved at once and can be undone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Concatenate, ParamSpec

from studio.project import history
from studio.project.history import EditBurst, UndoHistory
from studio.project.model import Project
from studio.project.rules import FormatError
from studio.project.shelf import address
from studio.project.store import OpenedProject, Store
from studio.project.table_reader import Table
from studio.project.undo_log import LOG, LOST, UndoLog, state_of
from studio.project.viewing import ViewedFilm

P = ParamSpec("P")


class Document:
    """A project that changes. `lock` is held during every change; `project` can be read without it."""

    def __init__(self, store: Store, opened: OpenedProject) -> None:
        """Take over a project that `store` has opened or created."""
        self.store = store
        self.lock = threading.RLock()
        self._changed = threading.Condition(self.lock)
        self._history = UndoHistory(opened.project)
        path = None if opened.read_only else store.folder / LOG
        self._undo_log = opened.undo or UndoLog(path, opened.project.id, state_of(opened.project))
        self._undo_log.follow(opened.project)
        self._viewed = ViewedFilm(store.folder)
        self._revision = 1
        self._bells: list[Callable[[], None]] = []
        self._findings = opened.findings
        self.gone = ""
        """Why the project is not on the shelf any more, for pages that still show it."""

    @property
    def project(self) -> Project:
        """The project as it is now. The value is immutable: an edit replaces it by another one."""
        return self._history.present

    @property
    def folder(self) -> Path:
        """The project's folder."""
        return self.store.folder

    @property
    def id(self) -> str:
        """What the page calls the project: its folder's name on the shelf, so that two copies are two projects."""
        return address(self.store.folder)

    @property
    def can_undo(self) -> bool:
        """Whether there is an edit to undo."""
        return bool(self._history.past) or self._undo_log.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether there is an undone edit to redo."""
        return bool(self._history.future) or self._undo_log.can_redo

    def sound_files(self) -> frozenset[str]:
        """The files of sounds that the project names, now or after undo or redo, also those of earlier runs of the studio."""
        with self.lock:
            steps = (*self._history.past, self.project, *self._history.future)
            logged = [state.get("sound") for state in self._undo_log.states]
        found = {step.sound.file for step in steps if step.sound}
        return frozenset(found | {str(sound.get("file")) for sound in logged if isinstance(sound, dict)})

    @property
    def findings(self) -> tuple[str, ...]:
        """Sentences about what was wrong when the project was opened, or later, that the artist has not dismissed."""
        return self._findings

    @property
    def revision(self) -> int:
        """A number that rises with every visible change."""
        return self._revision

    def edit(self, verb: Callable[Concatenate[Project, P], Project], *values: P.args, **named: P.kwargs) -> None:
        """Apply a function of `studio.project.edits` to the project, with these values, and save the result.

        When either fails, nothing has changed.

        Raises:
            EditError: the edit is not possible.
            StoreError: the project could not be saved.
        """
        self.edit_in_stroke(None, verb, *values, **named)

    def edit_in_stroke(
        self, stroke: str | None, verb: Callable[Concatenate[Project, P], Project], *values: P.args, **named: P.kwargs
    ) -> None:
        """As `edit`; edits of one `stroke` that follow each other are one step to undo, such as those while typing.

        Args:
            stroke: a name for what is typed where, in one visit to one field; None: this edit is a step of its own.
            verb: the edit.
            values: its arguments after the project.
            named: its keyword arguments.
        """
        with self.lock:
            one = EditBurst(stroke, time.monotonic()) if stroke else None
            self._save(history.do(self._history, verb(self.project, *values, **named), one), self._record_edit)

    def edit_then_save(self, verb: Callable[Concatenate[Project, P], Project], *values: P.args, **named: P.kwargs) -> None:
        """As `edit`, for a take that was rendered: the edit stays in memory even when it cannot be saved now.

        Raises:
            EditError: the edit is not possible.
            StoreError: the project could not be saved; the next edit tries again.
        """
        with self.lock:
            self._keep(history.do(self._history, verb(self.project, *values, **named)), self._record_edit)

    def add_silently(
        self, verb: Callable[Concatenate[Project, P], Project], *values: P.args, **named: P.kwargs
    ) -> None:
        """As `edit_then_save`, but the edit is no step to undo: it adds what the artist has not chosen yet."""
        with self.lock:
            self._keep(history.amend(self._history, verb(self.project, *values, **named)), self._record_amendment)

    def rewrite(self, change: Callable[[Project], Project], change_state: Callable[[Table], Table]) -> None:
        """Change the project and all that undo and redo lead to, without a step: what is deleted for good is gone from all of them.

        The change stays in memory even when it cannot be saved now.

        Args:
            change: of a project.
            change_state: the same change of a state of the log.

        Raises:
            StoreError: the project could not be saved; the next edit tries again.
        """
        with self.lock:
            now = self._history
            changed = UndoHistory(change(now.present), tuple(map(change, now.past)), tuple(map(change, now.future)))
            self._undo_log.change_all(change_state)
            self._keep(changed, self._record_amendment)

    def follow(self) -> None:
        """Show what another studio has saved since, in a project that is for viewing only. What cannot be read is not shown."""
        with self.lock:
            if self.store.read_only and (found := self._viewed.read_change()) and found != self.project:
                self._history = UndoHistory(found)
                self._undo_log = UndoLog(None, found.id, state_of(found))
                self.notify()

    def leave(self, sentence: str) -> None:
        """Close the project for good, because it is not on the shelf any more; `sentence` tells the pages that show it."""
        with self.lock:
            self.gone = sentence
            self.store.close()
            self.notify()

    def repair(
        self, finding: str, verb: Callable[Concatenate[Project, P], Project], *values: P.args, **named: P.kwargs
    ) -> None:
        """As `edit_then_save`, but the edit is no step to undo, and the artist is told of it by `finding`."""
        with self.lock:
            self.add_finding(finding)
            self.add_silently(verb, *values, **named)

    def check_idle(self) -> None:
        """Raises BusyError: something that is being made needs the project's files. A document alone makes nothing."""

    def undo(self) -> None:
        """Undo the last edit, if there is one. Raises StoreError: the project could not be saved, and stays as it is."""
        with self.lock:
            if not self._history.past and self._undo_log.can_undo and (before := self._logged(-1)):
                self._history = replace(self._history, past=(before,))
            self._save(history.undo(self._history), lambda _, table: self._undo_log.move(-1, table))

    def redo(self) -> None:
        """Redo the last undone edit, if there is one. Raises StoreError: the project could not be saved, and stays as it is."""
        with self.lock:
            if not self._history.future and self._undo_log.can_redo and (after := self._logged(1)):
                self._history = replace(self._history, future=(after,))
            self._save(history.redo(self._history), lambda _, table: self._undo_log.move(1, table))

    def _logged(self, step: int) -> Project | None:
        """The project that an earlier run of the studio left one step back or forward; None, with a finding: it cannot be read."""
        try:
            return self._undo_log.neighbour(step, self.project)
        except FormatError:
            self._undo_log.forget(step)
            self.add_finding(LOST)
            return None

    def add_finding(self, finding: str) -> None:
        """Add a sentence about the project that the artist should read. One that is there already is not said twice."""
        with self.lock:
            self._findings = tuple(dict.fromkeys((*self._findings, finding)))
            self.notify()

    def dismiss(self, finding: str) -> None:
        """Remove a finding that the artist has read. The repaired project is saved, so that it is not found again.

        What cannot be repaired is found again the next time the project is opened.

        Raises:
            StoreError: the project could not be saved; the finding stays.
        """
        with self.lock:
            if finding in self._findings:
                if not self.store.read_only:
                    self.store.save(self.project)
                self._findings = tuple(f for f in self._findings if f != finding)
                self.notify()

    def notify(self) -> None:
        """Raise the revision and wake everyone in `watch`, because something visible changed."""
        with self._changed:
            self._revision += 1
            self._changed.notify_all()
            for ring in self._bells:
                ring()

    @contextmanager
    def on_change(self, ring: Callable[[], None]) -> Iterator[None]:
        """Within this context, call `ring` with every new revision, from whichever thread made it: it must not wait or raise."""
        with self.lock:
            self._bells = [*self._bells, ring]
        try:
            yield
        finally:
            with self.lock:
                self._bells = [other for other in self._bells if other is not ring]

    def watch(self, revision: int, timeout: float | None = None) -> int:
        """Block until the revision is another one, or `timeout` seconds passed; returns the current revision."""
        with self._changed:
            self._changed.wait_for(lambda: self._revision != revision, timeout)
            return self._revision

    def _save(self, changed: UndoHistory, record: Callable[[UndoHistory, Table], None]) -> None:
        """Save the project of `changed`, record how it came about, and go on with it; with the same history, do nothing."""
        if changed is not self._history:
            table = self.store.save(changed.present)
            before, self._history = self._history, changed
            record(before, table)
            self._note_trash(before.present)
            self.notify()

    def _keep(self, changed: UndoHistory, record: Callable[[UndoHistory, Table], None]) -> None:
        """As `_save`, but go on with the project of `changed` also when it cannot be saved now."""
        before, self._history = self._history, changed
        self.notify()
        table: Table | None = None
        try:
            table = self.store.save(self.project)
        finally:
            if changed is not before and not self.store.read_only:
                record(before, table or state_of(self.project))
                self._note_trash(before.present)

    def _note_trash(self, before: Project) -> None:
        """Note which takes are in the trash, if some came into it, or out of it, since `before`."""
        if before.trash != self.project.trash:
            self.store.note_trash(self.project)

    def _record_edit(self, before: UndoHistory, table: Table) -> None:
        """Record in the log what became of the history `before` by an edit, which led to the document `table`."""
        past = self._history.past
        if len(past) < len(before.past):
            self._undo_log.drop()
        elif past is before.past:
            self._undo_log.amend(table, join=True)
        else:
            self._undo_log.do(table)

    def _record_amendment(self, before: UndoHistory, table: Table) -> None:
        """Record in the log that the present project is another one, the document `table`."""
        self._undo_log.amend(table)
