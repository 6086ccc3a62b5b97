"""Starts, pauses and cancels the render jobs of one document: its requests to the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from studio.catalogue.cards import ModelCard
from studio.engine.events import EngineStatus, Event, RenderRequest
from studio.engine.jobs import Job
from studio.engine.rates import Rates
from studio.language import sentence
from studio.media import MediaError
from studio.project import auditions, early, edits, take_requests
from studio.project.auditions import Variations
from studio.project.early import EarlyChange, Step
from studio.project.edits import EditError
from studio.project.limits import BusyError
from studio.project.model import Project
from studio.project.store import StoreError
from studio.project.take_requests import TakeRequest
from studio.project.wildcards import Wildcards
from studio.session.context_looks import ContextLooks
from studio.session.copies import make_copy
from studio.session.document import Document
from studio.session.estimates import Estimator
from studio.session.job_follower import JobFollower
from studio.session.job_note import read_note, remove_note, requests_left
from studio.session.lanes import split
from studio.session.loras import LoraShelf
from studio.session.render_job import JobView, RenderJob
from studio.session.render_requests import RequestMaker
from studio.session.retrier import Retrier

Asks = tuple[Sequence[TakeRequest], Sequence[Step]]
"""The takes that a job begins with, and the steps of an early change that follow them."""


class EngineProtocol(Protocol):
    """What a session needs from an engine; `studio.engine.engine.Engine` is one."""

    @property
    def rates(self) -> Rates:
        """How fast the machine is."""
        ...

    @property
    def lanes(self) -> int:
        """Takes that can be rendered at once."""
        ...

    def status(self) -> EngineStatus:
        """Whether the engine can render now, and on what."""
        ...

    def submit(self, requests: Iterator[RenderRequest], listen: Callable[[Job, Event | None], None]) -> Job:
        """Queue a job. `listen` gets each event of it from the worker's thread, and None when the job's state changes."""
        ...

    def watch(self, listen: Callable[[EngineStatus], None]) -> None:
        """Call `listen` with every new status."""
        ...


class JobManager:
    """Renders takes of one document, in at most one job at a time.

    The methods that start a job return at once. They raise EditError if a job of this document runs already or the take
    cannot be rendered, and StoreError if the project is open read-only.
    """

    def __init__(
        self, document: Document, engine: EngineProtocol, cards: Mapping[str, ModelCard], loras: LoraShelf, wildcards: Wildcards,
        retrier: Retrier, looks: ContextLooks,
    ) -> None:  # fmt: skip
        """Render takes of `document` on `engine`, with models of `cards` (by name), LoRAs of `loras` and lists of `wildcards`."""
        self._document = document
        self._engine = engine
        self._maker = RequestMaker(document.store, cards, loras, wildcards)
        self.estimator = Estimator(engine.rates)
        self._follower = JobFollower(document, self.estimator)
        self._retrier = retrier
        self._looks = looks
        self._job: RenderJob | None = None

    @property
    def view(self) -> JobView | None:
        """The job that waits or runs, or how the last one ended."""
        job = self._job
        if job and job.view.state == "queued" and (parts := job.parts()):
            before, wait = parts[0][1].ahead()
            return replace(job.view, before=before, wait=wait)
        return job.view if job else None

    def generate_next(self) -> None:
        """Render the segment after the head, or complete the partial take there."""
        self._start(lambda project: ([take_requests.next_request(project)], ()))

    def generate_all(self) -> None:
        """Render every segment from the head on. Segments that are not begun can still be edited meanwhile."""
        self._start(lambda project: ([take_requests.next_request(project)], ()), rest=True)

    def retake(self, take: str, seed: int | None = None) -> None:
        """Render another take of the same segment, with its prompt as written now and a random seed unless one is given."""
        self._start(lambda project: ([take_requests.retake(project, take, seed)], ()))

    def finish(self, take: str) -> None:
        """Complete a partial take."""
        self._start(lambda project: ([take_requests.finish(project, take)], ()))

    def audition(self, take: str | None, variations: Variations) -> None:
        """Render several takes to choose from, of the next segment (None) or of a take's. The head stays where it is."""
        self._start(lambda project: (auditions.audition(project, take, variations), ()))

    def pause(self) -> None:
        """Stop the job before its next section, to be resumed; a restart keeps it."""
        with self._document.lock:
            job = self._job
            if job and job.active:
                for part, engine_job in job.parts():
                    engine_job.pause()
                    if part.view.state == "queued":
                        part.update(state="paused", doing="")
                    else:
                        part.update(doing=sentence("pausing"))
                if not job.parts():
                    job.update(state="paused", doing="")
                    self._follower.write_note(job, paused=True)
                self._document.notify()

    def resume(self) -> None:
        """Go on with a job that is paused, or that was interrupted by the end of the studio.

        Raises:
            EditError: there is no such job, or nothing is left of it.
        """
        job = self._job
        if job is None or job.view.state != "paused":
            raise EditError(sentence("There is nothing to resume. Generate the next segment instead."))
        note = job.note()
        self._start(lambda project: requests_left(note, project, job.last_take), note.rest, note.branch)

    def restore(self) -> None:
        """Show the job that the studio's end interrupted, or that is paused, so that it can be resumed."""
        document = self._document
        note = read_note(document.folder)
        with document.lock:
            if note is None or self._job is not None:
                return
            try:
                asks, steps = requests_left(note, document.project, None)
            except EditError:
                remove_note(document.folder)
                return
            job = self._job = RenderJob(asks, document.project, note.rest, note.branch, steps)
            said = "" if note.paused else sentence("The studio was stopped while this film was generating.")
            job.update(state="paused", doing="", note=said)
            document.notify()

    def change_early(self, change: EarlyChange) -> None:
        """Begin a branch with a change of rendered segments, and make its takes; see `studio.project.early`.

        Where the model has nothing to do, they are there when this returns, as one step to undo.

        Raises:
            MediaError: a take that is kept has lost its files, or the disk is full.
        """
        with self._document.lock:
            self.check_idle()
            project = self._document.project
            for step in change.steps:
                if step.copy_of:
                    self._maker.check(early.step_request(project, step, None).take, project)
            if any(step.is_rendered for step in change.steps):
                self._document.edit(early.begin, change)
                self._start(lambda now: ([early.step_request(now, change.steps[0], now.head)], change.steps[1:]))
            else:
                self._document.edit(lambda _: self._with_copies(early.begin(project, change), change.steps))

    def _with_copies(self, project: Project, steps: Sequence[Step]) -> Project:
        """The project with copies after its head."""
        for step in steps:
            take = make_copy(self._document.store, project, early.step_request(project, step, project.head))
            project = edits.add_take(project, take)
        return project

    def _start(self, choose: Callable[[Project], Asks], rest: bool = False, branch: str | None = None) -> None:
        """Start a job with the takes that `choose` asks for, then its steps, or all segments after the first take if `rest`.

        `branch`: that it renders for; None: the current one.
        """
        document = self._document
        with document.lock:
            self.check_idle()
            project = document.project
            asks, steps = choose(project)
            document.store.check_writable()
            for ask in asks[:1] if asks[0].exact else asks:        # what is made as before needs the takes before it first
                self._maker.check(self._maker.fill(ask, project).take, project)
            job = RenderJob(asks, project, rest, branch, steps)
            self._job = job
            self._follower.show_left(job, None)
            for part in split(job, project, self._engine.lanes):
                part.engine_job = self._engine.submit(self._requests(part), partial(self._follower.handle, part))
                part.engine_job.seconds_left, part.engine_job.moved = part.view.total_left, document.notify
                part.engine_job.more = partial(_has_more, part)
            document.notify()

    def check_idle(self) -> None:
        """Raises EditError: this document has a job."""
        if self._job and self._job.active:
            raise BusyError(sentence("This film is already generating. Wait for it to finish, or cancel it first."))

    def cancel(self) -> None:
        """Stop the job: within one step when it runs, at once when it waits. Finished sections are kept."""
        with self._document.lock:
            job = self._job
            if job and job.active:
                for part, engine_job in job.parts():
                    engine_job.cancel()
                    part.update(**({"state": "cancelled"} if part.view.state == "queued" else {"doing": "stopping"}))
                remove_note(self._document.folder)
                if not job.parts():
                    job.update(state="cancelled")
                self._document.notify()

    def give_up(self) -> None:
        """Forget a job that is paused: nobody wants it any more."""
        with self._document.lock:
            if self._job and self._job.view.state == "paused":
                remove_note(self._document.folder)
                self._job = None
                self._document.notify()

    def estimate_next(self) -> float | None:
        """Seconds the next take will need; None where nothing is known, or when nothing is next."""
        return self.estimator.next_take(self._document.project)

    def _requests(self, job: RenderJob) -> Iterator[RenderRequest]:
        """One request for each take of the job, made from the document at the moment the take begins."""
        ask: TakeRequest | None = job.ask
        while ask:
            with self._document.lock:
                try:
                    project = self._document.project
                    now = take_requests.refresh(project, ask, job.branch)
                    job.ask = self._looks.fill(self._maker.fill(now, project), project)
                    request = None if _is_plain_copy(job.ask) else self._request(job)
                    if request is None:
                        self._follower.keep_copy(job)
                except (EditError, StoreError, MediaError) as error:
                    job.fail(str(error))
                    return
            if request is not None:
                yield request
            again = self._retrier.after(job)
            with self._document.lock:
                try:
                    ask = again or job.next_ask(self._document.project)
                except EditError as error:
                    job.fail(str(error))
                    return

    def _request(self, job: RenderJob) -> RenderRequest:
        project, take = self._document.project, job.ask.take
        self._maker.check(take, project)
        job.update(
            doing="", take=take.id, index=job.ask.index, section=take.sections, sections=job.ask.sections, step=0,
            steps=take.settings.steps, seconds_left=None, preview=None, retry=job.ask.retry, retries=project.retries.times,
        )  # fmt: skip
        self._follower.show_left(job, None)
        self._follower.write_note(job)
        return self._maker.request(take, job.ask.sections, project)


def _has_more(job: RenderJob) -> bool:
    return job.view.finished < job.view.planned


def _is_plain_copy(ask: TakeRequest) -> bool:
    """Whether the take is there when its files are copied."""
    return ask.take.copy_of is not None and not ask.take.bridge
