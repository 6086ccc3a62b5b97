"""Takes on a farm: the same files as at home, whoever is lost, and nobody who would make others."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Semaphore

import pytest
from PIL import Image

from studio.engine.events import Cancelled, Failed, RenderRequest, TakeDone, Working
from studio.farm.engine import FarmEngine
from studio.farm.sameness import Hello
from tests.fake_engine import FakeEngine, card
from tests.farm.fake_pool import FakePool, FakeWorker, run, start_farm

Ask = Callable[..., RenderRequest]


@pytest.fixture()
def ask(tmp_path: Path) -> Ask:
    """Make requests for takes in folders of their own, of two sections."""
    Image.new("RGB", (64, 48), "teal").save(tmp_path / "picture.png")

    def make(film: str, take: str, parent: str = "", **changes: object) -> RenderRequest:
        folder = tmp_path / film / take
        folder.mkdir(parents=True)
        before = tmp_path / film / parent if parent else None
        request = RenderRequest(take, "tiny", "the sea", 5, 2, 2, 1.0, (64, 48), tmp_path / "picture.png", before, folder)
        return replace(request, **changes)  # type: ignore[arg-type]

    return make


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def busy(pool: FakePool) -> list[FakeWorker]:
    return [worker for worker in pool.workers if worker.engine.requests]


def test_the_same_files_as_at_home(ask: Ask, tmp_path: Path) -> None:
    farm, home = start_farm(FakePool(tmp_path)), FakeEngine()
    for engine, film in ((home, "home"), (farm, "farm")):
        events = run(engine, ask(film, "a"), ask(film, "b", "a"))
        assert [event.take for event in events if isinstance(event, TakeDone)] == ["a", "b"], events
    assert files(tmp_path / "farm") == files(tmp_path / "home")


def test_jobs_run_at_once_and_wait_for_a_worker(ask: Ask, tmp_path: Path) -> None:
    pool = FakePool(tmp_path)
    gates = [Semaphore(0), Semaphore(0)]
    for worker, gate in zip(pool.workers, gates, strict=True):
        worker.engine.gate = gate
    farm = start_farm(pool)
    jobs = [farm.submit(iter([ask("film", name)]), lambda *_: None) for name in "abc"]
    until(lambda: len(busy(pool)) == 2 and farm.status().waiting == 1)
    assert {(w.state, w.take) for w in farm.status().workers} == {("busy", "a"), ("busy", "b")} and farm.lanes == 2
    for worker in pool.workers:
        worker.engine.gate = None
    assert all(job.wait(20) for job in jobs) and [job.state for job in jobs] == ["done"] * 3
    until(lambda: {w.state for w in farm.status().workers} == {"free"})


def test_another_worker_goes_on_where_one_is_lost(ask: Ask, tmp_path: Path) -> None:
    run(FakeEngine(), ask("home", "a"))
    pool = FakePool(tmp_path)
    for worker in pool.workers:
        worker.engine.gate = Semaphore(3)                        # into the second of two sections
    farm, request = start_farm(pool), ask("farm", "a")
    job = farm.submit(iter([request]), lambda *_: None)
    until(lambda: (request.folder / "section-000.safetensors").is_file())
    (lost,) = busy(pool)
    lost.is_lost = True
    (other,) = [worker for worker in pool.workers if worker is not lost]
    until(lambda: other.engine.requests)
    other.engine.gate = None
    assert job.wait(20) and job.state == "done", job.error
    assert files(tmp_path / "farm") == files(tmp_path / "home")
    until(lambda: {w.state for w in farm.status().workers} == {"free"})


def test_a_take_that_ends_every_worker_is_given_up(ask: Ask, tmp_path: Path) -> None:
    pool = FakePool(tmp_path)
    for worker in pool.workers:
        worker.begin = lambda _, worker=worker: _lose(worker)    # type: ignore[method-assign, misc]
    *_, last = run(start_farm(pool), ask("farm", "a"))
    assert isinstance(last, Failed) and "3 workers were lost" in last.message and not last.sections


def _lose(worker: FakeWorker) -> None:
    worker.is_lost = True
    worker._call(print)


@pytest.mark.parametrize("at_once", [True, False])
def test_cancel_and_pause_reach_a_worker(ask: Ask, tmp_path: Path, at_once: bool) -> None:
    pool = FakePool(tmp_path, count=1)
    engine = pool.workers[0].engine
    engine.gate, seen = Semaphore(3), []
    farm, request = start_farm(pool), ask("farm", "a", sections=3)
    job = farm.submit(iter([request]), lambda _, event: seen.append(event))
    until(lambda: (request.folder / "section-000.safetensors").is_file())
    (job.cancel if at_once else job.pause)()
    if not at_once:
        time.sleep(0.1)
        engine.gate = None
    assert job.wait(20) and job.state == ("cancelled" if at_once else "paused")
    (end,) = [event for event in seen if isinstance(event, Cancelled)]
    assert end.sections == (1 if at_once else 2) and (request.folder / "clip.mp4").is_file()


@pytest.mark.parametrize(("change", "said"), [
    ({"models": {"tiny": "tiny:0123"}}, "Its weights of the model “tiny” are not those of this studio"),
    ({"program": "0123"}, "another version of the studio"),
    ({"torch": "1.0"}, "It has torch 1.0"),
])
def test_a_worker_that_differs_is_refused(ask: Ask, tmp_path: Path, change: dict[str, object], said: str) -> None:
    farm = start_farm(FakePool(tmp_path, change=lambda hello: replace(hello, **change)))       # type: ignore[arg-type]
    *_, last = run(farm, ask("farm", "a"))
    assert isinstance(last, Failed) and said in last.message, last
    assert farm.status().state == "failed" and said in farm.status().note


def test_one_worker_that_differs_leaves_the_other(ask: Ask, tmp_path: Path) -> None:
    pool = FakePool(tmp_path)
    pool.workers[0]._change = lambda hello: replace(hello, models={"tiny": "other"})
    farm = start_farm(pool)
    assert isinstance(run(farm, ask("farm", "a"))[-1], TakeDone)
    until(lambda: sorted(w.state for w in farm.status().workers) == ["free", "refused"])
    assert farm.status().state == "ready" and farm.lanes == 1


def test_a_model_that_no_worker_has(ask: Ask, tmp_path: Path) -> None:
    farm = start_farm(FakePool(tmp_path))
    *_, last = run(farm, ask("farm", "a", model="large"))
    assert isinstance(last, Failed) and "No worker has the model 'large'" in last.message


def test_a_farm_that_cannot_be_reached(ask: Ask, tmp_path: Path) -> None:
    pool = FakePool(tmp_path)
    pool.problem = "The farm is away."
    farm = FarmEngine(pool, (card(),))
    job = farm.submit(iter([ask("farm", "a")]), lambda *_: None)
    farm.start()
    assert job.wait(20) and job.error and job.error.message == "The farm is away." == farm.status().note


def test_what_the_worker_does_is_told(ask: Ask, tmp_path: Path) -> None:
    events = run(start_farm(FakePool(tmp_path, count=1)), ask("farm", "a"))
    assert Working("a", "decoding") in events


def test_hello_says_what_it_is(tmp_path: Path) -> None:
    hello = FakePool(tmp_path, count=1).workers[0].hello()
    assert isinstance(hello, Hello) and hello.models == {"tiny": "tiny"} and len(hello.program) == 16
