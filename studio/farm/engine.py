"""An engine whose takes are rendered by the workers of a pool, as many at once as there are workers.

A take is a pure function of its request, so it does not matter who renders it: when a worker is lost, another one goes on after the
sections that have arrived, and the bytes are the same.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from studio.catalogue.cards import ModelCard
from studio.disk import atomic_write
from studio.engine import take_folder
from studio.engine.events import Cancelled, EngineStatus, Event, Failed, RenderRequest, TakeDone, Working
from studio.engine.jobs import Job, Listen, Stop, Worker
from studio.engine.rates import Rates
from studio.farm.crew import Crew, Member
from studio.farm.parcel import Packer
from studio.farm.pool import FarmError, Pool, WorkerLostError
from studio.farm.sameness import fingerprints
from studio.farm.station import Delivery
from studio.farm.values import load
from studio.language import sentence

LOSSES = 3
"""Workers that may be lost with one take before it is given up: perhaps it is the take that ends them."""

log = logging.getLogger(__name__)


class FarmEngine:
    """Has the interface of `studio.engine.engine.Engine`."""

    def __init__(self, pool: Pool, models: Sequence[ModelCard], rates: Rates | None = None) -> None:
        """Render on workers of `pool` that have the same `models`. `rates`: see `Engine`."""
        self.rates = rates or Rates()
        self._pool = pool
        self._models = fingerprints(models)
        self._packer = Packer(pool.put)
        self._worker = Worker(self._render)
        self._watchers: list[Callable[[EngineStatus], None]] = []
        self._news = threading.Event()
        self._crew = Crew(self._models, self._news.set)

    @property
    def lanes(self) -> int:
        """Takes that can be rendered at once."""
        return max(1, self._crew.count())

    def start(self, calm: float | None = None) -> None:
        """Connect to the workers in a thread of its own. Jobs that come earlier wait for them. `calm` is not used."""
        threading.Thread(target=self._connect, name="studio-farm", daemon=True).start()
        threading.Thread(target=self._report, name="studio-farm-news", daemon=True).start()

    def status(self) -> EngineStatus:
        """How the farm is now."""
        return replace(self._crew.status(), waiting=self._worker.waiting())

    def watch(self, listen: Callable[[EngineStatus], None]) -> None:
        """As `Engine.watch`."""
        self._watchers.append(listen)

    def submit(self, requests: Iterator[RenderRequest], listen: Listen) -> Job:
        """As `Engine.submit`. Jobs run at once; the takes of one job one after the other."""
        job = self._worker.submit(Job(requests, listen))
        self._news.set()
        return job

    def _connect(self) -> None:
        try:
            workers = self._pool.connect()
        except FarmError as error:
            self._crew.give_up(str(error))
        except Exception as error:  # noqa: BLE001 - the page must stay up and say why nothing renders
            self._crew.give_up(sentence("The farm did not start: {kind}: {error}", kind=type(error).__name__, error=str(error)))
        else:
            self._worker.grow(len(workers))
            self._crew.greet(workers)

    def _report(self) -> None:
        """Report changes, in a thread of its own: a session that submits holds its lock, and listeners take theirs."""
        before = None
        while self._news.wait():
            self._news.clear()
            now = self.status()
            if now != before:
                before = now
                for listen in tuple(self._watchers):
                    listen(now)

    def _render(self, request: RenderRequest, stop: Stop) -> Iterator[Event]:
        began = time.monotonic()
        for lost in range(LOSSES):
            if lost:
                yield Working(request.take, sentence("going on on another worker"))
            member = yield from self._wait_for_worker(request, stop)
            if stop.is_set() or stop.before_next_section:
                if member:
                    self._crew.give_back(member)
                yield Cancelled(request.take, *_close(request.folder), time.monotonic() - began)
                return
            if member is None:
                break
            try:
                yield from self._render_on(member, request, stop)
                return
            except WorkerLostError:
                log.warning("%s was lost with a take", member.name)
                self._crew.lose(member)
                member = None                    # it may be another take's by now
            except OSError as error:
                message = sentence("The files of the take could not be read or kept: {error}", error=str(error))
                remedy = sentence("Look whether the disk is full, and try again.")
                yield Failed(request.take, message, remedy, *_close(request.folder), time.monotonic() - began)
                return
            finally:
                if member:
                    self._crew.give_back(member)
        else:
            message = sentence("{count} workers were lost while they rendered this take.", count=LOSSES)
            remedy = sentence("Perhaps their memory is too small for it: choose a smaller size, and try again.")
            yield Failed(request.take, message, remedy, *_close(request.folder), time.monotonic() - began)
            return
        why = self._crew.why_nobody(request.model)
        remedy = sentence("Start a worker that has it, or start the studio without STUDIO_FARM.")
        yield Failed(request.take, why, remedy, *_close(request.folder), time.monotonic() - began)

    def _wait_for_worker(self, request: RenderRequest, stop: Stop) -> Generator[Event, None, Member | None]:
        """A free worker that has the request's model; None: no worker has it, or the job is to stop."""
        told = False
        while not (stop.is_set() or stop.before_next_section) and self._crew.is_hope(request.model):
            member = self._crew.take(request.model, request.take, timeout=0.1)
            if member:
                return member
            if not told:
                told = True
                yield Working(request.take, sentence("waiting for a worker"))
        return None

    def _render_on(self, member: Member, request: RenderRequest, stop: Stop) -> Iterator[Event]:
        """Render on one worker. Raises WorkerLostError, OSError."""
        worker, asked, ended = member.worker, "", False
        worker.begin(self._packer.pack(request))
        try:
            while not ended:
                wish = "now" if stop.is_set() else "before the next section" if stop.before_next_section else ""
                if wish != asked:
                    worker.stop(at_once=wish == "now")
                    asked = wish
                for delivery in worker.deliveries():
                    self._keep(request, delivery)
                    ended = delivery.last
                    if delivery.event:
                        event = load(delivery.event, Path)
                        if isinstance(event, TakeDone) and not request.moment:
                            take_folder.tidy(request.folder)
                        yield event
                    elif ended:                  # the worker was stopped before it began
                        yield Cancelled(request.take, *_close(request.folder), 0.0)
                    if ended:
                        break
        finally:
            if not ended:                        # the studio could not keep what came, or the worker is lost
                _stop(member)

    def _keep(self, request: RenderRequest, delivery: Delivery) -> None:
        """Write the files of a delivery into the take's folder, those last that make a section count. Raises OSError."""
        for name, content in delivery.files:
            if take_folder.is_part(name) and any(request.folder.parent.glob(f"*/{name}")):
                continue                         # parts of snapshots are stored once for all takes of a film
            with atomic_write(request.folder / Path(name).name) as temporary:
                temporary.write_bytes(content)
        if delivery.rate:
            self.rates.record(request.model, request.size, delivery.rate)


def _stop(member: Member) -> None:
    with contextlib.suppress(WorkerLostError):
        member.worker.stop(at_once=True)


def _close(folder: Path) -> tuple[int, int]:
    """(sections, frames) of what has arrived of a take; (0, 0) where that cannot be closed: its files stay."""
    try:
        return take_folder.close(folder)
    except Exception:  # noqa: BLE001 - what stopped the take is the one to report
        return 0, 0
