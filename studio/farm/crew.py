"""Who of a farm's workers is free, and who renders what."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from studio.engine.events import EngineStatus, WorkerStatus
from studio.farm.pool import RemoteWorker, WorkerLostError
from studio.farm.sameness import Hello, refusal
from studio.language import join, sentence

PAUSE = 0.5
"""Seconds between two attempts to reach a worker that was lost."""


@dataclass
class Member:
    """A worker, and what it does."""

    worker: RemoteWorker
    number: int                    # from 1
    status: WorkerStatus
    models: frozenset[str] = field(default_factory=frozenset)
    device: str = ""

    @property
    def name(self) -> str:
        """The name that people read."""
        return self.status.name


class Crew:
    """The workers of a farm. Safe for several threads."""

    def __init__(self, models: Mapping[str, str], changed: Callable[[], None]) -> None:
        """`models`: fingerprints of this studio's models by name; `changed` is called when a worker's state changes."""
        self._models = models
        self._report = changed
        self._members: list[Member] = []
        self._problem = ""             # why there are none
        self._connected = False
        self._free = threading.Condition()

    def greet(self, workers: Sequence[RemoteWorker]) -> None:
        """Take in workers; each may render once it has said that it is like this studio."""
        with self._free:
            self._members = [
                Member(worker, number, WorkerStatus(sentence("Worker {number}", number=number), "starting"))
                for number, worker in enumerate(workers, 1)]
            self._connected = True
        self._report()
        for member in self._members:
            self._await(member)

    def give_up(self, problem: str) -> None:
        """There are no workers, for this reason."""
        with self._free:
            self._problem = problem
            self._free.notify_all()
        self._report()

    def count(self) -> int:
        """Workers that render or could."""
        return sum(member.status.state in ("free", "busy") for member in self._members)

    def take(self, model: str, take: str, timeout: float) -> Member | None:
        """A free worker that has the model, from now on busy with a take; None: there was none in time."""
        with self._free:
            def found() -> Member | None:
                return next((m for m in self._members if m.status.state == "free" and model in m.models), None)

            self._free.wait_for(found, timeout)
            member = found()
            if member:
                member.status = WorkerStatus(member.name, "busy", take)
        if member:
            self._report()
        return member

    def give_back(self, member: Member) -> None:
        """The worker's take is done."""
        if member.status.state == "busy":
            self._set(member, WorkerStatus(member.name, "free"))

    def lose(self, member: Member) -> None:
        """The worker is lost; it may come back."""
        self._set(member, WorkerStatus(member.name, "lost"))
        self._await(member)

    def is_hope(self, model: str) -> bool:
        """Whether a worker may come that has the model."""
        return not self._problem and (not self._connected or any(
            m.status.state in ("starting", "lost") or (m.status.state != "refused" and model in m.models) for m in self._members))

    def why_nobody(self, model: str) -> str:
        """Why no worker renders takes of a model."""
        if self._problem:
            return self._problem
        refused = [sentence("{worker}: {reason}", worker=m.name, reason=m.status.note) for m in self._members if m.status.note]
        return join(sentence("No worker has the model '{model}'.", model=model), *refused)

    def status(self) -> EngineStatus:
        """All of it."""
        with self._free:
            members, workers, problem = tuple(self._members), tuple(m.status for m in self._members), self._problem
        ready = [m for m in members if m.status.state in ("free", "busy")]
        if ready:
            note = sentence("Workers that are ready: {count} of {all}.", count=len(ready), all=len(members))
            device = f"{len(ready)} × {', '.join(sorted({m.device for m in ready}))}"
            return EngineStatus("ready", note, device, workers=workers)
        refused = [sentence("{worker}: {reason}", worker=w.name, reason=w.note) for w in workers if w.note]
        if problem or (members and len(refused) == len(members)):
            return EngineStatus("failed", problem or join(*refused), workers=workers)
        return EngineStatus("starting", sentence("The farm is warming up."), workers=workers)

    def _await(self, member: Member) -> None:
        """Wait for a worker's hello in a thread of its own."""
        threading.Thread(target=self._hear, args=(member,), name="studio-farm-hello", daemon=True).start()

    def _hear(self, member: Member) -> None:
        while True:
            try:
                self._welcome(member, member.worker.hello())
                return
            except WorkerLostError:
                time.sleep(PAUSE)

    def _welcome(self, member: Member, hello: Hello) -> None:
        reason = refusal(hello, self._models)
        name = sentence("Worker {number} on {host}", number=member.number, host=hello.host)
        member.models, member.device = frozenset(hello.models), hello.device
        self._set(member, WorkerStatus(name, "refused" if reason else "free", note=reason))

    def _set(self, member: Member, status: WorkerStatus) -> None:
        with self._free:
            member.status = status
            self._free.notify_all()
        self._report()
