"""Follows a render job of a document by the engine's events: what the page shows of it, and the takes that it makes."""

from __future__ import annotations

import contextlib
import logging
from dataclasses import replace

from studio.engine import take_folder
from studio.engine.events import Cancelled, CardGone, Event, Failed, PlacementReduced, SectionDone, Step, TakeDone, Working
from studio.engine.jobs import Job, JobState
from studio.language import join, sentence
from studio.media import MediaError
from studio.project import choices, edits
from studio.project.edits import EditError
from studio.project.model import Take
from studio.project.store import StoreError
from studio.session.copies import make_copy
from studio.session.document import Document
from studio.session.estimates import Estimator
from studio.session.job_note import remove_note, requests_left, write_note
from studio.session.lanes import Lane, end
from studio.session.render_job import NOTHING_LOST, RenderJob

log = logging.getLogger(__name__)


class JobFollower:
    """Follows the jobs of one document."""

    def __init__(self, document: Document, estimator: Estimator) -> None:
        """Keep the takes in `document`; `estimator`: of the time left."""
        self._document = document
        self._estimator = estimator

    def handle(self, job: RenderJob, engine_job: Job, event: Event | None) -> None:
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
                job.fail(
                    sentence("The take could not be kept: {kind}: {error}", kind=type(error).__name__, error=str(error)),
                    join(sentence("Try again."), NOTHING_LOST))
            self._document.notify()

    def _show_state(self, job: RenderJob, state: JobState) -> None:
        if not job.active:
            return
        if state in ("queued", "running"):
            job.update(state=state)
            return
        if isinstance(job, Lane):
            job.update(state="failed" if job.session_failed else state, doing="", seconds_left=None, total_left=None, preview=None)
            if all_ended := end(job):
                self._show_state(job.job, all_ended)
            return
        ended: JobState = "failed" if job.session_failed else state
        if ended == "paused" and not self._is_something_left(job):
            ended = "done"
        if ended == "paused":
            self.write_note(job, paused=True)
        else:
            remove_note(self._document.folder)
        job.update(state=ended, doing="", seconds_left=None, total_left=None, preview=None, making=())

    def _is_something_left(self, job: RenderJob) -> bool:
        try:
            return bool(requests_left(job.note(), self._document.project, job.last_take))
        except EditError:
            return False

    def write_note(self, job: RenderJob, paused: bool = False) -> None:
        """Note what is left of the job. The job goes on where that cannot be written: it only cannot go on after a restart."""
        with contextlib.suppress(StoreError):
            write_note(self._document.folder, job.note(paused))

    def _show_event(self, job: RenderJob, event: Event) -> None:
        match event:
            case Working():
                job.update(doing=event.doing)
            case PlacementReduced():
                doing = sentence("placing less of the model on the graphics card, whose memory ran out")
                step = job.view.step if job.view.doing == "decoding" else 0       # denoising is not repeated
                job.update(doing=doing, section=event.section, step=step, note=event.message)
            case CardGone():
                job.update(note=event.message)
            case Step():
                job.update(
                    doing=event.doing, section=event.section, sections=event.sections, step=event.step,
                    steps=event.steps, preview=event.preview or job.view.preview,
                )  # fmt: skip
                self.show_left(job, event.seconds_left)
            case SectionDone():
                job.update(preview=event.preview or job.view.preview)
                if event.section + 1 < event.sections:
                    job.update(section=event.section + 1, step=0)
                self.show_left(job, event.seconds_left)
            case TakeDone():
                self._add_take(job, event, "done")
                job.update(finished=job.view.finished + 1)
            case Cancelled() | Failed():
                if isinstance(event, Failed):
                    job.update(message=event.message, remedy=event.remedy)
                self._add_partial_take(job, event)

    def keep_copy(self, job: RenderJob) -> None:
        """Make the copy that the job asks for, without the engine.

        Raises:
            MediaError: a file of the older take is missing, or the disk is full. StoreError: the project cannot be written.
        """
        document = self._document
        take = make_copy(document.store, document.project, job.ask)
        follow = (document.project.branch, document.project.head) in (job.position, (job.branch, take.parent))
        document.edit_then_save(edits.add_take, take, job.branch, follow)
        self._move_to(job, take, follow)
        job.update(finished=job.view.finished + 1)

    def show_left(self, job: RenderJob, seconds: float | None) -> None:
        """Show the time left of the take, and of the whole job with the segments that follow.

        `seconds`: of the take, as the engine measured it; None: the engine has measured nothing yet.
        """
        project, view = self._document.project, job.view
        if seconds is None:  # estimated from takes made before
            seconds = self._estimator.seconds(project, view.sections - view.section - view.step / max(1, view.steps), view.steps)
        plan = next((b.segments for b in project.branches if b.id == job.branch), ())[job.ask.index + 1 :] if job.rest else ()
        after = sum(project.clock.sections(segment.frames) for segment in plan) * project.settings.steps
        after += sum(ask.sections * ask.take.settings.steps for ask in job.waiting)
        after += sum(step.sections(project.clock) for step in job.steps) * project.settings.steps
        ahead = view.steps * (view.sections - view.section) - view.step
        if seconds and ahead > 0:  # the speed of the take being rendered is the newest measurement
            later: float | None = seconds / ahead * after
        else:
            later = self._estimator.seconds(project, 1, after) if after else 0.0
        total = None if seconds is None or later is None else seconds + later
        planned = view.finished + 1 + len(plan) + len(job.waiting) + len(job.steps)
        job.update(seconds_left=seconds, total_left=total, planned=planned)
        if job.engine_job:
            job.engine_job.seconds_left = total

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
            if not job.ask.retry_of:     # the take that is on the branch is the one to go on from, until the retry is judged
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
