"""One job as it is: what the page shows of it, and where its takes go. It knows neither the engine nor the disk."""

from __future__ import annotations

from dataclasses import dataclass, replace

from studio.engine.jobs import Job, JobState
from studio.project.asks import Ask
from studio.project.model import Project

NOTHING_LOST = "Nothing already made is lost."


@dataclass(frozen=True)
class JobView:
    """A job as the page shows it. Times are seconds, None where they cannot be told honestly."""

    state: JobState
    doing: str                     # the phase: 'denoising', 'saving', ...
    take: str
    index: int                     # of the take's segment
    section: int                   # 0-based, the one in flight
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
    note: str = ""                 # what is otherwise now than it began: the newest such word of the engine


class Run:
    """One job from its start to its end; the document's lock guards it."""

    def __init__(self, ask: Ask, project: Project, rest: bool, planned: int) -> None:
        self.ask = ask
        self.rest = rest                                   # go on with the segments after it
        self.branch = project.branch                       # the branch it renders for
        self.place = (project.branch, project.head)        # where the head is unless the artist moves it
        self.last: str | None = None
        self.trouble = False                               # the session itself failed: that outweighs the job's state
        self.job: Job | None = None
        self.view = JobView(
            "queued", "waiting", ask.take.id, ask.index, ask.take.sections, ask.sections, 0, ask.take.settings.steps,
            None, None, None, "", "", 0, planned,
        )  # fmt: skip

    @property
    def active(self) -> bool:
        return self.view.state in ("queued", "running")

    def show(self, **changes: object) -> None:
        self.view = replace(self.view, **changes)  # type: ignore[arg-type]

    def fail(self, message: str, remedy: str = NOTHING_LOST) -> None:
        """End in trouble of our own making; the job is stopped so that nothing is rendered in vain."""
        self.trouble = True
        self.show(message=message, remedy=remedy)
        if self.job:
            self.job.cancel()
