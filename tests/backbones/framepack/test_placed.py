"""Large models placed by a plan: their films are those of the model without a plan, whatever the plan is."""

from __future__ import annotations

import gc
import importlib.util
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from studio.backbones.film_model import FilmModel
from studio.backbones.framepack import load as large
from studio.backbones.load import load
from studio.backbones.registry import sizes_of
from studio.catalogue.cards import PREPARED, ModelCard, ModelError
from studio.engine import take_folder
from studio.engine.events import Cancelled, Event, Failed, RenderRequest, Step, TakeDone
from studio.engine.jobs import Stop
from studio.engine.render import Renderer
from studio.memory.snapshot import read_snapshot
from studio.placement.choose import PlanError, choose_plan
from studio.placement.device.disk_buffers import SUFFIX
from studio.placement.machine import imagine_machine
from studio.placement.plan import Plan
from studio.placement.profile import ALL, Profile, TextEncoderPlacement, find_profiles, write_profile
from tests import folders
from tests.engine.conftest import Ask
from tests.placement.conftest import relative
from tests.small_gpu import SmallGpu, loaded

pytestmark = pytest.mark.slow

SHIPPED = {profile.name: profile for profile in find_profiles()}
ON_CARD = [profile for profile in SHIPPED.values() if profile.device == "cuda"]
INT8 = 0.02
"""Relative error of a film's latents that int8 weights may make: that of a network of random weights is a few thousandths."""


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    return folders.large(tmp_path_factory.mktemp("deep") / "deep", shard="40KB", text_layers=4, num_layers=2, num_single_layers=4)


def plan(card: ModelCard, profile: Profile, size: tuple[int, int] = (64, 32)) -> Plan:
    return choose_plan(imagine_machine(max(profile.card, 8), 64, "Linux"), sizes_of(card), size, override=profile)


def film(model: FilmModel, request: RenderRequest) -> Tensor:
    events = list(Renderer(model).render(request, Stop()))
    assert isinstance(events[-1], TakeDone), events[-1]
    return latents(request)


def latents(request: RenderRequest) -> Tensor:
    return read_snapshot(request.folder / take_folder.SNAPSHOT).recent


@pytest.fixture(scope="module")
def plain(card: ModelCard) -> FilmModel:
    model = load(card, "cpu")
    for network in (model.backbone, model.conditioner.pipeline.text_encoder):     # type: ignore[attr-defined]
        for weight in network.parameters():
            weight.data = weight.data.clone()      # products on a processor round otherwise where memory is not aligned
    return model


Film = Callable[[RenderRequest], Tensor]


@pytest.fixture(scope="module")
def expected(plain: FilmModel) -> Film:
    """Latents of the plain model's film of a request. Each prompt and length is rendered once."""
    known: dict[tuple[str, int], Tensor] = {}

    def latents_of(request: RenderRequest) -> Tensor:
        asked = request.prompt, request.sections
        if asked not in known:
            known[asked] = film(plain, request)
        return known[asked]

    return latents_of


@pytest.mark.parametrize("tables", [True, False])
def test_diffusers_own_offload_films_the_same(card: ModelCard, expected: Film, ask: Ask, tables: bool) -> None:
    """The fallback, for where our streamer fails: the same latents, from all blocks on the host."""
    profile = replace(
        SHIPPED["card-16gb"], weights="bf16", text_weights="bf16", resident=2, streamer="diffusers", adaln_table=tables)
    model = load(card, "cpu", plan=(planned := plan(card, profile)))
    assert planned.profile.resident == 0 and planned.ram_stream_bytes > 0
    ours = film(model, ask("ours", sections=2))
    assert relative(ours, expected(ask("theirs", sections=2))) < (1e-5 if tables else 1e-9)
    model.backbone.free_device()                                                        # type: ignore[attr-defined]
    assert torch.equal(film(model, ask("again", sections=2)), ours)


