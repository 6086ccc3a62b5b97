"""The engine behind the page: it says how far it is, waits for its own warm-up, and names what it cannot do."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from studio.engine.cards import ModelCard
from studio.engine.engine import Engine
from studio.engine.events import EngineStatus, Event, Failed, TakeDone, Working
from studio.engine.jobs import Job
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
