"""Memory that runs out on a card: told, made leaner rung by rung, and the section is the one that it would have been."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import pytest
import torch
from torch import Tensor

from studio.backbones.film_model import FilmModel
from studio.backbones.framepack import mapped_weights
from studio.backbones.registry import sizes_of
from studio.catalogue.cards import PREPARED, ModelCard
from studio.engine import take_folder
from studio.engine.engine import Engine
from studio.engine.events import EngineStatus, Event, Failed, PlacementReduced, RenderRequest, Step, TakeDone, Working
from studio.engine.jobs import Stop
from studio.engine.render import Renderer
from studio.media.clip import probe
from studio.memory.snapshot import read_snapshot
from studio.placement.choose import choose_plan
from studio.placement.machine import imagine_machine
from studio.placement.plan import Plan
from studio.placement.profile import PROFILES, read_profile
from tests import folders
from tests.engine.conftest import Ask
from tests.small_gpu import SmallGpu, loaded, weights_of

pytestmark = pytest.mark.slow

SIZE = (128, 64)
WIDE = (256, 64)
"""Of films that are decoded in tiles; those of SIZE need none, and decoding is what takes time here."""
DECODING = 1000
"""Bytes a value that the decoder gets: 5.1 MB for the whole of WIDE, 3.8 and 2.6 for its smaller tiles."""


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    return folders.large(tmp_path_factory.mktemp("deep") / "deep", num_layers=2, num_single_layers=4)


@pytest.fixture(scope="module")
def plan(card: ModelCard) -> Plan:
    profile = replace(read_profile(PROFILES / "card-24gb.toml"), text_encoder="cpu", text_weights="bf16")
    return choose_plan(imagine_machine(24, 64, "Linux"), sizes_of(card), WIDE, override=profile)


@pytest.fixture(scope="module")
def undisturbed(card: ModelCard, plan: Plan) -> Callable[[RenderRequest], Tensor]:
    """Latents of the same request on a card that is large enough."""
    known: dict[object, Tensor] = {}

    def film(request: RenderRequest) -> Tensor:
        asked = request.sections, request.size
        if asked not in known:
            assert isinstance(run(Renderer(loaded(card, plan, SmallGpu())), request)[-1], TakeDone)
            known[asked] = latents(request)
        return known[asked]

    return film


def run(renderer: Renderer, request: RenderRequest, seen: Callable[[Event], None] = lambda _: None) -> list[Event]:
    events = []
    for event in renderer.render(request, Stop()):
        events.append(event)
        seen(event)
    return events


def latents(request: RenderRequest) -> Tensor:
    return read_snapshot(request.folder / take_folder.SNAPSHOT).recent


def messages(events: list[Event]) -> list[str]:
    return [event.message for event in events if isinstance(event, PlacementReduced)]


Film = Callable[[RenderRequest], Tensor]


def test_a_decoder_that_runs_out_gets_smaller_tiles(card: ModelCard, plan: Plan, ask: Ask, undisturbed: Film) -> None:
    on = SmallGpu()
    model = loaded(card, plan, on, decoding=DECODING)
    assert model.placement
    on.budget = sum(weights_of(model.placement.backbone)) + 3_000_000
    events = run(Renderer(model), ask(size=WIDE))
    assert isinstance(events[-1], TakeDone), events[-1]
    for edge, message in zip((192, 128), messages(events), strict=True):
        assert message.startswith("The graphics card ran out of memory while decoding") and f"tiles of {edge} pixels" in message
    assert on.refused == ["decoding", "decoding"] and on.peak <= on.budget
    assert len([e for e in events if isinstance(e, Step)]) == 2, "nothing is denoised again"
    now = model.placement.plan
    assert (now.profile.vae_tile, now.profile.resident) == (128, 6)
    assert torch.equal(latents(ask()), undisturbed(ask("other", size=WIDE)))
    assert probe(ask().folder / take_folder.CLIP).frames == 12
    assert not messages(run(Renderer(model), ask("next", size=WIDE))), "it is known now"


def test_blocks_leave_a_card_that_others_fill_in_the_middle_of_a_section(
    card: ModelCard, plan: Plan, ask: Ask, undisturbed: Film
) -> None:
    on = SmallGpu()
    model = loaded(card, plan, on, denoising=100_000)
    assert model.placement
    whole = sum(weights_of(model.placement.backbone))

    def other(event: Event) -> None:
        if isinstance(event, Step) and (event.section, event.step) == (0, 1):
            on.budget = whole * 3 // 4 + 100_000        # another program takes what was free

    events = run(Renderer(model), ask(sections=2, size=SIZE), other)
    assert isinstance(events[-1], TakeDone), events[-1]
    assert messages(events)
    assert all("blocks stay on the card, and the others are streamed from memory" in message for message in messages(events))
    assert {e.section for e in events if isinstance(e, PlacementReduced)} == {0}, "and it is known for the next one"
    assert [(e.section, e.step) for e in events if isinstance(e, Step)] == [
        (0, 1), (0, 1), (0, 2), (1, 1), (1, 2)]
    now = model.placement.plan
    assert 0 <= now.profile.resident < 6 and now.profile.vae_tile == plan.profile.vae_tile and now.ram_stream_bytes
    assert torch.equal(latents(ask()), undisturbed(ask("other", sections=2, size=SIZE)))


def test_weights_that_do_not_fit_at_all_are_streamed(card: ModelCard, plan: Plan, ask: Ask, undisturbed: Film) -> None:
    on = SmallGpu()
    model = loaded(card, plan, on)
    assert model.placement
    on.budget = sum(weights_of(model.placement.backbone)) * 3 // 4
    events = run(Renderer(model), ask(size=SIZE))
    assert isinstance(events[-1], TakeDone) and messages(events) and set(on.refused) == {"weights"}
    assert torch.equal(latents(ask()), undisturbed(ask("other", size=SIZE)))


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    """Of a text encoder that is larger than the film model."""
    return folders.large(tmp_path_factory.mktemp("reader") / "reader", text_layers=24)


def text_of(model: FilmModel) -> list[int]:
    """Bytes of each of the text encoder's layers, the largest last."""
    text = mapped_weights.load_text_encoder(model.card, "bf16", torch.float32, lambda _: None)
    return sorted(sum(p.nbytes for p in part.parameters(recurse=False)) for part in text.modules())


