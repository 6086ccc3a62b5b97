"""Judges a take when it is done, and asks for another one where the artist wants that: see `Project.retries`."""

from __future__ import annotations

from studio.project import retries
from studio.project.asked_words import asked_looks, asked_zooms
from studio.project.edits import EditError
from studio.project.model import Measure, Project, Take
from studio.project.shots import shot_so_far
from studio.project.store import StoreError
from studio.project.take_requests import TakeRequest
from studio.session.document import Document
from studio.session.drift import TakeDrift, film_drift
from studio.session.looks import Looks
from studio.session.render_job import RenderJob


class Retrier:
    """Judges the takes of one document's jobs."""

    def __init__(self, document: Document, looks: Looks) -> None:
        """Judge takes of `document`, measured by `looks`."""
        self._document = document
        self._looks = looks

    def after(self, job: RenderJob) -> TakeRequest | None:
        """Keep the better of two takes on the branch, and say what is tried next; None: the job goes on.

        To be called when a take is done, without the document's lock: measuring takes a moment. A take is compared with the first
        one of its shot, or with the last one since then that was asked for another look. Those are kept as they come, and so is a
        take that cannot be measured.
        """
        ask, project = job.ask, self._document.project
        done = project.takes.get(ask.take.id)
        kept = project.takes.get(ask.retry_of) if ask.retry_of else done
        if done is None or kept is None or done.state != "done" or not _is_judged(ask, project):
            return None
        measure, best = project.retries.measure, self._badness(project, kept)
        if done is not kept:
            found = self._badness(project, done)
            if best is not None and found is not None and found < best:
                self._swap(job, kept, done)
                kept, best = done, found
        if best is None or best <= 1 - project.retries.threshold or ask.retry >= project.retries.times:
            return None
        with self._document.lock:
            now = self._document.project
            if kept.id not in now.takes or kept.id in now.trash or now.retries.measure != measure:
                return None
            try:
                return retries.retry_request(now, kept, ask.retry + 1)
            except EditError:            # the picture was taken away: the film stays as it is
                return None

    def _badness(self, project: Project, take: Take) -> float | None:
        measure, takes = project.retries.measure, shot_so_far(project, take)
        base = max(at for at, one in enumerate(takes) if at == 0 or _is_changed(project, one, measure))
        return badness(film_drift(project, takes[base:], self._looks)[-1], measure) if takes[base] != take else None

    def _swap(self, job: RenderJob, kept: Take, better: Take) -> None:
        """Put the better take on the branch. Where that cannot be saved now, the next edit tries again."""
        with self._document.lock:
            before = self._document.project
            try:
                self._document.add_silently(retries.swap_take, kept.id, better.id)
            except EditError:            # dropped meanwhile: the artist has chosen
                return
            except StoreError as error:
                job.update(note=str(error))
            now = self._document.project
            if all(branch.tip != better.id for branch in now.branches):
                return                   # the branch has gone on
            job.last_take = better.id
            if job.position == (before.branch, before.head):
                job.position = (now.branch, now.head)


def _is_judged(ask: TakeRequest, project: Project) -> bool:
    """Whether a take is judged: one that the artist chooses from, or that is a copy, is not."""
    if ask.retry_of:
        return True
    return project.retries.times > 0 and not ask.audition and ask.take.copy_of is None


def _is_changed(project: Project, take: Take, measure: Measure) -> bool:
    """Whether a take was asked for something that changes a measure."""
    if measure == "identity":
        return False
    return bool(asked_looks(project, take) or (measure == "sharpness" and asked_zooms(project, take)))


def badness(row: TakeDrift, measure: Measure) -> float | None:
    """How far a take is from the first one of its shot, from 0 on; None where that cannot be said. More contrast is worse too."""
    share = getattr(row, measure)
    if share is None:
        return None
    return abs(1 - share) if measure == "contrast" else max(0.0, 1 - share)
