"""Takes with LoRAs: they act on that take alone, on small models and placed ones; a file that cannot be used loses nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from studio.backbones.film_model import FilmModel
from studio.backbones.framepack.backbone import FramePackBackbone
from studio.backbones.helios.backbone import HeliosBackbone
from studio.backbones.load import load
from studio.backbones.registry import sizes_of
from studio.catalogue.cards import ModelCard
from studio.catalogue.loras.contents import checksum
from studio.diffusion.lora_branches import merge_loras
from studio.engine import take_folder
from studio.engine.events import Event, Failed, LoraFile, TakeDone
from studio.engine.jobs import Stop
from studio.engine.lora_weights import LoraWeights
from studio.engine.render import Renderer
from studio.memory.snapshot import read_snapshot
from studio.placement.choose import choose_plan
from studio.placement.machine import imagine_machine
from studio.placement.plan import Plan
from studio.placement.profile import Profile, find_profiles
from tests import folders
from tests.catalogue.loras.files import in_blocks, kohya, pairs, peft, written
from tests.engine.conftest import Ask
from tests.placement.conftest import relative
from tests.small_gpu import SmallGpu, loaded

SHIPPED = {profile.name: profile for profile in find_profiles()}
EXACT = replace(SHIPPED["card-24gb"], text_weights="bf16", resident=1)
TWIN = 1e-4
"""Relative error of a film's latents between branches and merged weights, float32: the sum is rounded in another order."""
INT8 = 0.02
"""The same with int8 weights beside them, which merged ones are not."""


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    return folders.large(tmp_path_factory.mktemp("deep") / "deep", num_layers=2, num_single_layers=3)


def lora(renderer: Renderer, folder: Path, everything: bool = True, name: str = "style.safetensors") -> LoraFile:
    """A file for the renderer's model that changes its films."""
    backbone = renderer.model.backbone
    assert isinstance(backbone, FramePackBackbone | HeliosBackbone)
    layers = backbone.lora_layers
    made = pairs(layers, (lambda _: True) if everything else in_blocks)
    path = written(folder / name, peft(made) if everything else kohya(made, 1.0))
    return LoraFile(name, path, checksum(path), 1.0)


def rendered(renderer: Renderer, ask: Ask, take: str, *loras: LoraFile, **changes: object) -> Tensor:
    """The take's newest latents."""
    request = ask(take, loras=loras, **changes)
    events = list(renderer.render(request, Stop()))
    assert isinstance(events[-1], TakeDone), events[-1]
    return read_snapshot(request.folder / take_folder.SNAPSHOT).recent


def test_a_lora_acts_on_its_take_alone(renderer: Renderer, ask: Ask, tmp_path: Path) -> None:
    file = lora(renderer, tmp_path)
    without = rendered(renderer, ask, "without")
    worn = rendered(renderer, ask, "worn", replace(file, strength=0.5))
    assert relative(worn, without) > 10 * TWIN
    assert torch.equal(rendered(renderer, ask, "again"), without)
    assert torch.equal(rendered(renderer, ask, "zero", replace(file, strength=0.0)), without)
    assert torch.equal(rendered(renderer, ask, "worn again", replace(file, strength=0.5)), worn)
    assert not torch.equal(rendered(renderer, ask, "stronger", file), worn)


@pytest.mark.slow
def test_merged_weights_make_the_same_film(models: dict[str, ModelCard], ask: Ask, tmp_path: Path) -> None:
    for kind in ("small", "large"):
        renderer, twin = Renderer(load(models[kind], "cpu")), Renderer(load(models[kind], "cpu"))
        files = [replace(lora(renderer, tmp_path), strength=0.4), replace(lora(renderer, tmp_path, False, "b"), strength=-0.3)]
        without = rendered(renderer, ask, f"{kind} without", sections=2)
        worn = rendered(renderer, ask, f"{kind} worn", *files, sections=2)
        backbone = twin.model.backbone
        assert isinstance(backbone, FramePackBackbone)
        merge_loras(backbone.transformer, LoraWeights(backbone.lora_layers, "twin").active(files))
        merged = rendered(twin, ask, f"{kind} merged", sections=2)
        assert relative(worn, merged) < TWIN < relative(without, merged) / 10


def plan(card: ModelCard, profile: Profile) -> Plan:
    return choose_plan(imagine_machine(max(profile.card, 8), 64, "Linux"), sizes_of(card), (64, 32), override=profile)


