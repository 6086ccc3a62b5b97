"""Helios placed by a plan: its films are those of the model without a plan, whatever the plan is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from studio.backbones.film_model import FilmModel
from studio.backbones.helios import load as helios
from studio.backbones.helios.mapped_weights import is_exact
from studio.backbones.load import load
from studio.backbones.registry import sizes_of
from studio.catalogue.cards import PREPARED, ModelCard, ModelError
from studio.diffusion.codec import BeginsFilms, EncodesVideo
from studio.engine import take_folder
from studio.engine.events import Cancelled, RenderRequest, TakeDone
from studio.engine.jobs import Stop
from studio.engine.render import Renderer
from studio.memory.snapshot import read_snapshot
from studio.placement.choose import PlanError, choose_plan
from studio.placement.device.disk_buffers import SUFFIX
from studio.placement.device.int8 import Int8Linear
from studio.placement.machine import imagine_machine
from studio.placement.plan import Plan
from studio.placement.profile import ALL, Profile, find_profiles
from tests import folders
from tests.engine.conftest import Ask
from tests.placement.conftest import relative

SHIPPED = {profile.name: profile for profile in find_profiles()}
EXACT = replace(SHIPPED["card-24gb"], weights="bf16", text_weights="bf16", resident=1)
INT8 = 0.02
"""Relative error of a film's latents that int8 weights may make."""


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    return folders.helios(tmp_path_factory.mktemp("models") / "helios", num_layers=4)


def plan(card: ModelCard, profile: Profile, size: tuple[int, int] = (64, 32)) -> Plan:
    return choose_plan(imagine_machine(max(profile.card, 8), 64, "Linux"), sizes_of(card), size, override=profile)


def film(model: FilmModel, request: RenderRequest) -> Tensor:
    events = list(Renderer(model).render(request, Stop()))
    assert isinstance(events[-1], TakeDone), events[-1]
    return read_snapshot(request.folder / take_folder.SNAPSHOT).recent


@pytest.fixture(scope="module")
def plain(card: ModelCard) -> FilmModel:
    return load(card, "cpu")


@pytest.mark.parametrize("changes", [
    {}, pytest.param({"resident": 0}, marks=pytest.mark.slow), pytest.param({"resident": ALL}, marks=pytest.mark.slow),
    pytest.param({"stream": "disk"}, marks=pytest.mark.slow), pytest.param({"text_encoder": "cpu"}, marks=pytest.mark.slow),
    pytest.param({"text_encoder": "gpu"}, marks=pytest.mark.slow), pytest.param({"streamer": "diffusers"}, marks=pytest.mark.slow),
    pytest.param({"adaln_table": False}, marks=pytest.mark.slow),
])
def test_wherever_parts_lie_the_bits_are_the_same(card: ModelCard, plain: FilmModel, ask: Ask, changes: dict[str, Any]) -> None:
    model = load(card, "cpu", plan=(planned := plan(card, replace(EXACT, **changes))))
    assert model.placement and model.fingerprint == plain.fingerprint
    assert isinstance(model.codec, BeginsFilms) and not isinstance(model.codec, EncodesVideo)
    ours, theirs = ask("ours", sections=2, guidance=4.5, steps=6), ask("theirs", sections=2, guidance=4.5, steps=6)
    assert torch.equal(film(model, ours), film(plain, theirs))
    assert (planned.ram_stream_bytes + planned.disk_stream_bytes > 0) == (changes.get("resident") != ALL)
    assert len(list((card.folder / PREPARED).glob(f"*{SUFFIX}"))) == (3 if changes.get("stream") == "disk" else 0)
    model.release()


@pytest.mark.parametrize("name", [
    "card-8gb", *(pytest.param(name, marks=pytest.mark.slow) for name in ("card-6gb", "card-12gb", "card-16gb", "card-24gb"))])
