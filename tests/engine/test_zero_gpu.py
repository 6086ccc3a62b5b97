"""A card that is lent for one section at a time: the package `spaces` itself once, and what comes of its errors."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from studio.catalogue.cards import ModelCard
from studio.engine.engine import Engine
from studio.engine.events import Cancelled, CardGone, Event, Failed, RenderRequest, SectionDone, Step, TakeDone, Working
from studio.engine.jobs import Stop, Worker
from studio.engine.rates import Rate, Rates
from studio.engine.zero_gpu import LentCard, explain_refusal, pack, unpack
from studio.language import sentence
from studio.project.edits import EditError
from tests.engine.conftest import Ask
from tests.fake_engine import FakeEngine, card
from tests.shelves import make_film, make_studio, wait_for_job

QUOTA = "You have exceeded your free ZeroGPU quota (60s requested vs. 3s left). Try again in 3:12:00. "
Spaces = list[Any]


class GradioError(Exception):
    """As Gradio's, which `spaces` raises."""

    def __init__(self, title: str, message: str) -> None:
        super().__init__(message)
        self.title, self.message = title, message


@pytest.fixture()
def spaces(monkeypatch: pytest.MonkeyPatch) -> Spaces:
    """What the next calls for a card come to: None or an error. The seconds that were asked for are put at its end."""
    answers: Spaces = []

    def lend(duration: Callable[..., int]) -> Callable[[Callable[..., Iterator[bytes]]], Callable[..., Iterator[bytes]]]:
        def decorate(run: Callable[..., Iterator[bytes]]) -> Callable[..., Iterator[bytes]]:
            def lent(*given: Any) -> Iterator[bytes]:
                error = answers.pop(0) if answers and not isinstance(answers[0], int) else None
                answers.append(duration(*given))
                if error is not None:
                    raise error
                yield from run(*given)
            return lent
        return decorate

    module = ModuleType("spaces")
    module.GPU = lend                                        # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "spaces", module)
    return answers


@pytest.fixture()
def lent(spaces: Spaces) -> LentCard:
    rates = Rates()
    rates.record("small", (64, 48), Rate(8, 4, 1))
    fake = SimpleNamespace(model=SimpleNamespace(card=SimpleNamespace(name="small")), render=FakeEngine()._render)
    return LentCard(lambda request: fake, rates)             # type: ignore[arg-type, return-value]


def rendered(lent: LentCard, ask: Ask, stop: Stop | None = None, **changes: Any) -> list[Event]:
    return list(lent.render(ask(size=(64, 48), sections=2, **changes), stop or Stop()))


def test_each_section_is_a_call_of_its_own(lent: LentCard, ask: Ask, spaces: Spaces) -> None:
    events = rendered(lent, ask)
    assert [type(event) for event in events if not isinstance(event, Working | Step)] == [SectionDone, SectionDone, TakeDone]
    assert isinstance(events[-1], TakeDone) and events[-1].sections == 2
    assert len(spaces) == 2 and spaces[0] == 63, "(2 steps of 8 s, 4 s, and 30 s to begin) and a quarter more"
    assert spaces[1] < spaces[0], "it begins faster than was thought"
    step = next(event for event in events if isinstance(event, Step))
    assert step.seconds_left is not None


def test_a_quota_that_ends_loses_no_section_and_pauses_the_job(lent: LentCard, ask: Ask, spaces: Spaces) -> None:
    spaces[:] = [None, GradioError("ZeroGPU quota exceeded", QUOTA)]
    stop = Stop()
    *_, gone, last = rendered(lent, ask, stop)
    assert isinstance(gone, CardGone) and "Resume in 3 h 12 min. The finished sections are kept." in gone.message
    assert isinstance(last, Cancelled) and last.sections == 1 and stop.before_next_section
    events = rendered(lent, ask)
    assert sum(isinstance(event, SectionDone) for event in events) == 1 and isinstance(events[-1], TakeDone)


def test_a_question_about_a_film_fails_with_the_sentence(lent: LentCard, ask: Ask, spaces: Spaces) -> None:
    spaces[:] = [GradioError("ZeroGPU quota exceeded", QUOTA)]
    stop = Stop()
    last = rendered(lent, ask, stop, psi_of="begin")[-1]
    assert isinstance(last, Failed) and "Resume in 3 h 12 min" in last.message and not stop.before_next_section


def test_the_artist_is_told_when_to_go_on(spaces: Spaces, tmp_path: Path) -> None:
    """A whole film: it pauses with the sentence, keeps its sections, and goes on where it stopped."""
    engine = FakeEngine()
    fake = SimpleNamespace(model=SimpleNamespace(card=SimpleNamespace(name="tiny")), render=engine._render)
    engine._worker = Worker(LentCard(lambda request: fake, engine.rates).render)      # type: ignore[arg-type, return-value]
    session = make_film(make_studio(tmp_path, engine), "a", "b", sections=2)
    spaces[:] = [None, GradioError("ZeroGPU quota exceeded", QUOTA)]
    session.jobs.generate_all()
    job = wait_for_job(session)
    assert job.state == "paused" and job.note.startswith("Your time on the graphics card is used up.")
    assert [(take.state, take.sections) for take in session.project.film()] == [("partial", 1)]
    session.jobs.resume()
    assert wait_for_job(session).state == "done"
    assert [(take.state, take.sections) for take in session.project.film()] == [("done", 2), ("done", 2)]
    with pytest.raises(EditError, match="nothing to resume"):
        session.jobs.resume()


