"""Workers as actors of Ray: on this machine, in a cluster that lives as long as the studio, or in a cluster elsewhere."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import tempfile
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from studio.farm.address import Address
from studio.farm.parcel import Parcel
from studio.farm.pool import FarmError, RemoteWorker, WorkerLostError
from studio.farm.sameness import Hello
from studio.farm.station import Delivery, Station
from studio.language import sentence

STORE = 2**28
"""Bytes of the object store on this machine; what does not fit goes to the disk."""
WAIT = 0.1
"""Seconds that a worker waits for its next event before it is asked whether to stop."""
CALLS = 4
"""Methods of a worker that may run at once: it is told to stop while it is asked for events."""


log = logging.getLogger(__name__)


class RayStation(Station):
    """A station that is an actor."""

    def __init__(self, **options: Any) -> None:
        """As `Station`; the contents of parcels lie in Ray's object store."""
        import ray

        super().__init__(ray.get, **options)


class RayPool:
    """The workers of `STUDIO_FARM`."""

    def __init__(self, address: Address, models: Path | None = None, **options: Any) -> None:
        """Workers at `address`; those on this machine have the studio's folder of `models`. `options`: more for their `Station`."""
        self._address, self._models, self._options = address, models, options
        self._actors: list[Any] = []
        self._roots: tempfile.TemporaryDirectory[str] | None = None

    def connect(self) -> Sequence[RemoteWorker]:
        """See `Pool.connect`."""
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        os.environ["RAY_DISABLE_FAILURE_SIGNAL_HANDLER"] = "1"    # it would print a stack of C++ when the studio is stopped
        if self._address.workers:                # Ray's processes listen on 127.0.0.1 alone, as they do on Windows and macOS
            os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
        elif {"RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"} & os.environ.keys() or (Path.home() / ".ray" / "auth_token").is_file():
            os.environ.setdefault("RAY_AUTH_MODE", "token")           # a client sends the token only when it is told to
        import ray

        logging.getLogger("ray").setLevel(logging.ERROR)
        atexit.register(self.close)
        try:
            self._actors = self._local(ray) if self._address.workers else self._elsewhere(ray)
        except (ConnectionError, TimeoutError, RuntimeError, ValueError) as error:
            where = self._address.cluster or f"local:{self._address.workers}"
            raise FarmError(sentence(
                "The farm at {address} cannot be reached ({error}). Look whether it runs, or start the studio without STUDIO_FARM.",
                address=where, error=_reason(error))) from None
        return self.workers()

    def workers(self) -> list[RayWorker]:
        """The workers that were connected to."""
        return [RayWorker(actor) for actor in self._actors]

    @property
    def root(self) -> str:
        """Where the workers on this machine keep what they were sent; "" if there are none."""
        return self._roots.name if self._roots else ""

    def put(self, content: bytes) -> Any:
        """See `Pool.put`."""
        import ray

        return ray.put(content)

    def close(self) -> None:
        """End the workers on this machine, or leave the cluster, whose workers of this studio end."""
        if not self._actors:
            return
        import ray

        atexit.unregister(self.close)
        with contextlib.suppress(Exception):
            ray.get([actor.close.remote() for actor in self._actors], timeout=2)
        self._actors = []
        ray.shutdown()
        if self._roots:
            self._roots.cleanup()

    def _local(self, ray: Any) -> list[Any]:
        count = self._address.workers
        _in_lasting_thread(partial(
            ray.init, "local", num_cpus=count, include_dashboard=False, object_store_memory=STORE, _node_ip_address="127.0.0.1",
            log_to_driver=False, configure_logging=False))
        self._roots = tempfile.TemporaryDirectory(prefix="studio-farm-", ignore_cleanup_errors=True)
        gpus = int(ray.cluster_resources().get("GPU", 0))
        share = gpus // count if gpus >= count else gpus / count
        threads = max(1, (os.cpu_count() or 1) // count)
        return [
            self._actor(ray, share, models=self._models, root=Path(self._roots.name) / str(number), threads=threads)
            for number in range(count)]

    def _elsewhere(self, ray: Any) -> list[Any]:
        """One worker for each graphics card of the cluster; without any, one for each machine."""
        try:
            ray.init(self._address.cluster, log_to_driver=False)
        except ConnectionAbortedError as error:  # the head starts a process for each client, and did not have it up in its 30 s
            log.warning("The cluster's head had no process for this studio in time (%s): once more", _reason(error))
            ray.init(self._address.cluster, log_to_driver=False)
        gpus = int(ray.cluster_resources().get("GPU", 0))
        machines = [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU", 0) >= 1]
        if not gpus and not machines:
            raise RuntimeError(sentence("it has no processors"))
        if gpus:
            return [self._actor(ray, 1) for _ in range(gpus)]
        return [self._actor(ray, 0, threads=int(node["Resources"]["CPU"])) for node in machines]

    def _actor(self, ray: Any, gpus: float, **options: Any) -> Any:
        made = ray.remote(
            num_cpus=1, num_gpus=gpus, max_concurrency=CALLS, max_restarts=-1, scheduling_strategy="SPREAD")(RayStation)
        return made.remote(**{**options, **self._options})


def _reason(error: Exception) -> str:
    """What an error of Ray's says in one line: of the traceback of a cluster's head the last one, else the first."""
    lines = str(error).strip().split("\n")
    return lines[-1 if isinstance(error, ConnectionAbortedError) else 0]


def _in_lasting_thread(start: Callable[[], Any]) -> None:
    """Call `start` in a thread that never ends: Linux ends Ray's processes with the thread that started them. Raises its error."""
    done, failed = threading.Event(), list[BaseException]()

    def run() -> None:
        """Start, tell whether it failed, and stay: Ray wants its thread to live."""
        try:
            start()
        except BaseException as error:  # noqa: BLE001 - raised again by the caller
            failed.append(error)
        done.set()
        threading.Event().wait()

    threading.Thread(target=run, name="studio-ray", daemon=True).start()
    done.wait()
    if failed:
        raise failed[0]


class RayWorker:
    """A `RemoteWorker` that is an actor."""

    def __init__(self, actor: Any) -> None:
        """The worker of an actor of `RayStation`."""
        self.actor = actor

    def hello(self) -> Hello:
        """See `Station.hello`."""
        return self._call("hello")

    def begin(self, parcel: Parcel) -> None:
        """See `Station.begin`."""
        self._call("begin", parcel)

    def deliveries(self) -> Sequence[Delivery]:
        """See `Station.deliveries`."""
        return self._call("deliveries", WAIT)

    def stop(self, at_once: bool) -> None:
        """See `Station.stop`."""
        self._call("stop", at_once)

    def _call(self, method: str, *values: Any) -> Any:
        """What a method returns. Raises WorkerLostError, and what the method raises."""
        import ray

        try:
            return ray.get(getattr(self.actor, method).remote(*values))
        except ray.exceptions.RayTaskError:
            raise
        except (ray.exceptions.RayError, ConnectionError) as error:
            raise WorkerLostError(str(error)) from None
