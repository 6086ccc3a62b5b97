"""Measures a studio under load: visitors who click and others whose films are rendered, on one engine, for some minutes.

Visitors and studio share a process, so times and memory are those of both: a limit from above. Clicks are timed without a browser.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from studio.catalogue.cards import find_models
from studio.engine.engine import Engine
from studio.lab.measure.page_latency import sample_film
from studio.lab.measure.startup import ROOT, free_port
from studio.lab.measure.visitor import Visitor
from studio.project import edits
from studio.session import Session, Studio
from studio.ui.page import build, launch_options

SAMPLES = 0.5
"""Seconds between two looks at memory and files."""


def measure(sessions: int = 20, rendering: int = 3, minutes: float = 10.0) -> dict[str, Any]:
    """Returns the figures of `load` on the first model: so many sessions click, and so many films are rendered, on one engine.

    Raises:
        RuntimeError: the film could not be rendered.
    """
    with tempfile.TemporaryDirectory() as home:
        cards, problems = find_models(ROOT / "models")
        engine = Engine(cards, problems)
        engine.start()
        studio = Studio(Path(home), engine, cards)
        archive = sample_film(studio).films.export_project()
        films = [studio.unpack(archive) for _ in range(sessions + rendering)]
        return load(studio, films[:sessions], films[sessions:], 60 * minutes)


def load(
    studio: Studio, clicked: Sequence[Session], rendered: Sequence[Session], seconds: float, pause: float = 1.0, turns: int = 0
) -> dict[str, Any]:
    """Returns what so long a load does to a studio.

    Args:
        studio: is served meanwhile.
        clicked: films with takes, which a visitor each rewinds.
        rendered: films with takes, of which the first is made again and again with other seeds.
        seconds: how long, at least.
        turns: takes of each rendered film to wait for, however long: until all have so many, or one has ten times as many.
        pause: seconds between two clicks of a visitor.

    Returns:
        clicks, click_ms (median, p95, slowest), errors (the first ten, and how many), memory_growth (the last tenth of the time
        over the third one), files_growth (descriptors, likewise, as a difference), takes (of each rendered film),
        longest_wait_share (of a rendered film, over the mean: 1 is fair).
    """
    port, stop = free_port(), threading.Event()
    page = build(studio)
    page.launch(server_port=port, prevent_thread_lock=True, quiet=True, **launch_options())
    visitors = [Visitor(port, film.id, [take.id for take in film.project.path()], pause) for film in clicked]
    artists = [Artist(film, stop) for film in rendered]
    samples: list[tuple[int, int]] = []
    crowd: list[Visitor | Artist] = [*visitors, *artists]
    try:
        for each in crowd:
            each.start()
        end, process = time.monotonic() + seconds, psutil.Process()
        while time.monotonic() < end or _are_due(artists, turns):
            samples.append((process.memory_info().rss, open_files(process)))
            time.sleep(min(SAMPLES, seconds / 40))
    finally:
        stop.set()
        for visitor in visitors:
            visitor.stop()
        for artist in artists:
            artist.join()
        for visitor in visitors:
            visitor.join()
        page.close(verbose=False)
    clicks = [time for visitor in visitors for time in visitor.milliseconds]
    errors = [error for each in crowd for error in each.errors]
    waits = [statistics.mean(artist.seconds) for artist in artists if artist.seconds]
    memory, files = (_tenths([sample[index] for sample in samples]) for index in (0, 1))
    return {
        "clicks": len(clicks),
        "click_ms": {"median": statistics.median(clicks), "p95": statistics.quantiles(clicks, n=20)[-1], "slowest": max(clicks)},
        "errors": {"number": len(errors), "first": errors[:10]},
        "memory_growth": memory[1] / memory[0],
        "files_growth": files[1] - files[0],
        "takes": [len(artist.seconds) for artist in artists],
        "longest_wait_share": max(waits) / statistics.mean(waits) if waits else None,
    }


class Artist(threading.Thread):
    """Makes a film's first take again and again, with other seeds, each time when the one before is done."""

    def __init__(self, film: Session, stop: threading.Event) -> None:
        """`film`: has takes; `stop`: ends the job that runs, too."""
        super().__init__(daemon=True)
        self.seconds: list[float] = []
        """Of each take, from the wish until it was there."""
        self.errors: list[str] = []
        self._film, self._halt = film, stop

    def run(self) -> None:
        """As threads do."""
        first, seed = self._film.project.path()[0].id, 0
        while not self._halt.is_set():
            seed, clock, revision = seed + 1, time.monotonic(), self._film.revision
            self._film.jobs.retake(first, seed)
            while (job := self._film.job) and job.state in ("queued", "running"):
                revision = self._film.watch(revision, 0.5)
                if self._halt.is_set():
                    self._film.jobs.cancel()
            if job and job.state == "done":
                self.seconds.append(time.monotonic() - clock)
                self._film.edit(edits.rewind, first)
            elif not self._halt.is_set():
                self.errors.append(f"a take was not made: {job and (job.state, str(job.message))}")
                return


def _are_due(artists: Sequence[Artist], turns: int) -> bool:
    """Whether a film that is being rendered has less than so many takes, and none has ten times as many."""
    made = [len(artist.seconds) for artist in artists if artist.is_alive()]
    return bool(made) and min(made) < turns and max(made) < 10 * turns


def open_files(process: psutil.Process) -> int:
    """Open descriptors (handles on Windows) of a process."""
    return int(process.num_handles() if os.name == "nt" else process.num_fds())


def _tenths(values: Sequence[int]) -> tuple[float, float]:
    """The medians of the third and the last tenth."""
    part = max(1, len(values) // 10)
    return statistics.median(values[2 * part : 3 * part] or values), statistics.median(values[-part:])
