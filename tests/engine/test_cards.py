"""Model folders: what a card must say, and what is told when files are missing, cut short or changed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from studio.engine.cards import ModelCard, ModelError, check, find_models, read_card
from studio.engine.load import load


@pytest.fixture()
def card(models: dict[str, ModelCard], tmp_path: Path) -> ModelCard:
    shutil.copytree(models["small"].folder, tmp_path / "models" / "small")
    return read_card(tmp_path / "models" / "small")


def test_a_whole_folder_passes(card: ModelCard) -> None:
    check(card, thorough=True)
    assert card.sizes == ((64, 32), (32, 64))
    assert card.phrases == {"camera": ("pan left",)}


@pytest.mark.parametrize(
    ("line", "wrong", "says"),
    [
        ("fps = 12", "", "'fps' is missing"),
        ("fps = 12", 'fps = "twelve"', "'fps' is missing or of the wrong type"),
        ("fps = 12", "fps = 12\nfpz = 3", "unknown key 'fpz'"),
        ("fps = 12", "fps = = 12", "cannot be read"),
    ],
)
def test_a_wrong_card_names_file_and_key(card: ModelCard, line: str, wrong: str, says: str) -> None:
    path = card.folder / "model.toml"
    path.write_text(path.read_text().replace(line, wrong))
    with pytest.raises(ModelError, match=says) as caught:
        read_card(card.folder)
    assert "model.toml" in str(caught.value)
    cards, problems = find_models(card.folder.parent)
    assert cards == ()
    assert says in problems[0]


def test_a_missing_and_a_truncated_and_a_changed_file(card: ModelCard) -> None:
    weights = card.folder / "transformer" / "diffusion_pytorch_model.safetensors"
    whole = weights.read_bytes()
    weights.unlink()
    with pytest.raises(ModelError, match=r"diffusion_pytorch_model\.safetensors is missing"):
        check(card)
    weights.write_bytes(whole[:-10])
    with pytest.raises(ModelError, match="cut short or changed"):
        load(card, "cpu")
    weights.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    check(card)
    with pytest.raises(ModelError, match="checksum differs"):
        check(card, thorough=True)


@pytest.mark.parametrize("folder", ["transformer", "vae", "tokenizer", "text_encoder", "image_encoder"])
def test_a_damaged_part_is_named_by_the_loader(card: ModelCard, folder: str) -> None:
    shutil.rmtree(card.folder / folder)
    path = card.folder / "model.toml"
    path.write_text(path.read_text().split("\n[[files]]")[0])  # a card that lists no files: the loader finds it
    with pytest.raises(ModelError, match=folder):
        load(read_card(card.folder), "cpu")


def test_no_models_at_all(tmp_path: Path) -> None:
    assert find_models(tmp_path / "none") == ((), ())
    with pytest.raises(ModelError, match=r"no model\.toml"):
        read_card(tmp_path)
