"""A worker, a queue of jobs, and the state of each job."""

from __future__ import annotations

import contextvars
import logging
import queue
import threading
import time
import uuid
import weakref
from collections.abc import Callable, Iterator
from operator import length_hint
from typing import Literal

from studio.engine.events import Cancelled, Event, Failed, RenderRequest
from studio.engine.give_way import give_way
from studio.language import sentence

JobState = Literal["queued", "running", "done", "cancelled", "paused", "failed"]
Listen = Callable[["Job", Event | None], None]
TURN = 60.0
"""Seconds after which a job lets others go before its next take, if some wait. A take is never cut in two for that."""

log = logging.getLogger(__name__)


class Stop(threading.Event):
    """Whether a render is to stop: at once when it is set, or before the next section."""

    def __init__(self) -> None:
        super().__init__()
        self.before_next_section = False


Render = Callable[[RenderRequest, Stop], Iterator[Event]]


class Job:
    """A number of takes, rendered one after the other.

    The next request is taken from `requests` only when the one before is done, so later segments may still be edited.
    `listen(job, event)` is called in the worker's thread for each event, and with None when the state changes.
    """

    def __init__(self, requests: Iterator[RenderRequest], listen: Listen) -> None:
        self.id = uuid.uuid4().hex
        self.state: JobState = "queued"
        self.error: Failed | None = None
        self.requests = requests
        self.listen = listen
        self.stop = Stop()
        self.ended = threading.Event()
        self.seconds_left: float | None = None         # until it is done, as whoever gave it estimates; None: not known
        self.moved: Callable[[], None] | None = None   # called when a job before this one has ended
        self.more: Callable[[], bool] = lambda: length_hint(requests, 1) > 0    # requests are left, as far as is known
        self.line = Line()
        self.context = contextvars.copy_context()  # of the caller: a Space identifies its visitor by a context variable
        self._take = ""                # id of the take in progress

    def ahead(self) -> tuple[int, float | None]:
        """How many jobs are done before this one is begun, and in how many seconds; None: not known."""
        return self.line.before(self)

    def cancel(self) -> None:
        """Ask the job to stop: within one denoising step when running, at once when queued. Finished sections stay."""
        self.stop.set()

    def pause(self) -> None:
        """Ask the job to stop before its next section, at once when queued. Its state is 'paused' then, and it does not go on."""
        self.stop.before_next_section = True

    def wait(self, timeout: float | None = None) -> bool:
        """Block until the job has ended; False when `timeout` seconds passed first."""
        return self.ended.wait(timeout)

    def run(self, render: Render, turn_ends: Callable[[], bool] = lambda: False) -> None:
        """Render every request, or as many as there are before the job's turn ends: it is 'queued' again then.

        Never raises: whatever goes wrong becomes a `Failed` event and the state 'failed'.
        """
        try:
            self._enter(self._stopped() or "running")
            while self.state == "running":
                self._next(render)
                if self.state == "running" and turn_ends() and self.more():
                    self._enter("queued")
        except Exception as error:  # noqa: BLE001 - the worker must outlive any job
            self._fail(error)
        finally:
            if self.state != "queued":
                self.ended.set()

    def _next(self, render: Render) -> None:
        """Render the next request, if there is one and nobody asked to stop."""
        if stopped := self._stopped():
            self._enter(stopped)
            return
        request = next(self.requests, None)
        if request is None:
            self._enter("done")
            return
        self._take = request.take
        for event in render(request, self.stop):
            self.listen(self, event)
            if isinstance(event, Cancelled):
                self._enter(self._stopped() or "cancelled")
            elif isinstance(event, Failed):
                self.error = event
                self._enter("failed")
        self._take = ""

    def _stopped(self) -> JobState | None:
        """The state in which the job stops; None: nobody asked it to."""
        return "cancelled" if self.stop.is_set() else "paused" if self.stop.before_next_section else None

    def _fail(self, error: Exception) -> None:
        """Mark the job failed and notify the listener, ignoring the listener's own errors: it may be what failed."""
        self.state = "failed"
        message = sentence("{kind}: {error}", kind=type(error).__name__, error=str(error))
        self.error = Failed(self._take, message, sentence("Nothing already made is lost; try again."), 0, 0, 0.0)
        for event in (self.error, None):
            try:
                self.listen(self, event)
            except Exception:
                log.exception("the listener could not be notified that a job failed: %s", self.error.message)

    def _enter(self, state: JobState) -> None:
        """Set the state and notify the listener."""
        self.state = state
        self.listen(self, None)


class Line:
    """The jobs that wait or run, in their order. Safe for several threads."""

    def __init__(self) -> None:
        self.threads = 0               # that run them
        self._jobs: list[Job] = []
        self._lock = threading.Lock()

    def enter(self, job: Job) -> None:
        """Put a job at the end."""
        job.line = self
        with self._lock:
            self._jobs.append(job)

    def leave(self, job: Job) -> None:
        """Take a job out that has ended; those behind it are told. Never raises."""
        with self._lock:
            self._jobs = [other for other in self._jobs if other is not job]
            behind = tuple(self._jobs)
        for other in behind:
            if other.moved is not None:
                try:
                    other.moved()
                except Exception:
                    log.exception("a job could not be told that it moved up")

    def before(self, job: Job) -> tuple[int, float | None]:
        """How many jobs stand before one, without those that were stopped, and the seconds until they are done."""
        with self._lock:
            jobs = tuple(self._jobs)
        ahead = [other for other in jobs[: jobs.index(job)] if not (other.stop.is_set() or other.stop.before_next_section)] \
            if job in jobs else []
        if len(ahead) < max(1, self.threads):
            return 0, 0
        known = [other.seconds_left for other in ahead if other.seconds_left is not None]
        return len(ahead) - self.threads + 1, sum(known) / self.threads if len(known) == len(ahead) else None


class Worker:
    """Runs jobs in the order they came, and long ones in turns, in a thread: one per device.

    The thread ends when the worker is not used any more.
    """

    def __init__(self, render: Render, turn: float = TURN) -> None:
        """Render by `render`. `turn`: seconds after which a job lets others go before its next take."""
        self._render = render
        self._turn = turn
        self._line = Line()
        self._queue: queue.SimpleQueue[tuple[Job, Render] | None] = queue.SimpleQueue()
        self.grow(1)

    def grow(self, threads: int) -> None:
        """Run so many jobs at once from now on, or as many as before if those are more. `render` is called from all threads."""
        while self._line.threads < threads:
            self._line.threads += 1
            threading.Thread(target=_run_jobs, args=(self._queue, self._turn), name="studio-worker", daemon=True).start()
            weakref.finalize(self, self._queue.put, None).atexit = False

    def waiting(self) -> int:
        """Jobs that no thread has begun."""
        return self._queue.qsize()

    def submit(self, job: Job) -> Job:
        """Put a job at the end of the queue."""
        self._line.enter(job)
        self._queue.put((job, self._render))
        return job


def _run_jobs(waiting: queue.SimpleQueue[tuple[Job, Render] | None], turn: float) -> None:
    """Run jobs until None comes. A thread that waits for the next one keeps nothing of the last one alive."""
    end = 0.0
    give_way()

    def turn_ends() -> bool:
        return time.monotonic() >= end and not waiting.empty()

    while (entry := waiting.get()) is not None:
        job, render = entry
        end = time.monotonic() + turn
        job.context.run(job.run, render, turn_ends)
        job.line.leave(job)
        if job.state == "queued":
            job.line.enter(job)
            waiting.put(entry)
        del entry, job, render
