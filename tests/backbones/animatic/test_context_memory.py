"""A model of the embedded kind whose psi joins the network's context: loaded, rendered, and bit for bit FramePack without it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from studio.backbones.animatic.backbone import AnimaticBackbone
from studio.backbones.animatic.context_memory import ContextMemory
from studio.backbones.film_model import FilmModel
from studio.backbones.load import load
from studio.catalogue.cards import ADAPTER, ModelError
from studio.diffusion.flow import noise
from studio.diffusion.section import Sampling, SectionResult, denoise_section
from studio.engine import take_folder
from studio.engine.events import TakeDone
from studio.engine.render import Renderer
from studio.memory.adapter import save_adapter
from studio.memory.semantic_pack import SemanticPack
from studio.memory.semantic_pack_config import SemanticPackConfig
from studio.memory.snapshot import Snapshot, read_snapshot
from tests import folders
from tests.engine.conftest import Ask
from tests.engine.test_render import run

SIZE = (64, 32)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> FilmModel:
    return load(folders.contextual(tmp_path_factory.mktemp("models") / "contextual"), "cpu")


def next_section(model: FilmModel, snapshot: Snapshot) -> SectionResult:
    conditioning = model.conditioner("the camera pans left", torch.zeros(1, 3, 32, 64))
    shape = (1, model.channels, model.card.window, *snapshot.start.shape[-2:])
    *_, last = denoise_section(
        model.backbone, snapshot, conditioning, noise(shape, 3),
        Sampling(2, 1.0, model.card.window, model.card.shift), memory=model.memory,
    )
    assert isinstance(last, SectionResult)
    return last


def test_psi_lives_in_the_snapshot_and_branches_have_their_own(model: FilmModel, ask: Ask) -> None:
    assert isinstance(model.memory, ContextMemory) and isinstance(model.backbone, AnimaticBackbone)
    renderer = Renderer(model)
    first, second = ask("one"), ask("two", parent=ask("one").folder)
    for request in (first, second):
        assert isinstance(run(renderer, request)[-1], TakeDone)
    before, after = (read_snapshot(each.folder / take_folder.SNAPSHOT).psi for each in (first, second))
    assert before is not None and after is not None and not torch.equal(before, after)
    again = ask("again", parent=first.folder)          # rewound: the same psi, so the same film
    run(renderer, again)
    psi = read_snapshot(again.folder / take_folder.SNAPSHOT).psi
    assert psi is not None and torch.equal(psi, after)
    assert not (first.folder / take_folder.MEMORY).is_file()      # there are no places to draw


def test_the_network_reads_psi_and_without_it_is_framepack_bit_for_bit(model: FilmModel) -> None:
    picture = torch.rand(1, 3, 32, 64, generator=torch.Generator().manual_seed(5)) * 2 - 1
    begun = Snapshot.initial(model.codec.encode(picture))
    own = next_section(model, begun)
    plain = replace(model, memory=None)
    without = next_section(plain, begun)
    assert own.snapshot.psi is not None and without.snapshot.psi is None
    assert not torch.equal(own.latents, without.latents)
    other = next_section(model, replace(begun, psi=2 * torch.randn(own.snapshot.psi.shape)))
    assert not torch.equal(own.latents, other.latents)
    transformer = model.backbone.transformer
    ours = transformer.image_projection
    transformer.image_projection = ours.inner          # the stock module in place of ours
    try:
        assert torch.equal(next_section(plain, begun).latents, without.latents)
    finally:
        transformer.image_projection = ours


def test_an_adapter_of_another_width_is_refused(tmp_path: Path) -> None:
    card = folders.contextual(tmp_path / "it")
    (card.folder / "model.toml").unlink()
    save_adapter(SemanticPack(SemanticPackConfig(width=20, channels=16, text=8, image=32, heads=2)), card.folder / ADAPTER)
    wrong = folders._card(card.folder, title="Wrong", window=3, frames=12, shift=3.0, kind="animatic")
    with pytest.raises(ModelError, match=r"Wrong.*cannot be loaded"):
        load(wrong, "cpu")
