"""Jobs: truthful states, a queue in order, cancel in every state, a worker that outlives whatever goes wrong."""

from __future__ import annotations

import gc
import os
import sys
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.engine.events import Cancelled, Event, Failed, RenderRequest, TakeDone, Working
from studio.engine.jobs import Job, JobState, Stop, Worker


def request(take: str) -> RenderRequest:
    return RenderRequest(take, "m", "", 0, 1, 1, 1.0, (32, 32), Path("r.png"), None, Path(take))


class Log:
    def __init__(self) -> None:
        self.states: list[tuple[str, JobState]] = []
        self.events: list[Event] = []

    def __call__(self, job: Job, event: Event | None) -> None:
        if event is None:
            self.states.append((job.id, job.state))
        else:
            self.events.append(event)


def finish(ask: RenderRequest, stop: Stop) -> Iterator[Event]:
    yield Working(ask.take, "denoising")
    yield Cancelled(ask.take, 0, 0, 0.0) if stop.is_set() else TakeDone(ask.take, 1, 36, 0.1)


def test_takes_one_after_the_other() -> None:
    log = Log()
    job = Worker(finish).submit(Job(iter([request("a"), request("b")]), log))
    assert job.wait(5)
    assert job.state == "done"
    assert [e.take for e in log.events if isinstance(e, TakeDone)] == ["a", "b"]
    assert [s for _, s in log.states] == ["running", "done"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such kind of thread")
def test_takes_are_made_by_a_thread_that_gives_way() -> None:
    kinds: list[int] = []

    def render(ask: RenderRequest, stop: Stop) -> Iterator[Event]:
        kinds.append(os.sched_getscheduler(0))
        yield from finish(ask, stop)

    assert Worker(render).submit(Job(iter([request("a")]), Log())).wait(5) and kinds == [os.SCHED_BATCH]


def test_the_thread_ends_when_nobody_has_the_worker_and_what_it_ran_is_given_up() -> None:
    before = set(threading.enumerate())
    log, worker = Log(), Worker(finish)
    assert worker.submit(Job(iter([request("a")]), log)).wait(5)
    thread, = set(threading.enumerate()) - before
    kept = weakref.ref(log)
    del log
    gc.collect()
    assert thread.is_alive() and kept() is None
    del worker
    thread.join(5)
    assert not thread.is_alive()


def test_jobs_queue_in_order_and_a_queued_one_can_be_cancelled() -> None:
    gate, log = threading.Event(), Log()

    def slow(ask: RenderRequest, stop: Stop) -> Iterator[Event]:
        gate.wait(5)
        yield from finish(ask, stop)

    worker = Worker(slow)
    first, second, third = (worker.submit(Job(iter([request(t)]), log)) for t in "abc")
    assert second.state == "queued"
    second.cancel()
    gate.set()
    assert third.wait(5) and second.wait(5)
    assert (first.state, second.state, third.state) == ("done", "cancelled", "done")
    assert [e.take for e in log.events if isinstance(e, TakeDone)] == ["a", "c"]


def test_a_long_job_lets_others_go_between_its_takes_and_one_that_waits_its_turn_can_be_stopped() -> None:
    gate, log = threading.Event(), Log()

    def slow(ask: RenderRequest, stop: Stop) -> Iterator[Event]:
        gate.wait(5)
        yield from finish(ask, stop)

    worker = Worker(slow, turn=0)
    long = worker.submit(Job(iter([request("a1"), request("a2"), request("a3")]), log))
    other = worker.submit(Job(iter([request("b1"), request("b2")]), log))
    stopped = Job(iter([request("c1"), request("c2")]), lambda job, event: isinstance(event, TakeDone) and job.cancel())
    worker.submit(stopped)
    gate.set()
    assert long.wait(5) and other.wait(5) and stopped.wait(5)
    assert [e.take for e in log.events if isinstance(e, TakeDone)] == ["a1", "b1", "a2", "b2", "a3"]
    assert [state for each, state in log.states if each == other.id] == ["running", "queued", "running", "done"]
    assert (long.state, stopped.state) == ("done", "cancelled")


def test_a_job_goes_on_when_nobody_waits_or_its_turn_is_not_over() -> None:
    log = Log()
    assert Worker(finish, turn=0).submit(Job(iter([request("a"), request("b")]), log)).wait(5)
    assert [state for _, state in log.states] == ["running", "done"]
    gate = threading.Event()

    def slow(ask: RenderRequest, stop: Stop) -> Iterator[Event]:
        gate.wait(5)
        yield from finish(ask, stop)

    log, worker = Log(), Worker(slow)
    jobs = [worker.submit(Job(iter([request(f"{name}1"), request(f"{name}2")]), log)) for name in "ab"]
    gate.set()
    assert all(job.wait(5) for job in jobs)
    assert [e.take for e in log.events if isinstance(e, TakeDone)] == ["a1", "a2", "b1", "b2"]


def test_requests_are_pulled_late_so_the_rest_can_be_edited() -> None:
    asked: list[str] = []

    def later() -> Iterator[RenderRequest]:
        for take in ("a", "b"):
            asked.append(take)
            yield request(take)

    order: list[str] = []

    def listen(job: Job, event: Event | None) -> None:
        if isinstance(event, TakeDone):
            order.append(f"{event.take} of {asked}")

    assert Worker(finish).submit(Job(later(), listen)).wait(5)
    assert order == ["a of ['a']", "b of ['a', 'b']"]


def test_cancel_between_takes_keeps_the_finished_one() -> None:
    log = Log()

    def listen(job: Job, event: Event | None) -> None:
        log(job, event)
        if isinstance(event, TakeDone):
            job.cancel()

    job = Worker(finish).submit(Job(iter([request("a"), request("b")]), listen))
    assert job.wait(5)
    assert job.state == "cancelled"
    assert [e.take for e in log.events if isinstance(e, TakeDone)] == ["a"]


def test_a_failure_stops_the_job_and_not_the_worker() -> None:
    def broken(ask: RenderRequest, stop: Stop) -> Iterator[Event]:
        if ask.take == "bad":
            raise RuntimeError("boom")
        yield from finish(ask, stop)

    worker, log = Worker(broken), Log()
    bad = worker.submit(Job(iter([request("bad"), request("never")]), log))
    good = worker.submit(Job(iter([request("good")]), log))
    assert good.wait(5)
    assert (bad.state, good.state) == ("failed", "done")
    assert bad.error is not None
    assert "boom" in bad.error.message
    assert [e.take for e in log.events] == ["bad", "good", "good"]


def test_a_listener_that_breaks_fails_its_job_only() -> None:
    def listen(job: Job, event: Event | None) -> None:
        if isinstance(event, Working):
            raise ValueError("the page is gone")

    worker = Worker(finish)
    job = worker.submit(Job(iter([request("a")]), listen))
    assert job.wait(5)
    assert job.state == "failed"
    assert worker.submit(Job(iter([request("b")]), Log())).wait(5)


@pytest.mark.parametrize("deaf_to", ["running", "failed"])
def test_a_listener_that_hears_nothing_at_all_stops_no_worker(deaf_to: JobState) -> None:
    def listen(job: Job, event: Event | None) -> None:
        if job.state == deaf_to or isinstance(event, Working | Failed):
            raise ValueError("the page is gone")

    worker = Worker(finish)
    job = worker.submit(Job(iter([request("a")]), listen))
    assert job.wait(5), "whoever waits for it goes on"
    assert job.state == "failed" and job.error is not None and "the page is gone" in job.error.message
    good = worker.submit(Job(iter([request("b")]), Log()))
    assert good.wait(5) and good.state == "done"


@pytest.mark.parametrize("event", [Failed("a", "m", "r", 0, 0, 0.0), Cancelled("a", 0, 0, 0.0)])
def test_the_state_follows_the_last_event(event: Event) -> None:
    job = Worker(lambda ask, stop: iter([event])).submit(Job(iter([request("a")]), Log()))
    assert job.wait(5)
    assert job.state == ("failed" if isinstance(event, Failed) else "cancelled")
