"""Long-term memories for Helios: psi is among its history, at time 0; without one Helios is itself, bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from studio.backbones.helios.backbone import HeliosBackbone, HeliosConditioning
from studio.backbones.helios.conditioner import IMAGE_WIDTH, picture_features
from studio.backbones.helios.history_tokens import HistoryTokens
from studio.backbones.helios.sampler import Variant
from studio.backbones.load import load
from studio.backbones.registry import sizes_of
from studio.catalogue.cards import ADAPTER, ModelCard, ModelError, files_toml, read_card
from studio.engine import take_folder
from studio.engine.events import TakeDone
from studio.engine.jobs import Stop
from studio.engine.render import Renderer
from studio.lab import tiny
from studio.memory.adapter import save_adapter
from studio.memory.frame_preservation import FramePreservation
from studio.memory.frame_preservation_config import FramePreservationConfig
from studio.memory.framepack import pack_context
from studio.memory.semantic_pack import SemanticPack
from studio.memory.semantic_pack_config import SemanticPackConfig
from studio.memory.snapshot import read_snapshot
from studio.placement.choose import choose_plan
from studio.placement.machine import imagine_machine
from studio.placement.profile import find_profiles
from studio.placement.sizes import no_psi
from tests import folders
from tests.backbones.helios.stock import pyramid_pipeline
from tests.engine.conftest import Ask

WIDTH = 24


def randn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def backbone() -> HeliosBackbone:
    scheduler = pyramid_pipeline(distilled=True, zero_star=False).scheduler
    return HeliosBackbone(tiny.helios(), scheduler, Variant(True))


def velocity(of: HeliosBackbone, psi: Tensor | None, half: bool = False) -> Tensor:
    text = HeliosConditioning(randn(1, 12, 16), torch.ones(1, 12), torch.empty(1, 0), torch.empty(1, 0, 0), torch.empty(1, 0, 16))
    packed = pack_context(randn(1, 4, 1, 8, 8), randn(1, 4, 19, 8, 8, seed=1), 3)
    size = 4 if half else 8
    with torch.no_grad():
        return of(randn(1, 4, 3, size, size, seed=2), torch.tensor([500]), packed, text, torch.ones(1), psi)


@pytest.mark.parametrize("half", [False, True])
def test_without_psi_the_bits_are_the_networks_own(half: bool) -> None:
    ours, network = backbone(), tiny.helios()
    packed = pack_context(randn(1, 4, 1, 8, 8), randn(1, 4, 19, 8, 8, seed=1), 3)
    size = 4 if half else 8
    with torch.no_grad():
        theirs = network(
            randn(1, 4, 3, size, size, seed=2), torch.tensor([500]), randn(1, 12, 16), packed.index[None], packed.clean_index[None],
            packed.history_2x_index[None], packed.history_4x_index[None], packed.clean, packed.history_2x, packed.history_4x,
            return_dict=False)[0]
    plain = velocity(ours, None, half)
    psi = randn(1, 5, WIDTH, seed=3)
    seen = velocity(ours, psi, half)
    assert torch.equal(plain, theirs) and seen.shape == plain.shape and not torch.equal(seen, plain)
    assert torch.equal(velocity(ours, None, half), plain) and torch.equal(velocity(ours, psi[:, :0], half), plain)
    assert torch.equal(velocity(ours, psi, half), seen) and not torch.equal(velocity(ours, -psi, half), seen)
    assert network.state_dict().keys() == ours.transformer.state_dict().keys(), "weights keep their names"


def test_psi_counts_as_older_frames_do() -> None:
    """The slow twin: tokens of sixteen older frames, as psi at their places, or as frames that the network packs itself."""
    network, older, oldest = tiny.helios(), randn(1, 4, 16, 8, 8, seed=4), randn(1, 4, 16, 8, 8, seed=5)
    tokens = HistoryTokens(network)
    times, edges = torch.arange(0, 16, 4), torch.arange(0, 4, 4)
    first = torch.stack(torch.meshgrid(times, edges, edges, indexing="ij"), dim=3).flatten(0, 2)
    bounds = torch.stack([first, first + 4], dim=2)
    index = torch.arange(16 + 29)[None]

    def run(frames: Tensor, at: Tensor, psi: Tensor | None) -> Tensor:
        tokens.show(psi, bounds)
        return network(
            randn(1, 4, 9, 8, 8), torch.tensor([700]), randn(1, 6, 16), index[:, 36:], index[:, [0, 35]], index[:, 33:35], at,
            randn(1, 4, 2, 8, 8, seed=6), randn(1, 4, 2, 8, 8, seed=7), frames, return_dict=False)[0]

    with torch.no_grad():
        psi = network.patch_long(older).flatten(2).transpose(1, 2)
        as_psi = run(oldest, index[:, 17:33], psi)
        as_frames = run(torch.cat([older, oldest], dim=2), torch.cat([index[:, :16], index[:, 17:33]], dim=1), None)
        neither = run(oldest, index[:, 17:33], None)
    torch.testing.assert_close(as_psi, as_frames, rtol=1e-5, atol=1e-6)
    assert (as_psi - neither).norm() > 1e3 * (as_psi - as_frames).norm()


def with_memory(folder: Path, write: Callable[[Path], None], **network: object) -> ModelCard:
    card = folders.helios(folder, **network)
    write(folder / ADAPTER)
    text = (folder / "model.toml").read_text()
    (folder / "model.toml").write_text(text + files_toml(folder, [ADAPTER]))
    return read_card(card.folder)


def pack(path: Path, **changes: object) -> None:
    torch.manual_seed(1)
    options = {"width": WIDTH, "channels": 4, "text": 16, "image": IMAGE_WIDTH, "heads": 2, "window": (3, 1, 2), "keep": (1, 1, 1),
               "text_tokens": 2, "image_side": 2}
    save_adapter(SemanticPack(SemanticPackConfig(**{**options, **changes})), path)           # type: ignore[arg-type]


def encoder(path: Path, **changes: object) -> None:
    torch.manual_seed(1)
    options = {"width": WIDTH, "channels": 4, "rate": (1, 1, 1), "stages": (6, 8, 8), "heads": 2, "trained_index": 40}
    config = FramePreservationConfig(**{**options, **changes})                               # type: ignore[arg-type]
    save_adapter(FramePreservation(config, lambda latents: latents), path)


@pytest.mark.parametrize("write", [pack, encoder])
def test_a_film_with_a_memory(tmp_path: Path, ask: Ask, write: Callable[[Path], None]) -> None:
    card = with_memory(tmp_path / "helios", write)
    model = load(card, "cpu")
    assert model.memory is not None and card.has_memory

    def rendered(name: str, **changes: object) -> tuple[Tensor, Tensor]:
        request = ask(name, steps=4, guidance=1.0, **changes)
        events = list(Renderer(model).render(request, Stop()))
        assert isinstance(events[-1], TakeDone), events[-1]
        found = read_snapshot(request.folder / take_folder.SNAPSHOT)
        assert found.psi is not None and found.psi.shape[2] == WIDTH
        return found.recent, found.psi

    first, early = rendered("one")
    second, late = rendered("two", parent=ask("one").folder)
    again, same = rendered("again", parent=ask("one").folder)
    assert torch.equal(second, again) and torch.equal(late, same) and not torch.equal(early, late)
    _, unseen = rendered("words", reference=None)
    assert not torch.equal(unseen, early), "psi_0 of a film from words alone is that of a grey picture"
    bare = replace(model, memory=None)
    events = list(Renderer(bare).render(ask("bare", steps=4, guidance=1.0), Stop()))
    assert isinstance(events[-1], TakeDone)
    plain = load(folders.helios(tmp_path / "plain"), "cpu")
    list(Renderer(plain).render(ask("plain", steps=4, guidance=1.0), Stop()))
    recent = [read_snapshot(ask(name).folder / take_folder.SNAPSHOT).recent for name in ("bare", "plain")]
    assert torch.equal(*recent), "without a memory the film is plain Helios'"
    assert first.shape == second.shape


def test_a_placed_model_with_a_memory_makes_the_same_film(tmp_path: Path, ask: Ask) -> None:
    card = with_memory(tmp_path / "helios", pack)
    profile = next(profile for profile in find_profiles() if profile.name == "card-24gb")
    exact = replace(profile, weights="bf16", text_weights="bf16", resident=1)
    plan = choose_plan(imagine_machine(24, 64, "Linux"), sizes_of(card), (64, 32), override=exact)
    found = []
    for name, model in (("placed", load(card, "cpu", plan=plan)), ("plain", load(card, "cpu"))):
        events = list(Renderer(model).render(ask(name, steps=4, sections=2), Stop()))
        assert isinstance(events[-1], TakeDone), events[-1]
        found.append(read_snapshot(ask(name).folder / take_folder.SNAPSHOT))
    placed, plain = found
    assert placed.psi is not None and plain.psi is not None
    assert torch.equal(placed.recent, plain.recent) and torch.equal(placed.psi, plain.psi)
    counted = sizes_of(card)
    bare = replace(counted, psi=no_psi)
    assert counted.tokens((64, 32)) - bare.tokens((64, 32)) == plain.psi.shape[1] and counted.context_tokens((64, 32)) == 32


@pytest.mark.parametrize(("write", "said"), [
    (lambda path: pack(path, image=32), "cannot be loaded"), (lambda path: pack(path, width=20), "cannot be loaded"),
    (lambda path: encoder(path, stream="context"), "reads psi among its history alone"),
])
def test_memories_that_do_not_fit(tmp_path: Path, write: Callable[[Path], None], said: str) -> None:
    card = with_memory(tmp_path / "helios", write)
    with pytest.raises(ModelError, match=f"{said}.*Projects are not affected"):
        load(card, "cpu")


def test_the_published_width_fits_a_memory() -> None:
    config = SemanticPackConfig(width=5120, channels=16, text=4096, image=IMAGE_WIDTH, heads=40)
    with torch.device("meta"):
        memory = SemanticPack(config)
    assert config.widths.width == 40 * 128 and memory.memorize.patches.weight.is_meta


def test_features_of_a_picture() -> None:
    features = picture_features(torch.cat([torch.full((1, 3, 32, 32), -1.0), torch.ones(1, 3, 32, 32)], dim=3))
    assert features.shape == (1, 64, IMAGE_WIDTH)
    assert features[0, 0].eq(-1).all() and features[0, 7].eq(1).all(), "rows of cells from the left"
