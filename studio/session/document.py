"""One open project in memory and on disk, for several threads: edits are saved, undone, counted. It renders nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from studio.project import history
from studio.project.history import History, Stroke
from studio.project.model import Project
from studio.project.store import Opened, Store


class Document:
    """A project that changes. `lock` is held during every change; whoever reads `project` needs none."""

    def __init__(self, store: Store, opened: Opened) -> None:
        self.store = store
        self.lock = threading.RLock()
        self._changed = threading.Condition(self.lock)
        self._history = History(opened.project)
        self._revision = 1
        self._findings = opened.findings

    @property
    def project(self) -> Project:
        return self._history.present

    @property
    def history(self) -> History:
        return self._history

    @property
    def findings(self) -> tuple[str, ...]:
        return self._findings

    @property
    def revision(self) -> int:
        return self._revision

    def edit(self, verb: Callable[[Project], Project], stroke: str | None = None) -> None:
        """Apply a verb and save. When either fails, nothing has changed. Edits of one `stroke` in a row are one step.

        Raises:
            EditError: the verb is not possible.
            StoreError: the project could not be saved.
        """
        with self.lock:
            one = Stroke(stroke, time.monotonic()) if stroke else None
            self._go(history.do(self._history, verb(self.project), one))

    def keep(self, verb: Callable[[Project], Project]) -> None:
        """Apply a verb that keeps what was rendered. It holds in memory even when it cannot be saved now.

        Raises:
            EditError: the verb is not possible.
            StoreError: the project could not be saved; the next edit tries again.
        """
        with self.lock:
            self._history = history.do(self._history, verb(self.project))
            self.tell()
            self.store.save(self.project)

    def mend(self, verb: Callable[[Project], Project], finding: str) -> None:
        """Apply a verb that is no step to undo, and tell the artist. Raises as `keep` does."""
        with self.lock:
            self._history = history.amend(self._history, verb(self.project))
            self.note(finding)
            self.store.save(self.project)

    def undo(self) -> None:
        """Raises StoreError: the project could not be saved, and stays as it is."""
        with self.lock:
            self._go(history.undo(self._history))

    def redo(self) -> None:
        """Raises StoreError: the project could not be saved, and stays as it is."""
        with self.lock:
            self._go(history.redo(self._history))

    def note(self, finding: str) -> None:
        """Tell the artist something about the project."""
        with self.lock:
            self._findings = (*self._findings, finding)
            self.tell()

    def dismiss(self, finding: str) -> None:
        """Take a finding off the list, for good: what was mended is saved, so that it is not found again.

        What cannot be mended is told again the next time the project is opened, as long as it is so.

        Raises:
            StoreError: the project could not be saved; the finding stays.
        """
        with self.lock:
            if finding in self._findings:
                if not self.store.read_only:
                    self.store.save(self.project)
                self._findings = tuple(f for f in self._findings if f != finding)
                self.tell()

    def tell(self) -> None:
        """Something visible changed."""
        with self._changed:
            self._revision += 1
            self._changed.notify_all()

    def watch(self, revision: int, timeout: float | None) -> int:
        """Block until the revision is not `revision`, or `timeout` seconds passed; returns the current one."""
        with self._changed:
            self._changed.wait_for(lambda: self._revision != revision, timeout)
            return self._revision

    def _go(self, steps: History) -> None:
        if steps is not self._history:
            self.store.save(steps.present)
            self._history = steps
            self.tell()
