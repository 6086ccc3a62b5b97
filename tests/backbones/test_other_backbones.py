"""Room for other models: a transformer behind the protocol alone, loaded by one entry and rendered by the same renderer."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from diffusers import HeliosTransformer3DModel
from torch import Tensor, nn

from studio.backbones import registry
from studio.backbones.components import freeze
from studio.backbones.family import Family, LoadRequest
from studio.backbones.film_model import FilmModel
from studio.backbones.framepack.backbone import require_framepack
from studio.backbones.framepack.codec import HunyuanCodec
from studio.backbones.load import load
from studio.backbones.registry import sizes_of
from studio.catalogue.cards import ModelCard, ModelError, read_card
from studio.diffusion.backbone import Backbone, Conditioning
from studio.engine import take_folder
from studio.engine.events import Event, Failed, LoraFile, RenderRequest, SectionDone, Step, TakeDone
from studio.engine.jobs import Stop
from studio.engine.render import Renderer
from studio.lab import tiny
from studio.media.clip import probe
from studio.memory.framepack import PackedContext
from studio.memory.snapshot import read_snapshot
from studio.placement.sizes import ModelSizes
from tests.engine.conftest import Ask
from tests.folders import CARD

pytestmark = pytest.mark.slow

WORDS = 8


class OtherBackbone(nn.Module):
    """Helios' transformer without anything else of its family: it is sampled by Euler steps."""

    patch_size, channels = 2, 4

    def __init__(self, transformer: HeliosTransformer3DModel) -> None:
        super().__init__()
        self.transformer = transformer
        self.prepared: list[Tensor] = []

    @property
    def device(self) -> torch.device:
        return next(self.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        return torch.float32

    def prepare(
        self, timesteps: Tensor, conditioning: Conditioning, guidance: Tensor | None, should_stop: Callable[[], bool]
    ) -> None:
        self.prepared.append(timesteps)

    def forward(
        self, x: Tensor, timestep: Tensor, packed: PackedContext, conditioning: Conditioning, guidance: Tensor | None = None,
        psi: Tensor | None = None,
    ) -> Tensor:
        def each(index: Tensor) -> Tensor:
            return index.unsqueeze(0).expand(len(x), -1)

        velocity: Tensor = self.transformer(
            hidden_states=x, timestep=timestep, encoder_hidden_states=conditioning.text, indices_hidden_states=each(packed.index),
            indices_latents_history_short=each(packed.clean_index), latents_history_short=packed.clean,
            indices_latents_history_mid=each(packed.history_2x_index), latents_history_mid=packed.history_2x,
            indices_latents_history_long=each(packed.history_4x_index), latents_history_long=packed.history_4x, return_dict=False,
        )[0]
        return velocity


class Letters:
    """Reads a prompt as its letters, and no picture."""

    def __call__(self, prompt: str, picture: Tensor) -> Conditioning:
        codes = torch.tensor([*prompt.encode()[:16].ljust(16)], dtype=torch.float32)
        text = torch.sin(codes[:, None] * torch.arange(1, WORDS + 1))[None]
        return Conditioning(text, torch.ones(1, 16), torch.empty(1, 0), torch.empty(1, 0, 0))


def other(request: LoadRequest) -> FilmModel:
    torch.manual_seed(0)
    network = HeliosTransformer3DModel(
        num_attention_heads=2, attention_head_dim=12, in_channels=4, out_channels=4, text_dim=WORDS, freq_dim=16, ffn_dim=32,
        num_layers=2, rope_dim=(4, 4, 4),
    )
    device = torch.device("cpu")
    codec = HunyuanCodec(freeze(tiny.autoencoder(), device), request.card.window)
    return FilmModel(request.card, freeze(OtherBackbone(network), device), codec, Letters(), device, "other")


def no_sizes(_: ModelCard) -> ModelSizes:
    raise ModelError("nobody counted them")


@pytest.fixture()
def card(tmp_path: Path) -> ModelCard:
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "model.toml").write_text(CARD.format(title="Other", window=9, frames=36, shift=0.0, kind="other"))
    return read_card(folder)


@pytest.fixture()
def model(card: ModelCard, monkeypatch: pytest.MonkeyPatch) -> FilmModel:
    monkeypatch.setitem(registry.FAMILIES, "other", Family("other", other, no_sizes))
    return load(card, "cpu")


