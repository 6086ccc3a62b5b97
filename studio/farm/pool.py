"""What the farm's engine asks of a pool of workers: `studio.farm.ray_pool` has one on Ray, tests have one in their own process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from studio.farm.parcel import Parcel
from studio.farm.sameness import Hello
from studio.farm.station import Delivery


class FarmError(Exception):
    """There is no farm: the message says why, and what to do."""


class WorkerLostError(Exception):
    """A worker's process or machine is gone. It may come back."""


class RemoteWorker(Protocol):
    """A `Station` in another process. Every method raises WorkerLostError when that process is gone."""

    def hello(self) -> Hello:
        """See `Station.hello`."""
        ...

    def begin(self, parcel: Parcel) -> None:
        """See `Station.begin`."""
        ...

    def deliveries(self) -> Sequence[Delivery]:
        """See `Station.deliveries`; returns within a fraction of a second."""
        ...

    def stop(self, at_once: bool) -> None:
        """See `Station.stop`."""
        ...


class Pool(Protocol):
    """Workers, and a way to give them contents of files."""

    def connect(self) -> Sequence[RemoteWorker]:
        """The workers, which may still be starting.

        Raises:
            FarmError: there are none.
        """
        ...

    def put(self, content: bytes) -> Any:
        """What a worker's `get` is called with for this content."""
        ...
