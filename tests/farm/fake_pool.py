"""A farm in the test's own process: stations with fake engines, which can be lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from studio.catalogue.cards import ModelCard
from studio.engine.events import Event, RenderRequest
from studio.farm.engine import FarmEngine
from studio.farm.parcel import Parcel
from studio.farm.pool import FarmError, RemoteWorker, WorkerLostError
from studio.farm.sameness import Hello
from studio.farm.station import Delivery, Station
from tests.fake_engine import FakeEngine, card


class FakeWorker:
    """A worker whose process can be lost, and is then started again."""

    def __init__(self, root: Path, cards: Sequence[ModelCard], change: Callable[[Hello], Hello]) -> None:
        self._root, self._cards, self._change = root, cards, change
        self.is_lost = False
        self._start()

    def _start(self) -> None:
        self.engine = FakeEngine()
        self.station = Station(bytes, self._cards, self._root, engine=lambda *_: self.engine)

    def hello(self) -> Hello:
        if self.is_lost:
            self.is_lost = False
            self._start()
        return self._change(self.station.hello())

    def begin(self, parcel: Parcel) -> None:
        self._call(self.station.begin, parcel)

    def deliveries(self) -> Sequence[Delivery]:
        return self._call(self.station.deliveries, 0.02)  # type: ignore[no-any-return]

    def stop(self, at_once: bool) -> None:
        self._call(self.station.stop, at_once)

    def _call(self, method: Callable[..., Any], *values: Any) -> Any:
        if self.is_lost:
            raise WorkerLostError("it is gone")
        return method(*values)


class FakePool:
    """So many workers with the test model."""

    def __init__(self, root: Path, count: int = 2, change: Callable[[Hello], Hello] = lambda hello: hello) -> None:
        self.workers = [FakeWorker(root / f"worker-{number}", (card(),), change) for number in range(count)]
        self.problem = ""

    def connect(self) -> Sequence[RemoteWorker]:
        if self.problem:
            raise FarmError(self.problem)
        return self.workers

    def put(self, content: bytes) -> bytes:
        return content


def start_farm(pool: FakePool) -> FarmEngine:
    """A farm whose studio has the test model."""
    farm = FarmEngine(pool, (card(),))
    farm.start()
    return farm


def run(engine: Any, *requests: RenderRequest) -> list[Event]:
    """The events of a job with these requests."""
    events: list[Event] = []
    assert engine.submit(iter(requests), lambda _, event: events.append(event) if event else None).wait(30)
    return events