@pytest.mark.parametrize(("changes", "bound"), [
    ({}, TWIN), ({"resident": 0, "stream": "disk"}, TWIN), ({"resident": 99, "adaln_table": False}, TWIN),
    ({"weights": "int8"}, INT8), ({"weights": "int8", "resident": 99}, INT8),
])
@pytest.mark.slow
def test_placed_models_wear_them_beside_what_lies_anywhere(
    card: ModelCard, ask: Ask, tmp_path: Path, changes: dict[str, object], bound: float
) -> None:
    model = load(card, "cpu", plan=plan(card, replace(EXACT, **changes)))       # type: ignore[arg-type]
    renderer, twin = Renderer(model), Renderer(load(card, "cpu"))
    file = replace(lora(twin, tmp_path), strength=0.5)
    without = rendered(renderer, ask, "without")
    worn = rendered(renderer, ask, "worn", file)
    assert torch.equal(rendered(renderer, ask, "again"), without)
    backbone = twin.model.backbone
    assert isinstance(backbone, FramePackBackbone) and model.placement
    merge_loras(backbone.transformer, LoraWeights(backbone.lora_layers, "twin").active([file]))
    merged = rendered(twin, ask, "merged")
    assert relative(worn, merged) < bound < relative(without, merged)
    model.placement.backbone.free_device()
    assert torch.equal(rendered(renderer, ask, "settled anew", file), worn)
    model.release()


def test_the_plan_counts_them_and_moves_nothing_for_room_that_is_there(card: ModelCard, ask: Ask, tmp_path: Path) -> None:
    model = load(card, "cpu", plan=plan(card, EXACT))
    renderer, placement = Renderer(model), model.placement
    assert placement
    file = lora(Renderer(load(card, "cpu")), tmp_path)
    rendered(renderer, ask, "without")
    before, placed = placement.plan, placement.backbone.apply_plan()
    rendered(renderer, ask, "worn", file)
    added = placement.plan.model.lora_bytes
    assert added > 10_000 and placement.plan.denoise_peak == before.denoise_peak + added
    assert placement.plan.decode_peak == before.decode_peak + added and placement.backbone.apply_plan() is placed
    rendered(renderer, ask, "after")
    assert placement.plan == before and placement.backbone.apply_plan() is placed
    model.release()


def test_no_room_is_said_before_anything_is_moved(
    card: ModelCard, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load(card, "cpu", plan=plan(card, EXACT))
    renderer = Renderer(model)
    file = lora(Renderer(load(card, "cpu")), tmp_path)
    without = rendered(renderer, ask, "without")
    monkeypatch.setattr("studio.diffusion.lora_branches.ActiveLoras.size", lambda self, _: 2**40 if self.layers else 0)
    *_, last = renderer.render(ask("worn", loras=(file,)), Stop())
    assert isinstance(last, Failed) and "The LoRAs of this segment take 1024.0 GB of graphics memory" in last.message
    assert "Take one off" in last.message and "The finished sections are kept." in last.remedy
    assert torch.equal(rendered(renderer, ask, "again"), without)
    model.release()


@pytest.mark.slow
def test_a_card_that_runs_out_becomes_leaner_and_wears_them_still(card: ModelCard, ask: Ask, tmp_path: Path) -> None:
    def placed(on: SmallGpu) -> FilmModel:
        return loaded(card, plan(card, replace(EXACT, resident=5)), on)

    whole = placed(wide := SmallGpu())
    file = replace(lora(Renderer(load(card, "cpu")), tmp_path), strength=0.5)
    worn = rendered(Renderer(whole), ask, "wide", file)
    whole.release()
    model = placed(SmallGpu(wide.peak - 1))
    assert torch.equal(rendered(Renderer(model), ask, "narrow", file), worn)
    assert model.placement and model.placement.plan.profile.resident < 5
    model.release()


def test_a_file_that_cannot_be_used_fails_the_take_and_nothing_else(renderer: Renderer, ask: Ask, tmp_path: Path) -> None:
    file = lora(renderer, tmp_path)
    without = rendered(renderer, ask, "without")
    first = rendered(renderer, ask, "parent", sections=1)

    def failed(*loras: LoraFile) -> Failed:
        events: list[Event] = list(renderer.render(ask("parent", loras=loras, sections=2), Stop()))
        assert isinstance(events[-1], Failed)
        return events[-1]

    told = failed(replace(file, path=tmp_path / "none", sha256="0"))
    assert "style.safetensors is not there any more" in told.message and "take the LoRA off the segment" in told.message
    assert "The finished sections are kept." in told.remedy
    (tmp_path / "other").write_bytes(b"\x89PNG and so on, a picture")
    assert "It looks like a picture" in failed(LoraFile("other", tmp_path / "other", "1", 1.0)).message
    assert torch.equal(read_snapshot(ask("parent").folder / take_folder.SNAPSHOT).recent, first)
    assert torch.equal(rendered(renderer, ask, "after"), without)
