"""Measures what a farm gives and costs: an audition on several Ray workers against the same one on one of them, and Ray's share of
a take.

Both sides use the same processes, one thread each, in turns, so that what else the machine does meets both. The first audition of
each worker is not counted: it loads the model.
"""

from __future__ import annotations

import importlib.util
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil

from studio.catalogue.cards import ModelCard, find_models
from studio.engine.events import Event, RenderRequest, TakeDone
from studio.engine.jobs import Job
from studio.farm.address import Address
from studio.farm.engine import FarmEngine
from studio.farm.pool import FarmError, Pool, RemoteWorker
from studio.lab.measure.startup import ROOT
from studio.project import edits
from studio.project.auditions import MOST, Variations
from studio.session import Session, Studio

PICTURE = ROOT / "assets" / "examples" / "hills" / "hills.jpg"
READY = 300.0
"""Seconds that workers may take until they are there."""


def measure(
    workers: int = 2, takes: int = 4, rounds: int = 3, size: tuple[int, int] = (320, 192), steps: int = 8,
    report: Callable[[str], None] = lambda part: None,
) -> dict[str, Any]:  # fmt: skip
    """Returns the figures of `compare` with the first model on Ray workers of this machine, one thread each.

    Raises:
        ValueError: Ray is not installed, the workers cannot be had, or the model does not have the size.
    """
    if importlib.util.find_spec("ray") is None:
        raise ValueError('Ray is not installed. Run: pip install -e ".[farm]".')
    from studio.farm.ray_pool import RayPool

    models = ROOT / "models"
    pool = RayPool(Address(workers=workers), models, threads=1)
    try:
        return compare(pool, find_models(models)[0], workers, takes, rounds, size, steps, report)
    finally:
        pool.close()


def compare(
    pool: Pool, cards: Sequence[ModelCard], workers: int, takes: int, rounds: int, size: tuple[int, int], steps: int,
    report: Callable[[str], None] = lambda part: None,
) -> dict[str, Any]:  # fmt: skip
    """Returns how long an audition takes on all workers of a pool, and on one of them.

    Args:
        pool: has so many workers with these models.
        cards: the first one renders.
        workers: of the pool, two or more.
        takes: of the audition, of one section each.
        rounds: in each, one audition on one worker and one on all.
        size, steps: of a take.
        report: is told what is measured now.

    Returns:
        workers, takes, size, steps, rounds (of each: one and several, in seconds; times, their ratio; load, the processes that
        waited for a processor when it began), times (median, least, most), overhead_ms (of a take on a worker that is free: from
        the request until its files are here, less what the worker needed; number, median, least, most).

    Raises:
        ValueError: the workers cannot be had, an audition failed, or a number is out of range.
    """
    if not 2 <= takes <= MOST or workers < 2:
        raise ValueError(f"An audition has 2 to {MOST} takes, and is compared on two workers or more.")
    try:
        known = pool.connect()
    except FarmError as error:
        raise ValueError(str(error)) from error
    with tempfile.TemporaryDirectory() as home:
        several = _Arm(_Part(pool, known), cards, Path(home) / "several", size, steps)
        one = _Arm(_Part(pool, known[:1]), cards, Path(home) / "one", size, steps)
        report("the first takes, which are not counted")
        several.wait_for(workers)
        one.wait_for(1)
        several.audition(max(2, workers))
        one.audition(2)
        one.engine.overheads.clear()
        found = []
        for number in range(1, rounds + 1):
            report(f"round {number} of {rounds}")
            load = psutil.getloadavg()[0]
            alone, together = one.audition(takes), several.audition(takes)
            found.append({"one": alone, "several": together, "times": alone / together, "load": load})
    overheads = [1000 * seconds for seconds in one.engine.overheads]
    return {
        "workers": workers, "takes": takes, "size": list(size), "steps": steps, "rounds": found,
        "times": _spread([each["times"] for each in found]), "overhead_ms": {"number": len(overheads), **_spread(overheads)},
    }  # fmt: skip


