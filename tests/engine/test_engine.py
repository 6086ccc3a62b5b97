"""The engine behind the page: it says how far it is, waits for its own warm-up, and names what it cannot do."""

from __future__ import annotations

import gc
import shutil
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest

from studio.catalogue.cards import ModelCard, read_card
from studio.engine.engine import Engine
from studio.engine.events import Cancelled, EngineStatus, Event, Failed, Step, TakeDone, Working
from studio.engine.jobs import Job
from studio.media import MediaError
from tests.engine.conftest import Ask


def submit(engine: Engine, *requests: object) -> tuple[Job, list[Event]]:
    events: list[Event] = []
    job = engine.submit(iter(requests), lambda _, event: events.append(event) if event else None)  # type: ignore[arg-type]
    return job, events


def test_a_job_sent_before_the_warm_up_waits_for_it(models: dict[str, ModelCard], ask: Ask) -> None:
    engine, told = Engine((models["small"], models["large"]), device="cpu"), []
    engine.watch(told.append)
    assert engine.status().state == "starting"
    job, events = submit(engine, ask("a"), ask("b", model="large"))
    assert not job.wait(0.2)
    engine.start()
    assert job.wait(120)
    assert job.state == "done", job.error
    assert events[0] == Working("a", "warming up the engine")
    assert [e.take for e in events if isinstance(e, TakeDone)] == ["a", "b"]
    assert [s.note for s in told] == ["Small is ready.", "Large is ready."]
    assert engine.status() == EngineStatus("ready", "Large is ready.", "CPU")


def test_a_job_can_be_cancelled_while_the_engine_warms_up(models: dict[str, ModelCard], ask: Ask) -> None:
    engine = Engine((models["small"],), device="cpu")
    job, events = submit(engine, ask("a"))
    job.cancel()
    engine.start()
    assert job.wait(60)
    assert job.state == "cancelled"
    assert not any(isinstance(e, TakeDone) for e in events)


def test_cancel_does_not_wait_for_the_warm_up(models: dict[str, ModelCard], ask: Ask) -> None:
    engine = Engine((models["small"],), device="cpu")                 # it never starts
    job, events = submit(engine, ask("a"))
    while not events:
        assert not job.wait(0.01)
    job.cancel()
    assert job.wait(5) and job.state == "cancelled"
    assert events == [Working("a", "warming up the engine"), Cancelled("a", 0, 0, 0.0)]


def test_cancelled_while_a_model_loads(models: dict[str, ModelCard], ask: Ask) -> None:
    engine, events = Engine((models["small"], models["large"]), device="cpu"), []

    def listen(job: Job, event: Event | None) -> None:
        events.append(event)
        if event == Working("a", "loading the model"):
            job.cancel()

    engine.start()
    job = engine.submit(iter([ask("a", model="large")]), listen)
    assert job.wait(60) and job.state == "cancelled"
    assert not any(isinstance(e, Step) for e in events)


def test_the_old_model_is_gone_before_the_new_one_is_read(models: dict[str, ModelCard], ask: Ask) -> None:
    engine = Engine((models["small"], models["large"]), device="cpu")
    engine.start()
    first, _ = submit(engine, ask("a"))
    assert first.wait(60) and engine._renderer
    old = weakref.ref(engine._renderer)
    told: list[bool] = []
    engine.watch(lambda _: told.append(old() is None))
    gc.disable()                                                      # it would come to it some time
    try:
        second, _ = submit(engine, ask("b", model="large"))
        assert second.wait(60) and second.state == "done"
    finally:
        gc.enable()
    assert told == [True]


def test_a_model_cut_short_is_named_and_works_once_it_is_whole(
    models: dict[str, ModelCard], ask: Ask, tmp_path: Path
) -> None:
    shutil.copytree(models["small"].folder, tmp_path / "models" / "small")
    weights = tmp_path / "models" / "small" / "transformer" / "diffusion_pytorch_model.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[:1000])
    told: list[EngineStatus] = []
    engine = Engine((read_card(tmp_path / "models" / "small"),), device="cpu")
    engine.watch(told.append)
    engine.start()
    job, events = submit(engine, ask("a"))
    assert job.wait(60) and job.state == "failed"
    assert told[0].state == "failed" and "diffusion_pytorch_model.safetensors has 1,000 bytes" in told[0].note
    assert isinstance(events[-1], Failed) and "cut short" in events[-1].message and "again" in events[-1].message
    weights.write_bytes(content)
    job, _ = submit(engine, ask("a"))
    assert job.wait(60) and job.state == "done" and engine.status().state == "ready"


def test_no_memory_for_a_model_is_told_with_a_remedy(
    models: dict[str, ModelCard], ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine((models["small"],), device="cpu")

    def too_large(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("studio.backbones.load.load", too_large)
    engine.start()
    job, events = submit(engine, ask("a"))
    assert job.wait(60) and job.state == "failed"
    assert isinstance(events[-1], Failed) and "not enough memory" in events[-1].message
    assert "Close other programs that use memory." in events[-1].remedy        # 64 x 32 is this model's smallest size


def test_a_preparation_that_fails_is_not_told_for_ever(
    models: dict[str, ModelCard], ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, told = Engine((models["small"], models["large"]), device="cpu"), list[EngineStatus]()
    engine.watch(told.append)
    engine.start()
    assert submit(engine, ask("a"))[0].wait(60)

    def full(card: ModelCard, device: str, size: tuple[int, int], report: Callable[[str], None]) -> None:
        assert size == (64, 32), "it is planned for the film that is asked for"
        report("The model is being prepared for this machine.")
        raise MediaError("The disk is full.")

    monkeypatch.setattr("studio.backbones.load.load", full)
    job, events = submit(engine, ask("b", model="large"))
    assert job.wait(60) and job.state == "failed"
    assert isinstance(events[-1], Failed) and events[-1].message == "The disk is full."
    assert [(s.state, s.note) for s in told] == [
        ("ready", "Small is ready."), ("starting", "The model is being prepared for this machine."), ("ready", "Small is ready.")]


def test_an_unknown_model_is_named(models: dict[str, ModelCard], ask: Ask) -> None:
    engine = Engine((models["small"],), device="cpu")
    engine.start()
    job, events = submit(engine, ask("a", model="framepack-f9"))
    assert job.wait(60)
    assert isinstance(events[-1], Failed)
    assert "framepack-f9" in events[-1].message
    assert "small" in events[-1].message


@pytest.mark.parametrize("problems", [(), ("models/x/model.toml: unknown key 'fpz'.",)])
def test_without_a_model_the_engine_says_so(problems: tuple[str, ...], ask: Ask) -> None:
    engine, done = Engine((), problems), threading.Event()
    engine.watch(lambda _: done.set())
    engine.start()
    assert done.wait(60)
    assert engine.status().state == "failed"
    assert (problems[0] if problems else "no model under models/") in engine.status().note


def test_the_engine_is_made_without_torch() -> None:
    code = "import sys, studio.engine.engine as e; e.Engine(()); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