def test_every_profile_films_what_the_plain_model_films(card: ModelCard, plain: FilmModel, ask: Ask, name: str) -> None:
    # Text of whole precision, so that the transformer's error alone is seen.
    profile = replace(SHIPPED[name], text_weights="bf16", resident=2)
    model = load(card, "cpu", plan=plan(card, profile))
    ours, theirs = (film(one, ask(str(at), sections=2, steps=6)) for at, one in enumerate((model, plain)))
    if profile.weights == "int8":
        layers = [part for part in model.backbone.transformer.modules() if isinstance(part, Int8Linear)]     # type: ignore[attr-defined]
        assert len(layers) == 4 * 10 and 0 < relative(ours, theirs) < INT8
    else:
        assert torch.equal(ours, theirs)
    model.release()


def test_int8_leaves_in_float32_what_must_be_exact(card: ModelCard, ask: Ask) -> None:
    model = helios.load_placed(
        card, plan(card, replace(SHIPPED["card-6gb"], resident=1)), torch.device("cpu"), torch.bfloat16, lambda _: None)
    kinds = {name: weight.dtype for name, weight in model.backbone.transformer.named_parameters()}        # type: ignore[attr-defined]
    assert kinds["blocks.0.attn1.to_q.weight"] == torch.int8 and kinds["proj_out.weight"] == torch.bfloat16
    exact = {name for name, kind in kinds.items() if kind == torch.float32 and not name.endswith(".scale")}
    assert exact == {name for name in kinds if is_exact(name)} and "condition_embedder.time_embedder.linear_1.weight" in exact
    assert model.backbone.dtype == torch.bfloat16
    assert torch.isfinite(film(model, ask("bf16", steps=2))).all(), "amplified keys are of the precision of queries and values"


@pytest.mark.parametrize("place", ["cpu", "streamed", "gpu"])
def test_int8_text_is_near_and_is_read_from_the_disk_the_second_time(card: ModelCard, plain: FilmModel, place: Any) -> None:
    picture = torch.rand(1, 3, 32, 64) * 2 - 1

    def read() -> tuple[Any, bool]:
        model = load(card, "cpu", plan=plan(card, replace(EXACT, text_weights="int8", text_encoder=place)))
        with torch.no_grad():
            return model.conditioner(f"rain, {place}", picture), model.conditioner.is_open               # type: ignore[attr-defined]

    (ours, opened), (again, reopened), theirs = read(), read(), plain.conditioner(f"rain, {place}", picture)
    assert opened and not reopened and torch.equal(ours.negative, again.negative) and torch.equal(ours.text, again.text)
    for part in ("text", "negative"):
        assert 0 < relative(getattr(ours, part), getattr(theirs, part)) < INT8
    assert torch.equal(ours.mask, theirs.mask)


def test_a_stop_takes_effect_within_a_step(card: ModelCard, ask: Ask) -> None:
    model, stop, calls = load(card, "cpu", plan=plan(card, replace(EXACT, text_encoder="cpu"))), Stop(), [0]

    def forward(*_: Any) -> None:
        calls[0] += 1
        if calls[0] == 2:
            stop.set()

    assert model.placement
    model.placement.backbone.apply_plan()
    for block in model.backbone.transformer.blocks:                                                       # type: ignore[attr-defined]
        block.register_forward_hook(forward)
    *_, last = Renderer(model).render(ask(steps=8, guidance=1.0), stop)
    assert isinstance(last, Cancelled) and calls == [2], "the second block was the last one"


def test_what_does_not_fit_is_said_before_anything_is_read(
    card: ModelCard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    reads = "studio.backbones.helios.mapped_weights.load_transformer"
    monkeypatch.setattr(reads, lambda *_, **__: pytest.fail("weights were read"))
    monkeypatch.setattr("studio.backbones.large.probe_machine", lambda _: imagine_machine(0, 64))
    with pytest.raises(PlanError, match=r"not sensible here.*Use the embedded model"):
        load(card)
    monkeypatch.setattr("studio.backbones.large.probe_machine", lambda _: imagine_machine(0.6, 64, "Linux"))
    with pytest.raises(PlanError, match=r"of graphics memory and may use .* short.*What to change"):
        load(card)
    monkeypatch.setenv("STUDIO_PROFILE", "card-7gb")
    with pytest.raises(ModelError, match="no profile 'card-7gb'"):
        helios.plan_for(card)
