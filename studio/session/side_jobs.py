"""What the engine makes for a film that is no take: one at a time of each kind, behind the page, with its progress, until stopped.

A kind says what it makes as a generator of requests: what follows a `yield` runs when that request is done, in the engine's thread.
Nothing of it is noted on disk: one that the studio's end interrupts is begun anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar, Generic, TypeVar

from studio.catalogue.cards import ModelCard
from studio.engine.events import CardGone, Event, Failed, RenderRequest, Step, Working
from studio.engine.jobs import Job, JobState
from studio.language import sentence
from studio.media import MediaError
from studio.project.edits import EditError
from studio.project.limits import BusyError
from studio.project.store import StoreError
from studio.project.wildcards import Wildcards
from studio.session.document import Document
from studio.session.job_manager import EngineProtocol
from studio.session.loras import LoraShelf
from studio.session.render_job import NOTHING_LOST
from studio.session.render_requests import RequestMaker


@dataclass(frozen=True)
class SideJobView:
    """A side job as the page shows it."""

    id: str
    take: str                      # for which it is made
    state: JobState = "queued"
    count: int = 1                 # requests in all
    number: int = 1                # of the one that is being made
    doing: str = sentence("waiting")
    step: int = 0                  # finished in it
    steps: int = 1
    message: str = ""              # what went wrong
    remedy: str = ""

    @property
    def active(self) -> bool:
        """Whether it waits or runs."""
        return self.state in ("queued", "running")

    @property
    def finished(self) -> int:
        """Requests that are done."""
        return self.count if self.state == "done" else self.number - 1

    @property
    def progress(self) -> float:
        """How much of it is done, from 0 to 1."""
        return (self.number - 1 + self.step / max(1, self.steps)) / self.count


View = TypeVar("View", bound=SideJobView)


class SideJobs(Generic[View]):
    """The side jobs of one kind and one document."""

    BUSY: ClassVar[str]
    """Why another one cannot begin, in a sentence."""
    REMEDY: ClassVar[str] = NOTHING_LOST
    """What is said after an error of the session's own."""

    def __init__(
        self, document: Document, engine: EngineProtocol, cards: Mapping[str, ModelCard], loras: LoraShelf, wildcards: Wildcards
    ) -> None:
        """Work for takes of `document` on `engine`; see `JobManager`."""
        self._document, self._engine, self._cards = document, engine, cards
        self._maker = RequestMaker(document.store, cards, loras, wildcards)
        self._view: View | None = None
        self._job: Job | None = None

    @property
    def view(self) -> View | None:
        """The one that waits or runs, or how the last one ended."""
        return self._view

    def check_idle(self) -> None:
        """Raises BusyError: one waits or runs."""
        if self._view and self._view.active:
            raise BusyError(self.BUSY)

    def check_can_begin(self) -> None:
        """Raises BusyError: one waits or runs. StoreError: the project is open read-only."""
        self._document.store.check_writable()
        self.check_idle()

    def cancel(self) -> None:
        """Stop within one step, at once where it waits. Nothing happens where none runs."""
        with self._document.lock:
            if self._job and self._view and self._view.active:
                self._job.cancel()
                self._update(doing=sentence("stopping"), **({"state": "cancelled"} if self._view.state == "queued" else {}))

    def _begin(self, view: View, requests: Iterator[RenderRequest]) -> str:
        """Begin one, whose requests are taken in the engine's thread; returns its id. The document's lock is held."""
        self._view = view
        self._job = self._engine.submit(self._numbered(requests), self._listen)
        self._job.more = partial(self._has_more, self._job)
        self._document.notify()
        return view.id

    def _numbered(self, requests: Iterator[RenderRequest]) -> Iterator[RenderRequest]:
        """The requests, each shown when it begins. What the session cannot do with them ends the job with a sentence."""
        try:
            for number, request in enumerate(requests, 1):
                self._update(number=number, step=0)
                yield request
        except (EditError, MediaError, StoreError, OSError) as error:
            self._update(message=str(error), remedy=self.REMEDY)

    def _has_more(self, job: Job) -> bool:
        """Whether a job has requests left, so that it lets others go first after a long one."""
        return job is self._job and self._view is not None and self._view.number < self._view.count

    def _listen(self, job: Job, event: Event | None) -> None:
        """Follow the engine's job. Never raises: its thread serves other projects too."""
        with self._document.lock:
            if job is not self._job:
                return
            match event:
                case None:
                    self._show_state(job.state)
                case Working():
                    self._update(doing=event.doing)
                case Step():
                    done, steps = event.section * event.steps + event.step, event.sections * event.steps
                    self._update(doing=event.doing, step=done, steps=steps)
                case Failed():
                    self._update(message=event.message, remedy=event.remedy)
                case CardGone():
                    self._update(message=event.message)
                case _:
                    pass

    def _show_state(self, state: JobState) -> None:
        failed = state in ("done", "paused") and not self._is_made()
        if failed or state not in ("queued", "running", "done"):
            self._clear()
        self._update(state="failed" if failed else state)

    def _is_made(self) -> bool:
        """Whether a job that has ended made what it was begun for."""
        return self._view is not None and not self._view.message

    def _clear(self) -> None:
        """Remove what a job left behind that was stopped or failed. Never raises."""

    def _update(self, **changes: Any) -> None:
        with self._document.lock:
            if self._view:
                self._view = replace(self._view, **changes)
                self._document.notify()
