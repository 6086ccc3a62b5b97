"""The cards that ship for Helios: what they state, and a model that is fetched by one of them from a stand-in for the hub."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from huggingface_hub import constants

from studio.backbones.load import load
from studio.catalogue.cards import ModelCard, ModelError, check, read_card
from studio.catalogue.hub import fetch as fetching
from studio.catalogue.hub.download import plan_download
from tests import folders
from tests.catalogue.fake_hub import fill, serve

MODELS = Path(__file__).parents[3] / "models"
CARDS = ("helios-distilled", "helios-mid", "helios-base")
PARTS = {"pipeline", "scheduler", "text_encoder", "tokenizer", "transformer", "vae"}


@pytest.mark.parametrize("name", CARDS)
def test_a_card_that_ships(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STUDIO_MODELS", str(tmp_path))
    card = read_card(MODELS / name)
    assert (card.kind, card.fps, card.window, card.section_frames) == ("helios", 24, 9, (9 - 1) * 4 + 1)
    assert all(side % 64 == 0 for size in card.sizes for side in size)
    assert (card.steps % 3 == 0 or name == "helios-base") and (card.guidance > 1) == (name != "helios-distilled")
    assert "slightly inferior" in card.summary and "unknown" in card.licence and not card.files, "sizes are the hub's own"
    (source,) = card.sources
    assert source.repository == f"BestWishYsh/{card.title}" and set(source.folders) == PARTS and "Unknown" in source.licence
    with pytest.raises(ModelError, match=f"not on this machine. Get it with: python app.py models fetch {name}"):
        check(card)


def card_like(name: str, folder: Path) -> ModelCard:
    """The sources of a card that ships, and the measures of the tiny kind."""
    folder.mkdir(parents=True)
    sources = (MODELS / name / "model.toml").read_text("utf-8").partition("[[sources]]")
    facts = folders.CARD.format(title="Helios", window=3, frames=9, shift=0.0, kind="helios")
    (folder / "model.toml").write_text(facts + "\n" + sources[1] + sources[2])
    return read_card(folder)


def test_a_model_is_fetched_with_the_file_that_says_which_variant_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.delenv("STUDIO_MODELS", raising=False)
    made = folders.helios(tmp_path / "made", distilled=True)
    card = card_like("helios-distilled", tmp_path / "models" / "helios-distilled")
    hub, server = serve()
    try:
        fill(hub, made, card.sources)
        download = plan_download(card, (), hub.url)
        fetching.fetch(download.accept("2026-01-01"), lambda count, path: None)
    finally:
        server.shutdown()
        server.server_close()
    whole = read_card(card.folder)
    assert whole.state == "ready" and whole.path("pipeline/model_index.json").is_file()
    assert {file.path: file.size for file in whole.files} == {file.path: file.size for file in made.files}
    check(whole, thorough=True)
    ours, theirs = load(whole, "cpu"), load(made, "cpu")
    assert ours.backbone.variant.distilled                                                   # type: ignore[attr-defined]
    assert all(torch.equal(a, b) for a, b in zip(ours.backbone.parameters(), theirs.backbone.parameters(), strict=True))  # type: ignore[attr-defined]