@pytest.mark.parametrize("resident", [0, ALL])
def test_bitsandbytes_multiplies_streamed_and_resident_weights(
    card: ModelCard, expected: Film, ask: Ask, resident: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = replace(SHIPPED["card-12gb"], resident=resident, products="bitsandbytes")
    ours = film(load(card, "cpu", plan=plan(card, profile)), ask("ours", sections=2))
    assert 0 < relative(ours, expected(ask("theirs", sections=2))) < 2 * INT8      # the text encoder is int8, too
    find: Any = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "bitsandbytes" else find(name))
    with pytest.raises(ModelError, match=r"12 GB card' cannot be used: bitsandbytes is not installed"):
        load(card, "cpu", plan=plan(card, profile))


@pytest.mark.parametrize("profile", ON_CARD, ids=lambda profile: profile.name)
@pytest.mark.parametrize("resident", [None, 0, 2])
def test_every_profile_films_what_the_plain_model_films(
    card: ModelCard, plain: FilmModel, expected: Film, ask: Ask, profile: Profile, resident: int | None
) -> None:
    asked = profile if resident is None else replace(profile, resident=resident)
    # Text of whole precision, so that the transformer's error alone is seen; what int8 text does is seen below.
    model = load(card, "cpu", plan=plan(card, replace(asked, text_weights="bf16")))
    assert model.placement and model.fingerprint == plain.fingerprint
    ours, theirs = film(model, ask("ours", sections=2)), expected(ask("theirs", sections=2))
    if profile.weights == "int8":
        assert 0 < relative(ours, theirs) < INT8
    else:
        assert torch.equal(ours, theirs)
    assert (model.placement.plan.ram_stream_bytes > 0) == (resident is not None)
    model.release()


EXACT = replace(SHIPPED["card-24gb"], text_weights="bf16", resident=1)


@pytest.mark.parametrize("changes", [
    {"adaln_table": False}, {"stream": "disk"}, {"text_encoder": "cpu"}, {"text_encoder": "streamed"}, {"text_encoder": "gpu"},
])
def test_wherever_parts_lie_the_bits_are_the_same(
    card: ModelCard, expected: Film, ask: Ask, changes: dict[str, Any]
) -> None:
    model = load(card, "cpu", plan=plan(card, replace(EXACT, **changes)))
    for prompt in ("the camera pans left", "rain begins"):
        ours, theirs = ask(f"ours {prompt}", prompt=prompt), ask(f"theirs {prompt}", prompt=prompt)
        assert torch.equal(film(model, ours), expected(theirs))
    on_disk = list((card.folder / PREPARED).glob(f"*{SUFFIX}"))
    assert len(on_disk) == (5 if changes.get("stream") == "disk" else 0)
    model.release()
    assert not list((card.folder / PREPARED).glob(f"*{SUFFIX}"))


@pytest.mark.parametrize("place", ["cpu", "streamed", "gpu"])
def test_int8_text_is_near(card: ModelCard, plain: FilmModel, place: TextEncoderPlacement) -> None:
    model = load(card, "cpu", plan=plan(card, replace(EXACT, text_weights="int8", text_encoder=place)))
    picture = torch.rand(1, 3, 32, 64) * 2 - 1
    with torch.no_grad():
        ours, theirs = (one.conditioner("rain", picture) for one in (model, plain))
    assert 0 < relative(ours.text, theirs.text) < INT8
    assert all(torch.equal(getattr(ours, part), getattr(theirs, part)) for part in ("mask", "pooled", "image"))


def test_int8_weights_are_written_once_and_for_these_weights_alone(card: ModelCard, tmp_path: Path) -> None:
    moved = replace(card, weights=tmp_path)
    profile = replace(SHIPPED["card-6gb"], resident=1)
    reports: list[str] = []

    def again(card: ModelCard) -> list[str]:
        reports.clear()
        model = load(card, "cpu", plan=plan(card, profile), report=reports.append)
        assert not model.conditioner.is_open                                      # type: ignore[attr-defined]
        model.conditioner("rain", torch.zeros(1, 3, 32, 64))
        return sorted(sentence.split(":")[-1].split(" was ")[0].strip() for sentence in reports)

    names = ["text_encoder-int8-float32.safetensors", "transformer-int8-float32.safetensors"]
    assert again(moved) == [f"{names[1]} is written, once."], "the text encoder's is written while the first prompt is read"
    assert sorted(path.name for path in (tmp_path / PREPARED).glob("*.safetensors")) == names
    assert len(list((tmp_path / PREPARED / "embeddings").iterdir())) == 1
    assert again(moved) == []
    files = tuple(replace(file, sha256="0" * 64) if file.path.startswith("transformer/") else file for file in card.files)
    assert again(replace(moved, files=files)) == [names[1]], "made from other weights"


