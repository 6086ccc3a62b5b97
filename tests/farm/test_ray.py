"""A farm of two worker processes on Ray, with a small model: the bytes of a local render, one worker killed in the middle."""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from studio.catalogue.cards import ModelCard, find_models
from studio.engine.engine import Engine
from studio.engine.events import Cancelled, Event, RenderRequest, SectionDone, Step, TakeDone
from studio.farm.address import Address
from studio.farm.engine import FarmEngine
from studio.farm.ray_pool import RayPool
from studio.lab import tiny
from studio.media.clip import read_clip
from tests import folders

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="Ray's workers are killed by signals")]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    folders.remembering(folder / "remembering")
    return folder


@pytest.fixture(scope="module")
def cards(models: Path) -> tuple[ModelCard, ...]:
    return find_models(models)[0]


@pytest.fixture(scope="module")
def pool(models: Path) -> Iterator[RayPool]:
    pool = RayPool(Address(workers=2), models)
    yield pool
    pool.close()


@pytest.fixture(scope="module")
def farm(pool: RayPool, cards: tuple[ModelCard, ...]) -> FarmEngine:
    farm = FarmEngine(pool, cards)
    farm.start()
    wait_for(lambda: farm.lanes == 2)
    return farm


def wait_for(condition: Callable[[], object], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def command_of(process: psutil.Process) -> str:
    """The command line of a process of this one; "" of one that has ended: other tests' children are here as well."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:                # or a zombie
        return ""


def request(films: Path, film: str, take: str, parent: str = "", **changes: object) -> RenderRequest:
    folder = films / film / take
    folder.mkdir(parents=True)
    if not (films / "picture.png").exists():
        tiny.picture(size=96).save(films / "picture.png")
    before = films / film / parent if parent else None
    made = RenderRequest(
        take, "remembering", "pan left", 7, 2, 2, 4.5, (64, 32), films / "picture.png", before, folder)
    return replace(made, **changes)  # type: ignore[arg-type]


def render_at_home(cards: tuple[ModelCard, ...], films: Path) -> None:
    """Two takes of the film "home" in this process, with one thread as each of the workers."""
    import torch

    before, _ = torch.get_num_threads(), torch.set_num_threads(1)
    local = Engine(cards, device="cpu")
    local.start()
    job = local.submit(iter([request(films, "home", "a"), request(films, "home", "b", "a", sections=3)]), lambda *_: None)
    assert job.wait(120) and job.state == "done", job.error
    torch.set_num_threads(before)


def digests(film: Path) -> dict[str, str]:
    return {str(p.relative_to(film)): hashlib.sha256(p.read_bytes()).hexdigest() for p in film.rglob("*") if p.is_file()}


def levels_apart(one: Path, other: Path) -> dict[str, int]:
    """Of each take: by how many levels of 255 a pixel of the two films differs at most."""
    return {take.name: int(np.abs(read_clip(take / "clip.mp4").astype(int) - read_clip(other / take.name / "clip.mp4")).max())
            for take in sorted(one.iterdir()) if take.is_dir()}


def test_a_farm_makes_the_same_bytes_even_when_a_worker_is_killed(
    farm: FarmEngine, pool: RayPool, cards: tuple[ModelCard, ...], tmp_path: Path
) -> None:
    pids = {hello.pid: worker for worker in pool.workers() if (hello := worker.hello())}
    assert len(pids) == 2 and os.getpid() not in pids
    events: list[Event] = []

    def listen(_: object, event: Event | None) -> None:
        if event:
            events.append(event)
        if isinstance(event, SectionDone) and event.take == "b" and event.section == 0:
            at = next(number for number, worker in enumerate(farm.status().workers) if worker.take == "b")
            os.kill(pool.workers()[at].hello().pid, signal.SIGKILL)

    job = farm.submit(iter([request(tmp_path, "farm", "a"), request(tmp_path, "farm", "b", "a", sections=3)]), listen)
    assert job.wait(120) and job.state == "done", job.error
    render_at_home(cards, tmp_path)
    assert levels_apart(tmp_path / "farm", tmp_path / "home") == {"a": 0, "b": 0}
    assert digests(tmp_path / "farm") == digests(tmp_path / "home")
    assert [type(event) for event in events if isinstance(event, TakeDone)] == [TakeDone] * 2
    again = [event for event in events if isinstance(event, SectionDone) and event.take == "b"]
    assert [event.section for event in again] == [0, 1, 2], "the finished section was not made again"
    assert any(isinstance(event, Step) and event.preview for event in events)
    wait_for(lambda: farm.lanes == 2)
    assert {worker.hello().pid for worker in pool.workers()} != set(pids), "Ray has started it again"


def test_cancel_reaches_a_worker_process(farm: FarmEngine, tmp_path: Path) -> None:
    seen: list[Event | None] = []
    job = farm.submit(iter([request(tmp_path, "farm", "a", sections=30, steps=50)]), lambda _, event: seen.append(event))
    wait_for(lambda: any(isinstance(event, Step) for event in seen))
    job.cancel()
    assert job.wait(10) and job.state == "cancelled" and any(isinstance(event, Cancelled) for event in seen)


def test_ray_listens_on_this_machine_alone(farm: FarmEngine, pool: RayPool) -> None:
    ours = psutil.Process().children(recursive=True)
    rays = [child for child in ours if any(word in command_of(child) for word in ("gcs_server", "raylet", "ray::"))]
    ports = [each.laddr.ip for child in rays for each in child.net_connections() if each.status == psutil.CONN_LISTEN]
    assert ports and all(ip in ("127.0.0.1", "::ffff:127.0.0.1", "::1") for ip in ports), ports
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"


def test_nothing_is_left_when_the_farm_is_closed(farm: FarmEngine, pool: RayPool) -> None:
    root = Path(pool.root)
    ours = [child for child in psutil.Process().children(recursive=True) if "ray" in command_of(child).lower()]
    assert ours and root.is_dir()
    pool.close()
    gone, alive = psutil.wait_procs(ours, timeout=20)
    assert gone and not alive and not root.exists()