def read_on(card: ModelCard, on: SmallGpu) -> FilmModel:
    profile = replace(read_profile(PROFILES / "card-24gb.toml"), text_weights="bf16")
    model = loaded(card, choose_plan(imagine_machine(24, 64, "Linux"), sizes_of(card), SIZE, override=profile), on)
    assert model.placement and model.placement.plan.profile.text_encoder == "gpu"
    return model


@pytest.mark.parametrize(("room", "places"), [("layers", ["streamed"]), ("nothing", ["streamed", "cpu"])])
def test_a_text_encoder_that_runs_out_moves_and_reads_again(
    reader: ModelCard, ask: Ask, room: str, places: list[str]
) -> None:
    request, plenty = ask("one", prompt=f"rain, {room}", size=SIZE), SmallGpu()
    whole = run(Renderer(read_on(reader, plenty)), replace(request, folder=ask("whole").folder))
    assert isinstance(whole[-1], TakeDone) and plenty.peak >= sum(text_of(read_on(reader, plenty)))
    shutil.rmtree(reader.folder / PREPARED)                 # what the prompt was read as
    on = SmallGpu()
    model = read_on(reader, on)
    assert model.placement
    layers = text_of(model)
    on.budget = sum(layers) - 1 if room == "layers" else layers[-1] - 1

    def back(event: Event) -> None:
        if isinstance(event, Working) and event.doing == "placing the model":
            on.budget = 2**62

    events = run(Renderer(model), request, back)
    assert isinstance(events[-1], TakeDone), events[-1]
    said = {"streamed": "passes through the card layer by layer", "cpu": "prompts are read on the processor"}
    for place, message in zip(places, messages(events), strict=True):
        assert message.startswith("The graphics card ran out of memory while reading the prompt and") and said[place] in message
    assert on.refused == ["reading"] * len(places) and model.placement.plan.profile.text_encoder == places[-1]
    doing = [e.doing for e in events if isinstance(e, Working)]
    assert doing == ["reading prompt and picture"] * (1 + len(places)) + ["placing the model", "denoising", "decoding", "saving"]
    assert torch.equal(latents(request), latents(replace(request, folder=ask("whole").folder)))
    assert not messages(run(Renderer(model), ask("next", prompt="another", size=SIZE))), "it is known now"