def test_an_impossible_plan_fails_before_any_weight_is_read(card: ModelCard, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_: object, **__: object) -> None:
        raise AssertionError("weights were read")

    monkeypatch.setattr("studio.backbones.components.load_part", read)
    monkeypatch.setattr("studio.backbones.framepack.load.load_part", read)
    monkeypatch.setattr("studio.backbones.framepack.mapped_weights.load_transformer", read)
    monkeypatch.setattr("studio.backbones.large.probe_machine", lambda _: imagine_machine(0, 64))
    with pytest.raises(PlanError, match=r"not sensible here.*Use the embedded model"):
        load(card)
    monkeypatch.setattr("studio.backbones.large.probe_machine", lambda _: imagine_machine(0.7, 64, "Linux"))
    with pytest.raises(PlanError, match=r"of graphics memory and may use .* short.*What to change"):
        load(card)
    with pytest.raises(PlanError, match=r"multiples of 16"):
        load(card, size=(63, 32))


def test_a_person_chooses_the_profile(card: ModelCard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def chosen() -> Profile:
        planned = large.plan_for(card, machine=imagine_machine(24, 64))
        assert planned is not None
        return planned.profile

    assert chosen().name == "card-24gb"
    monkeypatch.setenv("STUDIO_PROFILE", "card-8gb")
    assert (chosen().name, chosen().weights) == ("card-8gb", "int8")
    write_profile(replace(SHIPPED["card-8gb"], vae_tile=128), tmp_path / "mine.toml")
    monkeypatch.setenv("STUDIO_PROFILE", str(tmp_path / "mine.toml"))
    assert (chosen().name, chosen().vae_tile) == ("mine", 128)
    monkeypatch.setenv("STUDIO_PROFILE", "card-7gb")
    with pytest.raises(ModelError, match=r"no profile 'card-7gb'\. There are: card-12gb"):
        large.plan_for(card)
    monkeypatch.setenv("STUDIO_PROFILE", "cpu")
    monkeypatch.setattr("studio.backbones.large.probe_machine", lambda _: imagine_machine(24, 64))
    model = load(card)
    assert model.placement is None and model.device.type == "cpu", "somebody insists"


def test_a_stop_takes_effect_within_a_step(card: ModelCard, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    profile = replace(EXACT, text_encoder="cpu")            # nothing leaves the card in between
    model, stop, steps = load(card, "cpu", plan=plan(card, profile)), Stop(), list[Event]()
    calls = [0]

    def forward(*_: Any) -> None:
        calls[0] += 1
        if calls[0] == 9:
            stop.set()

    assert model.placement
    placed = model.placement.backbone.apply_plan()
    for block in placed.transformer.single_transformer_blocks:
        block.register_forward_hook(forward)
    *steps, last = Renderer(model).render(ask(steps=4), stop)
    assert isinstance(last, Cancelled) and calls == [9], "the third step's first single block was the last one"
    assert len([e for e in steps if isinstance(e, Step)]) == 2
    assert isinstance(list(Renderer(model).render(ask(steps=4), Stop()))[-1], TakeDone)


def test_a_released_model_leaves_the_card(card: ModelCard, ask: Ask) -> None:
    on = SmallGpu()
    model = loaded(card, plan(card, replace(EXACT, resident=3)), on)
    film(model, ask())
    assert on.used > 0
    model.release()
    gc.collect()
    assert on.used == 0


def test_another_size_is_planned_for(card: ModelCard, ask: Ask) -> None:
    model = load(card, "cpu", plan=plan(card, replace(EXACT, resident=ALL)))
    assert model.placement and model.placement.plan.size == (64, 32)
    film(model, ask("wide", size=(96, 64)))
    assert model.placement.plan.size == (96, 64)
    last = list(Renderer(model).render(ask("odd", size=(60, 32)), Stop()))[-1]
    assert isinstance(last, Failed) and "multiples of 16" in last.message
