"""Measures how much longer a section takes beside a busy process, with several ways for OpenMP's threads to wait."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from studio.lab.measure.intervals import LEVEL, ROUNDS, SEED
from studio.lab.measure.page_latency import FLAGS
from studio.lab.measure.section_process import STUDIO, SectionProcess, Size

ARMS = {
    "studio": STUDIO,
    "sleep": {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0", "MKL_CBWR": "AUTO"},
    "spin": {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "300000", "MKL_CBWR": "AUTO"},
}
"""What the studio sets, threads that sleep at once, and what GNU's OpenMP does when nothing is set.

Without MKL's strict mode the number of threads stays as it is (`engine.processor_share`).
"""
BUSY = "while True: pass"
START = 4.0
"""Seconds until a browser has started and plays: its start takes a whole core, and the arm that came first alone would meet it."""
TURNS = 3
"""Sections of each arm in each surrounding of a round."""
PLAYER = "<video src='{}' autoplay loop muted style='width:100%'></video>"


@contextlib.contextmanager
def busy_process() -> Iterator[None]:
    """Keeps one processor core busy while the context lasts."""
    process = subprocess.Popen([sys.executable, "-c", BUSY])
    try:
        yield
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def browser() -> Iterator[None]:
    """Plays an example's film in a loop, in Chromium, while the context lasts.

    Raises:
        RuntimeError: Chromium is not installed.
    """
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        raise RuntimeError("Chromium is not installed (apt-get install chromium).")
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "film.mp4"
        _write_film(film)
        page = Path(folder) / "page.html"
        page.write_text(PLAYER.format(film.name), "utf-8")
        process = subprocess.Popen(
            [program, *FLAGS, "--remote-debugging-port=0", "--autoplay-policy=no-user-gesture-required",
             f"--user-data-dir={folder}/user", page.as_uri()],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            time.sleep(START)
            yield
        finally:
            process.terminate()
            process.wait(20)


def _write_film(path: Path) -> None:
    """Three seconds of moving noise as an MP4, harder to decode than a film of the studio."""
    import numpy as np

    from studio.media.clip import write_clip

    write_clip(path, np.random.default_rng(0).integers(0, 255, (36, 192, 320, 3), dtype=np.uint8), fps=12)


def measure(size: Size | None = None, rounds: int = 6) -> dict[str, Any]:
    """Returns how long a section of each arm takes: alone, beside one busy process and beside a browser that plays a film.

    All arms take turns, each time in another order. A shared machine is half as fast in some minutes as in others, so what is
    compared is one turn with another of the same round, and the median of these ratios counts.

    Args:
        size: width and height of the films. None: the first model's default size.
        rounds: how often there are `TURNS` turns in each surrounding.

    Returns:
        `seconds` of all turns; `over_alone`, ratios to the same arm alone; `alone_over_spin`, ratios to the arm `spin`, both alone.
        A ratio has its 95 % interval.

    Raises:
        RuntimeError: a process ended early, or Chromium is not installed.
    """
    surroundings: dict[str, Callable[[], contextlib.AbstractContextManager[None]]] = {
        "alone": contextlib.nullcontext, "busy process": busy_process, "browser": browser}
    processes = {name: SectionProcess(None, size, arm) for name, arm in ARMS.items()}
    seconds: dict[str, dict[str, list[float]]] = {name: {where: [] for where in surroundings} for name in ARMS}
    try:
        rendered = [process.film(1)["size"] for process in processes.values()]      # warm
        names = deque(processes)
        for _ in range(rounds):
            for where, surrounding in surroundings.items():
                with surrounding():
                    for _ in range(TURNS):
                        for name in names:
                            seconds[name][where].append(processes[name].film(1)["rows"][0]["section"])
                        names.rotate()      # who comes first meets what was there before, and is still ending
    finally:
        for process in processes.values():
            process.close()
    return {
        "size": rendered[0],
        "seconds": seconds,
        "over_alone": {name: {where: _ratio(row[where], row["alone"]) for where in row} for name, row in seconds.items()},
        "alone_over_spin": {name: _ratio(row["alone"], seconds["spin"]["alone"]) for name, row in seconds.items()},
    }


def _ratio(seconds: list[float], others: list[float]) -> dict[str, float]:
    """The median ratio of turns to others, each with its own, and its 95 % interval (percentile bootstrap)."""
    ratios = np.array(seconds) / np.array(others)
    samples = np.random.default_rng(SEED).integers(len(ratios), size=(ROUNDS, len(ratios)))
    low, high = np.quantile(np.median(ratios[samples], axis=1), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return {"ratio": float(np.median(ratios)), "low": float(low), "high": float(high)}
