"""A worker's own end: it holds the engine, lays out the parcels that it gets, and gives back events with the files made so far."""

from __future__ import annotations

import os
import queue
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.catalogue.cards import ModelCard, find_models
from studio.engine.engine import Engine
from studio.engine.events import Cancelled, Event, Failed, SectionDone, TakeDone
from studio.engine.jobs import Job
from studio.engine.rates import Rate
from studio.farm.parcel import Parcel, Unpacker
from studio.farm.sameness import Hello, fingerprints, program, torch_version
from studio.farm.values import dump

MODELS = Path(__file__).parents[2] / "models"
"""Of this copy of the studio."""
FINAL = (TakeDone, Cancelled, Failed)


@dataclass(frozen=True)
class Delivery:
    """An event, and the files that are new since the one before."""

    event: bytes                   # see `studio.farm.values`; b"": the take ended without one
    files: tuple[tuple[str, bytes], ...] = ()
    rate: Rate | None = None       # how fast the worker is, with the last event of a take
    last: bool = False


class Station:
    """Renders one take at a time. Its methods are called from several threads."""

    def __init__(
        self, get: Callable[[Any], bytes], models: Path | Sequence[ModelCard] | None = None, root: Path | None = None,
        threads: int = 0, engine: Callable[..., Any] = Engine,
    ) -> None:  # fmt: skip
        """Load the first model in the background.

        Args:
            get: the content of what a parcel can be asked for.
            models: the folder of models, or the models; None: the folder of this copy of the studio.
            root: a folder for parcels, which is emptied; None: a temporary one.
            threads: of torch; 0: as many as it likes.
            engine: makes the engine of cards and problems; tests have one without a model.
        """
        self._root = root or Path(tempfile.mkdtemp(prefix="studio-worker-"))
        shutil.rmtree(self._root, ignore_errors=True)
        self._root.mkdir(parents=True)
        models = models or MODELS
        self._cards, problems = find_models(models) if isinstance(models, Path) else (tuple(models), ())
        self._unpacker = Unpacker(self._root, get)
        self._waiting: queue.Queue[Delivery] = queue.Queue()
        self._job: Job | None = None
        self._lock = threading.Lock()
        if threads:
            import torch

            torch.set_num_threads(threads)
        self._engine = engine(self._cards, problems)
        self._warm = threading.Event()
        self._engine.watch(lambda status: self._warm.set() if status.state in ("ready", "failed") else None)
        self._engine.start()
        if self._engine.status().state == "ready":
            self._warm.set()

    def hello(self) -> Hello:
        """What this worker is, once its first model is loaded."""
        self._warm.wait()
        status = self._engine.status()
        problem = status.note if status.state == "failed" else ""
        host, models = socket.gethostname(), fingerprints(self._cards)
        return Hello(host, os.getpid(), status.device, program(), torch_version(), models, problem)

    def begin(self, parcel: Parcel) -> None:
        """Begin a take. One that still runs is stopped first: nobody waits for it any more."""
        with self._lock:
            if self._job:
                self._job.cancel()
                self._job.wait()
            waiting = self._waiting = queue.Queue[Delivery]()
            request = self._unpacker.unpack(parcel)
            files = _Files(request.folder)

            def name(path: Path) -> str:
                return str(path).replace(str(request.folder), parcel.home, 1)

            def listen(job: Job, event: Event | None) -> None:
                """Put an event into the queue of what goes home, with the files that are new."""
                if event is None:
                    if job.state not in ("queued", "running"):
                        waiting.put(Delivery(b"", files.new(), last=True))
                    return
                changed = files.new() if isinstance(event, SectionDone | TakeDone | Cancelled | Failed) else ()
                rate = self._engine.rates.rate(request.model, request.size) if isinstance(event, TakeDone) else None
                waiting.put(Delivery(dump(event, name), changed, rate, isinstance(event, FINAL)))

            self._job = self._engine.submit(iter([request]), listen)

    def deliveries(self, wait: float) -> Sequence[Delivery]:
        """What is new; waits so many seconds for the first one."""
        found, waiting = list[Delivery](), self._waiting
        try:
            found.append(waiting.get(timeout=wait))
            while True:
                found.append(waiting.get_nowait())
        except queue.Empty:
            return found

    def stop(self, at_once: bool) -> None:
        """Stop the take: within a step, or before its next section."""
        job = self._job
        if job:
            (job.cancel if at_once else job.pause)()

    def close(self) -> None:
        """Remove the files of this worker."""
        self.stop(at_once=True)
        shutil.rmtree(self._root, ignore_errors=True)


class _Files:
    """The files of a take's folder, and which of them changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, tuple[int, int]] = {}
        self.new()

    def new(self) -> tuple[tuple[str, bytes], ...]:
        """Files that are new or changed since this was asked last; those that make a section count come last."""
        found = []
        for path in sorted(self._folder.iterdir(), key=_arrival):
            facts = path.stat()
            key = (facts.st_mtime_ns, facts.st_size)
            if path.is_file() and not path.name.startswith(".") and self._known.get(path.name) != key:
                self._known[path.name] = key
                found.append(path)
        return tuple((path.name, path.read_bytes()) for path in found)


def _arrival(path: Path) -> tuple[bool, bool, str]:
    """The order in which files arrive: a section's snapshot last, since it counts once that is there."""
    return path.name.startswith("section-"), path.suffix != ".mp4", path.name
