"""A history encoder beside a transformer that is placed by a plan: films and psi are those without a plan."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from studio.backbones.film_model import FilmModel
from studio.backbones.framepack.parts import framepack_parts
from studio.backbones.load import load
from studio.backbones.registry import sizes_of
from studio.catalogue.cards import ADAPTER, CARD, ModelCard, files_toml, read_card
from studio.engine import take_folder
from studio.engine.events import RenderRequest, TakeDone
from studio.engine.jobs import Stop
from studio.engine.render import Renderer
from studio.memory.adapter import save_adapter
from studio.memory.frame_preservation import FramePreservation
from studio.memory.frame_preservation_config import FramePreservationConfig
from studio.memory.psi_attention import PsiAttention
from studio.memory.snapshot import read_snapshot
from studio.placement.choose import choose_plan
from studio.placement.machine import imagine_machine
from studio.placement.profile import find_profiles
from tests import folders
from tests.engine.conftest import Ask

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    made = folders.large(tmp_path_factory.mktemp("deep") / "deep", shard="40KB", text_layers=4, num_layers=2, num_single_layers=4)
    backbone = framepack_parts(load(made, "cpu")).backbone
    torch.manual_seed(3)
    encoder = FramePreservation(FramePreservationConfig(
        width=20, channels=4, rate=(1, 1, 2), stages=(6, 8, 8), heads=2, trained_index=60, cross=8, blocks=backbone.blocks,
    ), backbone.patchify)
    for layer in encoder.psi_layers:
        assert isinstance(layer, PsiAttention)
        layer.out.weight.data.normal_(std=0.1)
    save_adapter(encoder, made.folder / ADAPTER)
    (made.folder / CARD).write_text((made.folder / CARD).read_text() + files_toml(made.folder, [ADAPTER]))
    return read_card(made.folder)


def film(model: FilmModel, request: RenderRequest) -> tuple[Tensor, Tensor]:
    """Latents and psi after the request's sections."""
    events = list(Renderer(model).render(request, Stop()))
    assert isinstance(events[-1], TakeDone), events[-1]
    last = read_snapshot(request.folder / take_folder.SNAPSHOT)
    assert last.psi is not None and len(last.blocks) == 2, "each section's tokens are stored once"
    return last.recent, last.psi


@pytest.mark.parametrize("streamer", ["slabs", "diffusers"])
def test_a_plan_changes_nothing(card: ModelCard, ask: Ask, streamer: str) -> None:
    profile = next(each for each in find_profiles() if each.name == "card-24gb")
    profile = replace(profile, text_weights="bf16", resident=1, streamer=streamer)
    plan = choose_plan(imagine_machine(24, 64, "Linux"), sizes_of(card), (64, 32), override=profile)
    placed = load(card, "cpu", plan=plan)
    assert placed.placement is not None and placed.placement.plan.ram_stream_bytes > 0
    ours, theirs = film(placed, ask("ours", sections=2)), film(load(card, "cpu"), ask("theirs", sections=2))
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-4)
    memory = framepack_parts(placed).memory
    assert isinstance(memory, FramePreservation)
    assert ours[1].shape[1] == 2 * memory.config.tokens(card.window, 4, 8)


def test_psi_reaches_the_film(card: ModelCard, ask: Ask) -> None:
    """Another encoder, another second section; the first one, for which psi is empty, is the same."""
    model = load(card, "cpu")
    latents, psi = film(model, ask("one", sections=2))
    memory = framepack_parts(model).memory
    assert isinstance(memory, FramePreservation)
    for encoder in memory.encoders:
        encoder.gate.data.fill_(20.0)
    other, stronger = film(model, ask("two", sections=2))
    window = model.card.window
    assert torch.equal(latents[:, :, -2 * window : -window], other[:, :, -2 * window : -window])
    assert (latents - other)[:, :, -window:].abs().max() > 1e-4
    torch.testing.assert_close(stronger[:, : psi.shape[1] // 2], 40 * psi[:, : psi.shape[1] // 2])