def markdown(figures: dict[str, Any]) -> str:
    """The figures as a table, in the words of docs/farm.md."""
    rounds, times, overhead = figures["rounds"], figures["times"], figures["overhead_ms"]
    ones, severals = ([each[side] for each in rounds] for side in ("one", "several"))
    width, height = figures["size"]
    what = f"{figures['takes']} takes ({width}x{height}, {figures['steps']} steps), one thread each"
    return "\n".join([
        f"Audition of {what}, rounds: {len(rounds)}", "", "| | median | least | most |", "|---|---|---|---|",
        *(f"| {name} | {statistics.median(values):.1f} s | {min(values):.1f} s | {max(values):.1f} s |"
          for name, values in (("one worker", ones), (f"{figures['workers']} workers", severals))),
        f"| times as fast | {times['median']:.2f} | {times['least']:.2f} | {times['most']:.2f} |",
        f"| a take's way there and back ({overhead['number']} takes) | {overhead['median']:.0f} ms | {overhead['least']:.0f} ms "
        f"| {overhead['most']:.0f} ms |", ""])


class _Part:
    """Some of the workers of a pool, as a pool."""

    def __init__(self, pool: Pool, workers: Sequence[RemoteWorker]) -> None:
        self._workers = workers
        self.put = pool.put

    def connect(self) -> Sequence[RemoteWorker]:
        """See `Pool.connect`."""
        return self._workers


class _TimedFarm(FarmEngine):
    """A farm that notes how long takes were on their way."""

    def __init__(self, pool: Pool, cards: Sequence[ModelCard]) -> None:
        super().__init__(pool, cards)
        self.overheads: list[float] = []
        """Seconds of each take, without those that its worker needed."""

    def submit(self, requests: Iterator[RenderRequest], listen: Callable[[Job, Event | None], None]) -> Job:
        """As `FarmEngine.submit`."""
        begun = 0.0

        def asked() -> Iterator[RenderRequest]:
            """The requests, with the time at which each is taken."""
            nonlocal begun
            for request in requests:
                begun = time.perf_counter()
                yield request

        def hear(job: Job, event: Event | None) -> None:
            if isinstance(event, TakeDone):
                self.overheads.append(time.perf_counter() - begun - event.seconds)
            listen(job, event)

        return super().submit(asked(), hear)


class _Arm:
    """A studio whose films are rendered by some workers."""

    def __init__(self, pool: Pool, cards: Sequence[ModelCard], home: Path, size: tuple[int, int], steps: int) -> None:
        self.engine = _TimedFarm(pool, cards)
        self.engine.start()
        home.mkdir(parents=True)
        self._film = _film(Studio(home, self.engine, cards), size, steps)

    def wait_for(self, workers: int) -> None:
        """Wait until so many workers are ready. Raises ValueError: they are not."""
        end = time.monotonic() + READY
        while self.engine.lanes < workers or self.engine.status().state == "starting":
            status = self.engine.status()
            if status.state == "failed" or time.monotonic() > end:
                raise ValueError(f"{workers} workers cannot be had: {status.note or 'they do not answer'}")
            time.sleep(0.02)

    def audition(self, takes: int) -> float:
        """Returns the seconds of an audition, until all its takes are in the film. Raises ValueError: it failed."""
        clock, revision = time.perf_counter(), self._film.revision
        self._film.audition(None, Variations(seeds=takes))
        while (job := self._film.job) and job.state in ("queued", "running"):
            revision = self._film.watch(revision, 0.2)
        if job is None or job.state != "done":
            raise ValueError(f"An audition was not made: {job and (job.state, str(job.message))}")
        return time.perf_counter() - clock


def _film(studio: Studio, size: tuple[int, int], steps: int) -> Session:
    """A film with a picture and one segment of one section."""
    session = studio.create("Audition")
    session.set_size(size)
    session.set_reference(PICTURE)
    session.edit(edits.set_settings, replace(session.project.settings, steps=steps))
    frames = session.project.clock.section_frames
    session.edit(edits.edit_segment, 0, prompt="the camera pans left", frames=frames, seed=1)
    return session


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}