def test_a_section_that_was_cut_off_is_given_twice_the_time_once(lent: LentCard, ask: Ask, spaces: Spaces) -> None:
    cut = GradioError("ZeroGPU worker error", "GPU task aborted")
    spaces[:] = [cut]
    assert isinstance(rendered(lent, ask)[-1], TakeDone)
    assert spaces[0] == 63 and spaces[1] == 125 and len(spaces) == 3
    spaces[:] = [cut, cut]
    last = rendered(lent, ask, take="b")[-1]
    assert isinstance(last, Failed) and "taken back" in last.message and "smaller size" in last.remedy


def test_cancelling_gives_the_card_back_after_a_step(lent: LentCard, ask: Ask) -> None:
    stop, seen = Stop(), list[Event]()
    for event in lent.render(ask(size=(64, 48), sections=2, steps=5), stop):
        seen.append(event)
        if isinstance(event, Step):
            stop.set()
    assert sum(isinstance(event, Step) for event in seen) == 1 and isinstance(seen[-1], Cancelled) and not seen[-1].sections


@pytest.mark.parametrize(("title", "text", "told"), [
    ("ZeroGPU quota exceeded", QUOTA.replace("3:12:00", "0:00:05"), "Resume in 1 min"),
    ("ZeroGPU quota exceeded", QUOTA.replace("3:12:00", "1 day, 0:30:00"), "Resume in 24 h 30 min"),
    ("ZeroGPU quota exceeded", "You have exceeded your ZeroGPU runs limit. ", "Resume tomorrow"),
    ("ZeroGPU quota exceeded", "Space app has reached its GPU limit. Try re-running", "Sign in to Hugging Face"),
    ("ZeroGPU pending credits exceeded", "You have too many", "Resume when one is done"),
    ("ZeroGPU queue timeout", "No GPU was available after 60s. Retry later", "Resume in some minutes"),
    ("ZeroGPU client error", "Expired ZeroGPU proxy token", "Reload the page"),
])  # fmt: skip
def test_refusals_say_when_to_go_on(title: str, text: str, told: str) -> None:
    said = explain_refusal(GradioError(title, text))
    assert said and told in said and said.endswith("The finished sections are kept.")


@pytest.mark.parametrize(("error", "told"), [
    (GradioError("ZeroGPU illegal duration", "The requested GPU duration (300s) is larger than the maximum allowed"), "as long as"),
    (GradioError("ZeroGPU worker error", "OSError"), "GradioError: OSError"), (RuntimeError("Unexpected end of stream"), "stream"),
])  # fmt: skip
def test_other_errors_end_the_job_with_a_sentence(
    lent: LentCard, ask: Ask, spaces: Spaces, error: Exception, told: str
) -> None:
    spaces[:] = [error]
    last = rendered(lent, ask)[-1]
    assert explain_refusal(error) is None
    assert isinstance(last, Failed) and told in last.message and last.remedy.endswith("The finished sections are kept.")


def test_sentences_and_requests_cross_to_another_process_whole(ask: Ask) -> None:
    event = unpack(pack(Failed("a", sentence("The disk is full: {folder} cannot be written.", folder=Path("x")), "", 0, 0, 0.0)))
    assert event.message.template == "The disk is full: {folder} cannot be written."
    request: RenderRequest = ask()
    assert unpack(pack(request)) == request


def test_on_such_a_space_only_models_that_need_a_card_ask_for_it(spaces: Spaces, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Engine(())._lent is None
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    cards: tuple[ModelCard, ...] = (card(), card("big", kind="framepack"))
    engine = Engine(cards)
    asked: list[str] = []
    engine._warm.set()

    def lend(request: RenderRequest, _: Stop) -> Iterator[Event]:
        asked.append(request.model)
        yield Working(request.take, "")

    monkeypatch.setattr(engine._lent, "render", lend)
    monkeypatch.setattr(engine, "_load", lambda card, size: (_ for _ in ()).throw(RuntimeError(engine._device)))
    small, big = (SimpleNamespace(take="a", model=name, size=(64, 48), video=None, folder=Path()) for name in ("tiny", "big"))
    assert "cpu" in str(list(engine._render(small, Stop()))[-1])     # type: ignore[arg-type]
    list(engine._render(big, Stop()))                                # type: ignore[arg-type]
    assert asked == ["big"]


@pytest.mark.slow
def test_with_the_package_itself(tmp_path: Path) -> None:
    """Forked processes, pickled arguments, the visitor's token and seconds at the Hub's service: see the process."""
    pytest.importorskip("spaces")
    ran = subprocess.run(
        [sys.executable, "-m", "tests.engine.zero_gpu_process", str(tmp_path)], cwd=Path(__file__).parents[2],
        capture_output=True, text=True, timeout=280, check=False)
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout.splitlines()[-1])
    first, second = ([name for name, _ in run] for run in found["told"])
    assert first[-4:] == ["Working", "CardGone", "Cancelled", "paused"] and second[-2:] == ["TakeDone", "paused"]
    assert [run[-1][1] for run in found["told"]] == ["True", "False"]
    assert first.count("SectionDone") == second.count("SectionDone") == 1
    calls = [call["call"] for call in found["seen"]]
    assert calls.count("/schedule") == 3 and calls.count("/allow") == 1, "one process rendered both sections"
    asked = [call for call in found["seen"] if call["call"] == "/schedule"]
    assert {call["token"] for call in asked} == {"visitor"} and int(asked[0]["durationSeconds"]) == 68
    assert found["same"], "bit for bit what is rendered without it"
