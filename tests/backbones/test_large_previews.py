"""Previews of the large family: rough at first, then by a map measured on decoded sections, or by TAEHV where its weights are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from studio.backbones.film_model import FilmModel
from studio.backbones.large_codec import rough_preview
from studio.backbones.large_previews import MAP, SECTIONS, TAEHV, LatentPreviews, find_taehv
from studio.backbones.large_taehv import TinyDecoder
from studio.backbones.load import load
from studio.backbones.registry import sizes_of
from studio.catalogue.cards import PREPARED, ModelCard
from studio.engine.engine import Engine
from studio.engine.events import EngineStatus, Step, TakeDone
from studio.engine.jobs import Stop
from studio.engine.render import Renderer
from studio.placement.choose import choose_plan
from studio.placement.machine import imagine_machine
from studio.placement.profile import find_profiles
from tests.engine.conftest import Ask

CHANNELS = 4


@pytest.fixture()
def card(models: dict[str, ModelCard], tmp_path: Path) -> ModelCard:
    """The large kind, with a folder of its own for what is prepared."""
    return replace(models["large"], weights=tmp_path / "weights")


def film(model: FilmModel, ask: Ask, name: str, **changes: Any) -> None:
    events = list(Renderer(model).render(ask(name, **changes), Stop()))
    assert isinstance(events[-1], TakeDone), events[-1]
    assert all(event.preview for event in events if isinstance(event, Step))


def latents(seed: int = 0) -> Tensor:
    return torch.randn(1, CHANNELS, 3, 4, 8, generator=torch.Generator().manual_seed(seed))


def test_the_first_decoded_section_measures_the_map(card: ModelCard, ask: Ask) -> None:
    model, stored = load(card, "cpu"), card.weights / PREPARED / MAP  # type: ignore[operator]
    assert not stored.exists() and torch.equal(model.codec.preview(latents()), rough_preview(latents()))
    film(model, ask, "one")
    assert stored.is_file()
    first = model.codec.preview(latents())
    assert first.shape == (3, 3, 4, 8) and first.abs().max() <= 1 and not torch.equal(first, rough_preview(latents()))
    assert torch.equal(load(card, "cpu").codec.preview(latents()), first), "it is read the next time"
    film(model, ask, "two", seed=8)
    assert not torch.equal(model.codec.preview(latents()), first), "more sections tell it more"


def test_the_model_sheet_says_how_previews_are_made(card: ModelCard, ask: Ask) -> None:
    profile = next(profile for profile in find_profiles() if profile.name == "card-24gb")
    plan = choose_plan(imagine_machine(24, 64, "Linux"), sizes_of(card), (64, 32), override=replace(profile, text_encoder="cpu"))
    model = load(card, "cpu", plan=plan)
    assert model.placement
    assert model.placement.sentences[-1].startswith("Previews: rough, until")
    film(model, ask, "one", sections=2)
    assert "linear map, measured on 2 of this model's sections" in model.placement.sentences[-1]
    model.release()


def test_the_page_hears_of_it(card: ModelCard, ask: Ask) -> None:
    profile = next(profile for profile in find_profiles() if profile.name == "card-24gb")
    plan = choose_plan(imagine_machine(24, 64, "Linux"), sizes_of(card), (64, 32), override=replace(profile, text_encoder="cpu"))
    model, engine = load(card, "cpu", plan=plan), Engine((card,))
    engine._warm.set()
    engine._renderer = Renderer(model)
    engine._ready(engine._renderer)
    assert "rough" in engine.status().placement[-1]
    statuses: list[EngineStatus] = []
    engine.watch(statuses.append)
    list(engine._render(ask("one", model=card.name, sections=2, cache=0.5), Stop()))
    assert "step cache" in " ".join(statuses[0].placement) and "rough" in statuses[0].placement[-1]
    assert "measured on 2" in engine.status().placement[-1] and engine.status().state == "ready"
    model.release()


def test_after_some_sections_it_is_settled(tmp_path: Path) -> None:
    previews, frames = LatentPreviews(tmp_path / MAP, "a", CHANNELS), torch.rand(1, 3, 12, 32, 64)
    previews.learn(latents(), torch.full((1, 3, 12, 32, 64), float("nan")))
    assert "rough" in previews.description and not (tmp_path / MAP).exists()
    for seed in range(SECTIONS):
        previews.learn(latents(seed), frames)
    settled, written = previews(latents()), (tmp_path / MAP).read_bytes()
    previews.learn(latents(99), -frames)
    assert torch.equal(previews(latents()), settled) and (tmp_path / MAP).read_bytes() == written


def test_a_map_of_other_weights_or_a_damaged_one_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / MAP
    LatentPreviews(path, "a", CHANNELS).learn(latents(), torch.rand(1, 3, 12, 32, 64))
    assert "linear map" in LatentPreviews(path, "a", CHANNELS).description
    assert "rough" in LatentPreviews(path, "b", CHANNELS).description and "rough" in LatentPreviews(path, "a", 16).description
    path.write_bytes(path.read_bytes()[:-9])
    previews = LatentPreviews(path, "a", CHANNELS)
    assert "rough" in previews.description
    previews.learn(latents(), torch.rand(1, 3, 12, 32, 64))
    assert "linear map" in LatentPreviews(path, "a", CHANNELS).description, "it is measured anew"


def test_where_nothing_can_be_written_it_lasts_as_long_as_the_model(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    previews = LatentPreviews(tmp_path / "file" / MAP, "a", CHANNELS)
    previews.learn(latents(), torch.rand(1, 3, 12, 32, 64))
    assert "measured on 1" in previews.description and not torch.equal(previews(latents()), rough_preview(latents()))


@pytest.mark.parametrize("beside", ["weights", "folder"])
def test_taehv_is_used_where_its_weights_lie(card: ModelCard, ask: Ask, tmp_path: Path, beside: str) -> None:
    if beside == "folder":
        card = replace(card, folder=tmp_path / "card")
    place: Path = getattr(card, beside)
    place.mkdir()
    torch.manual_seed(0)
    decoder = TinyDecoder(CHANNELS).eval()
    torch.save(decoder.state_dict(), place / "taehv.pth")
    previews = LatentPreviews(place / PREPARED / MAP, "", CHANNELS, *find_taehv(card, CHANNELS))
    assert previews.description == "Previews: by TAEHV."
    assert torch.equal(previews(latents()), decoder.preview(latents())) and previews(latents()).shape == (3, 3, 32, 64)
    if beside == "weights":
        film(load(card, "cpu"), ask, "one")


def test_a_bad_file_is_reported_and_the_map_is_used(card: ModelCard, ask: Ask) -> None:
    assert card.weights
    card.weights.mkdir()
    (card.weights / "taehv.safetensors").write_bytes(b"cut short")
    model = load(card, "cpu")
    film(model, ask, "one")
    previews = model.codec.previews  # type: ignore[attr-defined]
    assert previews.description.startswith("Previews: by a linear map, measured on 1 of")
    assert previews.description.count("cannot be read") == 1
    assert previews.description.endswith("Get the file again, or take it away.")


def test_no_room_for_taehv(tmp_path: Path) -> None:
    class Full(TinyDecoder):
        def preview(self, latents: Tensor) -> Tensor:
            raise torch.OutOfMemoryError("full")

    previews = LatentPreviews(tmp_path / MAP, "a", CHANNELS, Full(CHANNELS))
    assert torch.equal(previews(latents()), rough_preview(latents()))
    assert previews.description.endswith("There was no room for TAEHV on the card.") and previews(latents()).shape == (3, 3, 4, 8)


def test_names_of_files() -> None:
    assert TAEHV == ("taehv.safetensors", "taehv.pth"), "as they are published"