def run(model: FilmModel, request: RenderRequest, stop_after: int | None = None) -> list[Event]:
    stop, events = Stop(), list[Event]()
    for event in Renderer(model).render(request, stop):
        events.append(event)
        if isinstance(event, SectionDone) and event.section + 1 == stop_after:
            stop.set()
    return events


def newest(request: RenderRequest) -> Tensor:
    return read_snapshot(request.folder / take_folder.SNAPSHOT).recent


def test_a_take_of_another_kind_of_model(model: FilmModel, ask: Ask) -> None:
    request = ask("one", sections=2)
    events = run(model, request)
    assert isinstance(events[-1], TakeDone) and events[-1].frames == 72, events[-1]
    assert all(e.preview and e.preview[8:12] == b"WEBP" for e in events if isinstance(e, Step | SectionDone))
    assert probe(request.folder / take_folder.CLIP).frames == 72
    snapshot = read_snapshot(request.folder / take_folder.SNAPSHOT)
    assert (snapshot.sections, snapshot.model, snapshot.psi) == (2, "other", None)
    backbone = model.backbone
    assert isinstance(backbone, OtherBackbone) and [len(t) for t in backbone.prepared] == [2, 2]


def test_it_resumes_continues_and_listens(model: FilmModel, ask: Ask) -> None:
    whole, cut = ask("whole", sections=2), ask("cut", sections=2)
    run(model, whole)
    assert not isinstance(run(model, cut, stop_after=1)[-1], TakeDone)
    assert isinstance(run(model, cut)[-1], TakeDone)
    assert torch.equal(newest(whole), newest(cut)), "a take that was stopped is the one that it would have been"
    following = [ask(name, parent=whole.folder, prompt=prompt) for name, prompt in [("a", "rain"), ("b", "rain"), ("c", "snow")]]
    for request in following:
        assert isinstance(run(model, request)[-1], TakeDone)
    a, b, c = map(newest, following)
    assert torch.equal(a, b) and not torch.equal(a, c)


def test_the_context_reaches_it(model: FilmModel, ask: Ask) -> None:
    """Another history, another section: 9 of the 19 frames are the section's own, and the others move on."""
    first, second, fresh = ask("one"), ask("two", parent=ask("one").folder), ask("three")
    for request in (first, second, fresh):
        run(model, request)
    assert torch.equal(newest(first), newest(fresh))
    assert torch.equal(newest(second)[:, :, 1:10], newest(first)[:, :, -9:])
    assert not torch.equal(newest(second)[:, :, -9:], newest(first)[:, :, -9:])


def test_who_needs_framepack_says_so(model: FilmModel) -> None:
    backbone: Backbone = model.backbone
    with pytest.raises(TypeError, match="OtherBackbone has no FramePack transformer"):
        require_framepack(backbone)


def test_loras_are_refused_in_words_and_nothing_is_made(model: FilmModel, ask: Ask, tmp_path: Path) -> None:
    lora = LoraFile("rain.safetensors", tmp_path / "rain.safetensors", "0" * 64, 1.0)
    last = run(model, ask("one", loras=(lora,)))[-1]
    assert isinstance(last, Failed) and last.message.startswith("Other takes no LoRAs.")


@pytest.mark.parametrize("module", [
    "diffusion/section.py", "diffusion/backbone.py", "diffusion/flow.py", "engine/render.py", "engine/engine.py", "engine/jobs.py",
    "engine/take_folder.py", "engine/events.py",
])
def test_what_renders_imports_no_network(module: str) -> None:
    tree = ast.parse((Path(registry.__file__).parents[1] / module).read_text("utf-8"))
    names = {f"{node.module}.{alias.name}" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    families = ("hunyuan", "backbones.framepack", "animatic", "helios")
    assert not [name for name in names if any(family in name.lower() for family in families)]


def test_an_unknown_kind_is_an_error(card: ModelCard) -> None:
    with pytest.raises(ModelError, match="knows models of the kinds 'animatic', 'framepack', 'helios' and 'panorama', not 'other'"):
        load(card, "cpu")
    with pytest.raises(ModelError, match="knows models of the kinds 'animatic', 'framepack', 'helios' and 'panorama', not 'other'"):
        sizes_of(card)
