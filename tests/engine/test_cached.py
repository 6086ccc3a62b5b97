"""Takes with the step cache: blocks are really skipped and not copied, every section begins anew, and off is as it was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from studio.backbones.film_model import FilmModel
from studio.backbones.framepack import load as large
from studio.backbones.framepack.backbone import require_framepack
from studio.backbones.load import load
from studio.backbones.registry import sizes_of, step_caches
from studio.catalogue.cards import ModelCard, ModelError
from studio.engine import render, take_folder
from studio.engine.events import Cancelled, RenderRequest, TakeDone
from studio.engine.jobs import Stop
from studio.engine.render import Renderer
from studio.memory.snapshot import read_snapshot
from studio.placement.choose import choose_plan
from studio.placement.device.copies import HostCopies, Ticket
from studio.placement.device.streamer import blocks_of
from studio.placement.machine import imagine_machine
from studio.placement.profile import find_profiles, write_profile
from tests import folders
from tests.engine.conftest import Ask

BLOCKS, STEPS = 5, 6
EXACT = replace(next(p for p in find_profiles() if p.name == "card-24gb"), text_weights="bf16", text_encoder="cpu", resident=1)


class Counted(HostCopies):
    """Counts the blocks that are brought to the device, by their size on it."""

    def __init__(self) -> None:
        self.copies = 0

    def copy(self, target: Tensor, source: Tensor, after: Ticket | None) -> Ticket:
        self.copies += 1
        return super().copy(target, source, after)


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    return folders.large(tmp_path_factory.mktemp("deep") / "deep", num_layers=2, num_single_layers=3)


@pytest.fixture(scope="module")
def plain(card: ModelCard) -> FilmModel:
    model = load(card, "cpu")
    for weight in require_framepack(model.backbone).parameters():
        weight.data = weight.data.clone()      # products on a processor round otherwise where memory is not aligned
    return model


def calls_of(model: FilmModel) -> list[int]:
    calls = [0] * BLOCKS
    for index, block in enumerate(blocks_of(require_framepack(model.backbone).transformer)):
        def call(_: Any, __: Any, index: int = index) -> None:
            calls[index] += 1

        block.register_forward_pre_hook(call)
    return calls


def film(model: FilmModel, request: RenderRequest) -> Tensor:
    events = list(Renderer(model).render(request, Stop()))
    assert isinstance(events[-1], TakeDone), events[-1]
    return read_snapshot(request.folder / take_folder.SNAPSHOT).recent


def test_blocks_are_skipped_in_every_section_anew(plain: FilmModel, ask: Ask) -> None:
    exact = film(plain, ask("exact", sections=2, steps=STEPS))
    calls = calls_of(plain)
    skipped = film(plain, ask("skipped", sections=2, steps=STEPS, cache=1.0))
    first, *others = calls
    assert first == 2 * STEPS and set(others) == {2}, "a threshold that all is under: one whole pass a section"
    assert not torch.equal(skipped, exact)
    assert torch.equal(film(plain, ask("again", sections=2, steps=STEPS, cache=1.0)), skipped)
    assert torch.equal(film(plain, ask("off", sections=2, steps=STEPS)), exact)


def test_streamed_blocks_that_are_skipped_are_not_copied(card: ModelCard, plain: FilmModel, ask: Ask) -> None:
    expected = film(plain, ask("plain", sections=2, steps=STEPS, cache=1.0))
    counts = []
    for cache in (0.0, 1.0):
        on = Counted()
        plan = choose_plan(imagine_machine(24, 64, "Linux"), sizes_of(card), (64, 32), override=EXACT)
        model = large.load_placed(card, plan, torch.device("cpu"), None, lambda _: None, engine=lambda _, on=on: on)
        assert model.placement
        model.placement._override = EXACT
        made = film(model, ask(f"placed {cache}", sections=2, steps=STEPS, cache=cache))
        counts.append(on.copies)
        assert model.placement.plan.profile.cache == ("first-block" if cache else "none")
        assert (model.placement.plan.denoise_peak > plan.denoise_peak) == (cache > 0)
        model.release()
    assert torch.equal(made, expected)
    streamed = BLOCKS - 1
    assert counts[0] >= 2 * STEPS * streamed - 2 and counts[1] <= 2 * (streamed + 2), counts


def test_a_profile_may_ask_for_it(
    card: ModelCard, plain: FilmModel, ask: Ask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    profile = tmp_path / "mine.toml"
    write_profile(replace(EXACT, cache="first-block"), profile)
    monkeypatch.setenv("STUDIO_PROFILE", str(profile))
    monkeypatch.setattr(render, "FIRST_BLOCK_THRESHOLD", 1.0)
    model = load(card, "cpu", plan=large.plan_for(card, machine=imagine_machine(24, 64, "Linux"), size=(64, 32)))
    assert model.placement and any("step cache" in sentence for sentence in model.placement.sentences)
    ours = film(model, ask("ours", steps=STEPS))
    assert torch.equal(ours, film(plain, ask("theirs", steps=STEPS, cache=1.0)))
    model.release()


def test_an_attention_backend_that_is_not_here_is_told_before_weights_are_read(
    card: ModelCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = choose_plan(imagine_machine(24, 64, "Linux"), sizes_of(card), (64, 32), override=EXACT)
    monkeypatch.setattr("studio.backbones.framepack.mapped_weights.load_transformer", None)
    with pytest.raises(ModelError, match=r"The profile '24 GB card' cannot be used.*'flash': FlashAttention 2 needs an NVIDIA"):
        load(card, "cpu", plan=replace(plan, profile=replace(plan.profile, attention="flash")))


def test_the_embedded_kind_leaves_nothing_out(models: dict[str, ModelCard], ask: Ask) -> None:
    model = load(models["small"], "cpu")
    assert not step_caches(model.card)
    assert torch.equal(film(model, ask("a", cache=1.0)), film(model, ask("b")))


def test_a_stop_leaves_nothing_behind(plain: FilmModel, ask: Ask) -> None:
    expected, stop = film(plain, ask("whole", steps=STEPS)), Stop()
    transformer = require_framepack(plain.backbone).transformer
    hook = transformer.single_transformer_blocks[0].register_forward_pre_hook(lambda *_: stop.set())
    assert isinstance(list(Renderer(plain).render(ask("cut", steps=STEPS, cache=1.0), stop))[-1], Cancelled)
    hook.remove()
    assert type(transformer.transformer_blocks) is type(transformer.single_transformer_blocks) is torch.nn.ModuleList
    assert torch.equal(film(plain, ask("next", steps=STEPS)), expected)