def test_a_picture_that_does_not_fit_beside_the_film_model_is_read_without_it(card: ModelCard, plan: Plan, ask: Ask) -> None:
    on = SmallGpu()
    model = loaded(card, plan, on, encoding=100_000)
    assert model.placement
    assert isinstance(run(Renderer(model), ask("first", size=SIZE))[-1], TakeDone)
    assert model.placement.backbone.is_in_place
    on.budget = on.used + 50_000
    events = run(Renderer(model), ask("second", size=SIZE))
    assert isinstance(events[-1], TakeDone) and on.refused == ["encoding"]
    assert not messages(events), "nothing is otherwise afterwards"
    assert "placing the model" in [e.doing for e in events if isinstance(e, Working)]
    on.budget = 50_000
    last = run(Renderer(model), ask("third", size=SIZE))[-1]
    assert isinstance(last, Failed) and "choose the size 64 x 32 or a smaller one" in last.remedy


def test_on_the_last_rung_it_says_so_and_keeps_what_is_finished(card: ModelCard, plan: Plan, ask: Ask) -> None:
    on = SmallGpu()
    model = loaded(card, plan, on, denoising=100_000)

    def other(event: Event) -> None:
        if isinstance(event, Step) and (event.section, event.step) == (1, 1):
            on.budget = 50_000

    last = run(Renderer(model), ask(sections=2, size=SIZE), other)[-1]
    assert isinstance(last, Failed) and (last.sections, last.frames) == (1, 12)
    assert "not enough memory for Large at 128 x 64, even with 0 of 6 blocks on it" in last.message
    assert last.remedy == (
        "Close other programs that use the card, or choose a profile with int8 weights, or choose the size 64 x 32 or a smaller "
        "one. The finished sections are kept."
    ), "64 x 32 is the one of the model's sizes that is smaller and lies as the film does"
    on.budget = 2**62                                   # the other program has ended
    assert isinstance(run(Renderer(model), ask(sections=2, size=SIZE))[-1], TakeDone)


def test_the_engine_tells_what_is_otherwise_now(
    card: ModelCard, plan: Plan, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on, told, released = SmallGpu(), list[EngineStatus](), list[str]()
    model = loaded(card, plan, on)
    assert model.placement
    on.budget = sum(weights_of(model.placement.backbone)) * 3 // 4
    release = model.placement.release
    monkeypatch.setattr(model.placement, "release", lambda: released.append("deep") or release())
    other = folders.small(tmp_path / "small")
    from studio.backbones.load import load

    monkeypatch.setattr("studio.backbones.load.load", lambda c, *a, **k: model if c.name == "deep" else load(c, "cpu"))
    engine = Engine((card, other))
    engine.watch(told.append)
    engine.start()
    events: list[Event] = []
    job = engine.submit(iter([ask(model="deep", size=SIZE)]), lambda _, event: events.append(event) if event else None)
    assert job.wait(120) and job.state == "done", job.error
    notes = [note for note, _ in groupby(status.note for status in told)]      # one is told again once previews are measured
    assert len(notes) == 1 + len(messages(events)) > 1 and told[0].state == told[-1].state == "ready"
    assert notes[1:] == messages(events)
    assert "weights that a step needs" in told[0].placement[1]
    assert "of 6 blocks); from memory, block by block in every step" in told[-1].placement[1]
    job = engine.submit(iter([ask("b", model="small")]), lambda *_: None)
    assert job.wait(120) and job.state == "done" and released == ["deep"]
    assert told[-1].placement == ()
