"""One render job of a session: what the page shows of it, and where its takes go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from studio.engine.jobs import Job, JobState
from studio.language import sentence
from studio.project import take_requests
from studio.project.early import Step, step_request
from studio.project.model import Project
from studio.project.take_requests import TakeRequest
from studio.session.job_note import JobNote

NOTHING_LOST = sentence("Nothing already made is lost.")


@dataclass(frozen=True)
class Making:
    """One of several takes that are rendered at once; see `JobView`."""

    take: str
    doing: str
    section: int
    sections: int
    step: int
    steps: int
    seconds_left: float | None
    preview: bytes | None


@dataclass(frozen=True)
class JobView:
    """A job as the page shows it. Times are seconds; None where there is nothing to estimate them by."""

    state: JobState
    doing: str                     # the phase: 'denoising', 'saving', ...
    take: str
    index: int                     # of the take's segment
    section: int                   # 0-based, the one being rendered
    sections: int
    step: int                      # finished in this section
    steps: int
    seconds_left: float | None     # of this take
    total_left: float | None       # of the whole job
    preview: bytes | None          # animated WebP
    message: str                   # what went wrong
    remedy: str                    # what to do
    finished: int                  # takes done in this job
    planned: int                   # takes of this job in all
    note: str = ""                 # the engine's newest message about a change of plan, such as smaller tiles
    retry: int = 0                 # number of the retry that this take is; 0: it is none
    retries: int = 0               # of a take, at most
    before: int = 0                # while it is queued: jobs that are done first, of other films too
    wait: float | None = None      # and how long they take
    audition: tuple[str, ...] = () # all takes of an audition, in order; empty: it is none
    making: tuple[Making, ...] = ()    # takes that are rendered now, where several are at once; the fields above are of the first


class RenderJob:
    """One job from its start to its end. Whoever uses it holds the document's lock."""

    def __init__(
        self, asks: Sequence[TakeRequest], project: Project, rest: bool = False, branch: str | None = None,
        steps: Sequence[Step] = (),
    ) -> None:  # fmt: skip
        """Begin with the first take of `asks`.

        Args:
            asks: one take, or those of an audition.
            project: the project at this moment.
            rest: go on with the segments after it.
            branch: that it renders for; None: the current one.
            steps: of an early change, that follow the first take.
        """
        self.ask = ask = asks[0]
        self.queue = list(asks[1:])
        self.lanes: tuple[RenderJob, ...] = ()             # its takes are made by these, several at once
        self.rest = rest
        self.steps = tuple(steps)
        self.branch = branch or project.branch             # the branch it renders for
        self.position = (project.branch, project.head)     # where the head is unless the artist moves it
        self.last_take = ask.retry_of or None              # the take that the next one continues, once there is one
        self.session_failed = False                        # an error of the session's own: it outweighs the engine's state
        self.engine_job: Job | None = None
        self.view = JobView(
            "queued", "waiting", ask.take.id, ask.index, ask.take.sections, ask.sections, 0, ask.take.settings.steps,
            None, None, None, "", "", 0, len(project.current().segments) - ask.index if rest else len(asks) + len(steps),
            audition=tuple(one.take.id for one in asks if one.audition and not (one.retry_of or one.exact)),
        )  # fmt: skip

    @property
    def active(self) -> bool:
        """Whether the job waits or runs."""
        return self.view.state in ("queued", "running")

    @property
    def waiting(self) -> tuple[TakeRequest, ...]:
        """The takes of an audition that are not begun."""
        return tuple(self.queue)

    def parts(self) -> list[tuple[RenderJob, Job]]:
        """What of it the engine has been given and has not ended: the job itself or its lanes, with the engine's jobs."""
        return [(part, part.engine_job) for part in self.lanes or (self,) if part.engine_job and part.active]

    def note(self, paused: bool = False) -> JobNote:
        """What is left of it, to be kept on the disk."""
        begun = [lane.ask for lane in self.lanes] or [self.ask]
        return JobNote((*begun, *self.queue), self.rest, self.branch, paused, self.steps)

    def next_ask(self, project: Project) -> TakeRequest | None:
        """The take after the one that was made last; None: the job is done.

        Raises:
            EditError: that take cannot be continued any more.
        """
        if self.session_failed or self.last_take is None:
            return None
        if self.queue:
            return self.queue.pop(0)
        if self.steps:
            step, *steps = self.steps
            self.steps = tuple(steps)
            return step_request(project, step, self.last_take)
        return take_requests.request_after(project, self.branch, self.last_take) if self.rest else None

    def update(self, **changes: object) -> None:
        """Change fields of the view."""
        self.view = replace(self.view, **changes)  # type: ignore[arg-type]

    def fail(self, message: str, remedy: str = NOTHING_LOST) -> None:
        """Note an error of the session's own and stop the engine's job, so that nothing is rendered in vain."""
        self.session_failed = True
        self.update(message=message, remedy=remedy)
        if self.engine_job:
            self.engine_job.cancel()
