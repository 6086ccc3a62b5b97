"""Starts, follows and cancels the render jobs of one document: requests to the engine, and takes from its events."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from studio.catalogue.cards import ModelCard
from studio.engine import take_folder
from studio.engine.events import (
    Cancelled,
    EngineStatus,
    Event,
    Failed,
    PlacementReduced,
    RenderRequest,
    SectionDone,
    Step,
    TakeDone,
    Working,
)
from studio.engine.jobs import Job, JobState
from studio.media import MediaError
from studio.project import auditions, choices, edits, take_requests
from studio.project.auditions import Variations
from studio.project.edits import EditError
from studio.project.model import Project, Take
from studio.project.store import StoreError
from studio.project.take_requests import TakeRequest
from studio.project.wildcards import Wildcards
from studio.session import estimates
from studio.session.document import Document
from studio.session.loras import LoraShelf
from studio.session.render_job import NOTHING_LOST, JobView, RenderJob
from studio.session.render_requests import RequestMaker

log = logging.getLogger(__name__)


class EngineProtocol(Protocol):
    """What a session needs from an engine; `studio.engine.engine.Engine` is one."""

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
        self, document: Document, engine: EngineProtocol, cards: Mapping[str, ModelCard], loras: LoraShelf, wildcards: Wildcards
    ) -> None:
        """Render takes of `document` on `engine`, with models of `cards` (by name), LoRAs of `loras` and lists of `wildcards`."""
        self._document = document
        self._engine = engine
        self._maker = RequestMaker(document.store, cards, loras, wildcards)
        self._job: RenderJob | None = None

    @property
    def view(self) -> JobView | None:
        """The job that runs, or how the last one ended."""
        return self._job.view if self._job else None

    def generate_next(self) -> None:
        """Render the segment after the head, or complete the partial take there."""
        self._start(lambda project: [take_requests.next_request(project)])

    def generate_all(self) -> None:
        """Render every segment from the head on. Segments that are not begun can still be edited meanwhile."""
        self._start(lambda project: [take_requests.next_request(project)], rest=True)

    def retake(self, take: str, seed: int | None = None) -> None:
        """Render another take of the same segment, with its prompt as written now and a random seed unless one is given."""
        self._start(lambda project: [take_requests.retake(project, take, seed)])

    def finish(self, take: str) -> None:
        """Complete a partial take."""
        self._start(lambda project: [take_requests.finish(project, take)])

    def audition(self, take: str | None, variations: Variations) -> None:
        """Render several takes to choose from, of the next segment (None) or of a take's. The head stays where it is."""
        self._start(lambda project: auditions.audition(project, take, variations))

    def _start(self, choose: Callable[[Project], Sequence[TakeRequest]], rest: bool = False) -> None:
        """Start a job with the takes that `choose` asks for, and with all segments after the first if `rest`."""
        document = self._document
        with document.lock:
            if self._job and self._job.active:
                raise EditError("This film is already generating. Wait for it to finish, or cancel it first.")
            project = document.project
            asks = choose(project)
            document.store.check_writable()
            for ask in asks:
                self._maker.check(self._maker.fill_words(ask).take)
            job = RenderJob(asks, project, rest)
            self._job = job
            job.engine_job = self._engine.submit(
                self._requests(job), lambda engine_job, event: self._handle(job, engine_job, event)
            )
            document.notify()

    def cancel(self) -> None:
        """Stop the job: within one step when it runs, at once when it waits. Finished sections are kept."""
        with self._document.lock:
            job = self._job
            if job and job.engine_job and job.active:
                job.engine_job.cancel()
                job.update(**({"state": "cancelled"} if job.view.state == "queued" else {"doing": "stopping"}))
                self._document.notify()

    def estimate_next(self) -> float | None:
        """Seconds the next take will need, by the takes made so far; None before any, or when nothing is next."""
        return estimates.next_take(self._document.project)

    def _requests(self, job: RenderJob) -> Iterator[RenderRequest]:
        """One request for each take of the job, made from the document at the moment the take begins."""
        ask: TakeRequest | None = job.ask
        while ask:
            with self._document.lock:
                try:
                    job.ask = self._maker.fill_words(take_requests.refresh(self._document.project, ask, job.branch))
                    request = self._request(job)
                except (EditError, StoreError) as error:
                    job.fail(str(error))
                    return
            yield request
            with self._document.lock:
                try:
                    ask = job.next_ask(self._document.project)
                except EditError as error:
                    job.fail(str(error))
                    return

    def _request(self, job: RenderJob) -> RenderRequest:
        project, take = self._document.project, job.ask.take
        self._maker.check(take)
        job.update(
            doing="", take=take.id, index=job.ask.index, section=take.sections, sections=job.ask.sections, step=0,
            steps=take.settings.steps, seconds_left=None, preview=None,
        )  # fmt: skip
        self._show_left(job, None)
        return self._maker.request(take, job.ask.sections, project)

    def _handle(self, job: RenderJob, engine_job: Job, event: Event | None) -> None:
        """Handle an event of the engine. Never raises: the worker's thread, which calls this, serves other projects too."""
        with self._document.lock:
            try:
                if event is None:
                    self._show_state(job, engine_job.state)
                else:
                    self._show_event(job, event)
            except (EditError, StoreError, MediaError) as error:
                job.fail(str(error))
            except Exception as error:
                log.exception("a render event could not be handled")
                job.fail(f"The take could not be kept: {type(error).__name__}: {error}", f"Try again. {NOTHING_LOST}")
            self._document.notify()

    def _show_state(self, job: RenderJob, state: JobState) -> None:
        if not job.active:
            return
        if state in ("queued", "running"):
            job.update(state=state)
            return
        ended: JobState = "failed" if job.session_failed else state
        job.update(state=ended, doing="", seconds_left=None, total_left=None, preview=None)

    def _show_event(self, job: RenderJob, event: Event) -> None:
        match event:
            case Working():
                job.update(doing=event.doing)
            case PlacementReduced():
                doing = "placing less of the model on the graphics card, whose memory ran out"
                step = job.view.step if job.view.doing == "decoding" else 0       # denoising is not repeated
                job.update(doing=doing, section=event.section, step=step, note=event.message)
            case Step():
                job.update(
                    doing="denoising", section=event.section, sections=event.sections, step=event.step,
                    steps=event.steps, preview=event.preview or job.view.preview,
                )  # fmt: skip
                self._show_left(job, event.seconds_left)
            case SectionDone():
                job.update(preview=event.preview or job.view.preview)
                if event.section + 1 < event.sections:
                    job.update(section=event.section + 1, step=0)
                self._show_left(job, event.seconds_left)
            case TakeDone():
                self._add_take(job, event, "done")
                job.update(finished=job.view.finished + 1)
            case Cancelled() | Failed():
                if isinstance(event, Failed):
                    job.update(message=event.message, remedy=event.remedy)
                self._add_partial_take(job, event)

    def _show_left(self, job: RenderJob, seconds: float | None) -> None:
        """Show the time left of the take, and of the whole job with the segments that follow.

        `seconds`: of the take, as the engine measured it; None: the engine has measured nothing yet.
        """
        project, view = self._document.project, job.view
        if seconds is None:  # estimated from takes made before
            seconds = estimates.sections(project, view.sections - view.section - view.step / max(1, view.steps), view.steps)
        plan = next((b.segments for b in project.branches if b.id == job.branch), ())[job.ask.index + 1 :] if job.rest else ()
        after = sum(project.clock.sections(segment.frames) for segment in plan) * project.settings.steps
        after += sum(ask.sections * ask.take.settings.steps for ask in job.waiting)
        ahead = view.steps * (view.sections - view.section) - view.step
        if seconds and ahead > 0:  # the speed of the take being rendered is the newest measurement
            later: float | None = seconds / ahead * after
        else:
            later = estimates.sections(project, 1, after) if after else 0.0
        total = None if seconds is None or later is None else seconds + later
        job.update(seconds_left=seconds, total_left=total, planned=view.finished + 1 + len(plan) + len(job.waiting))

    def _add_partial_take(self, job: RenderJob, event: Cancelled | Failed) -> None:
        """Add the finished sections of a take as a partial one; with none, remove its folder."""
        store, take = self._document.store, job.ask.take
        if not event.sections:
            try:
                sections, frames = take_folder.close(store.take_folder(take.id))  # a failure may not have counted them
            except MediaError:  # the files stay, and `recovery` tries again when the project is opened
                log.exception("the finished sections of a take could not be closed")
                return
            event = replace(event, sections=sections, frames=frames)
        if event.sections > take.sections:
            self._add_take(job, event, "partial")
        elif take.id not in self._document.project.takes:
            store.discard_take(take.id)

    def _add_take(self, job: RenderJob, event: TakeDone | Cancelled | Failed, state: str) -> None:
        requested, document = job.ask.take, self._document
        take = replace(
            requested,
            state="done" if state == "done" else "partial",
            sections=event.sections,
            frames=event.frames,
            seconds=requested.seconds + event.seconds,
            at_edge=requested.at_edge or (isinstance(event, TakeDone) and event.at_edge),
        )
        position = (document.project.branch, document.project.head)
        follow = position in (job.position, (job.branch, take.parent))
        failure = None
        try:
            document.store.write_take(take, document.project)
        except StoreError as error:  # a full disk: the clip is there all the same, so the document gets the take
            failure = error
        try:
            if job.ask.audition:
                document.add_silently(choices.keep_take, take)
            else:
                document.edit_then_save(edits.add_take, take, job.branch, follow, job.ask.new_seed)
        finally:
            self._move_to(job, take, follow and not job.ask.audition)
        if failure:
            raise failure

    def _move_to(self, job: RenderJob, take: Take, follow: bool) -> None:
        """Go on after a take, on the branch that ends there. `follow`: the head has moved to it."""
        now = self._document.project
        job.last_take = take.id
        job.branch = next((b.id for b in (now.current(), *now.branches) if b.tip == take.id), job.branch)
        if follow:
            job.position = (now.branch, now.head)
