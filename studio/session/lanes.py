"""Lanes: the share of one worker in a job whose takes do not need each other, so that several are made at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from studio.engine.jobs import JobState
from studio.project.model import Project
from studio.project.take_requests import TakeRequest
from studio.session.job_note import JobNote
from studio.session.render_job import NOTHING_LOST, Making, RenderJob

ENDS: tuple[JobState, ...] = ("failed", "cancelled", "paused")
"""How a job ends when a lane of it ended so; the first one of these that a lane has."""


class Lane(RenderJob):
    """One take after the other of those that wait in a job."""

    def __init__(self, job: RenderJob, ask: TakeRequest, project: Project) -> None:
        """Begin with `ask`."""
        self.job = job
        super().__init__((ask,), project, branch=job.branch)
        self.queue = job.queue         # whichever lane is free takes the next one

    def note(self, paused: bool = False) -> JobNote:
        """The whole job's."""
        return self.job.note(paused)

    def update(self, **changes: object) -> None:
        """Change the lane's view, and with it the job's."""
        super().update(**changes)
        gather(self.job)

    def fail(self, message: str, remedy: str = NOTHING_LOST) -> None:
        """Stop the whole job: what the session could not do for one take it cannot do for the others."""
        self.session_failed = True
        self.queue.clear()
        self.update(message=message, remedy=remedy)
        for lane in self.job.lanes:
            if lane.engine_job:
                lane.engine_job.cancel()


def split(job: RenderJob, project: Project, count: int) -> Sequence[RenderJob]:
    """The parts of a job that can run at once: its lanes, at most so many, or the job itself."""
    asks = (job.ask, *job.queue)
    count = min(count, len(asks))
    if count < 2 or not all(ask.audition and not (ask.exact or ask.retry_of) for ask in asks):
        return (job,)
    del job.queue[: count - 1]
    job.lanes = tuple(Lane(job, ask, project) for ask in asks[:count])
    gather(job)
    return job.lanes


def end(lane: Lane) -> JobState | None:
    """How the job of a lane that has ended ends; None: other lanes still run, and what waits is theirs."""
    if lane.view.state == "failed":
        lane.queue.clear()
    if any(other.active for other in lane.job.lanes):
        return None
    states = {other.view.state for other in lane.job.lanes}
    return next((state for state in ENDS if state in states), "done")


def gather(job: RenderJob) -> None:
    """Show in the job's view what its lanes do. Whether the job has ended is not decided here."""
    active = [lane for lane in job.lanes if lane.active]
    running = [lane for lane in active if lane.view.state == "running"]
    shown = (running or active or list(job.lanes))[0].view if job.lanes else job.view
    failed = next((lane.view for lane in job.lanes if lane.view.message), shown)
    lefts = [lane.view.seconds_left for lane in active if lane.view.seconds_left is not None]
    after = (shown.total_left or 0.0) - (shown.seconds_left or 0.0)
    job.view = replace(
        job.view, state="running" if running else job.view.state, doing=shown.doing, take=shown.take, index=shown.index,
        section=shown.section, sections=shown.sections, step=shown.step, steps=shown.steps, preview=shown.preview,
        seconds_left=shown.seconds_left, total_left=max(lefts) + max(0.0, after) / len(active) if lefts else None,
        message=failed.message, remedy=failed.remedy, note=shown.note or job.view.note,
        finished=sum(lane.view.finished for lane in job.lanes),
        making=tuple(
            Making(view.take, view.doing, view.section, view.sections, view.step, view.steps, view.seconds_left, view.preview)
            for view in (lane.view for lane in running)),
    )  # fmt: skip
