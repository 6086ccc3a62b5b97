"""Training a toy reader of words: it learns, a run that was cut off goes on exactly, and it joins a model folder."""

from __future__ import annotations

import csv
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from studio.backbones.animatic.load import load_reader
from studio.backbones.animatic.words import PART, QUESTIONS
from studio.catalogue.cards import check, read_card
from studio.catalogue.fingerprint import fingerprint
from studio.lab.phrasings import read_phrasings
from studio.lab.train import words
from studio.lab.train.recipe import read_recipe
from studio.lab.train.words import WordsRecipe, add_to_model, draw_batches, error, new_tokenizer, plain, targets, train
from studio.lab.world import Section

ROOT = Path(__file__).parents[3]
RECIPE = read_recipe(Path(words.__file__).parent / "recipes" / "words-cpu.toml", WordsRecipe)


@pytest.fixture(autouse=True)
def few_wordings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "new_tokenizer", lambda vocabulary: new_tokenizer(vocabulary, wordings=500))


def toy(run: Path, steps: int) -> WordsRecipe:
    held_out = tuple(str(ROOT / path) for path in RECIPE.held_out)
    return replace(RECIPE, run=str(run), held_out=held_out, vocabulary=300, width=16, layers=1, heads=2,
                   steps=steps, batch=8, every=2)


def test_right_answers() -> None:
    right = targets([Section("left", "slow", True, "night"), Section(weather="wind"), Section("shake")])
    assert right["camera"].tolist() == [QUESTIONS["camera"].index(name) for name in ("left", "hold", "shake")]
    assert right["speed"].tolist() == [QUESTIONS["speed"].index("slow"), -100, -100]
    assert right["eased"].tolist() == [1, -100, -100]
    assert right["light"].tolist() == [QUESTIONS["light"].index("night"), 0, 0]
    assert right["weather"].tolist() == [0, QUESTIONS["weather"].index("wind"), 0]


def test_the_phrasings_for_measuring_are_never_drawn(tmp_path: Path) -> None:
    unseen = frozenset(plain(phrasing.words) for phrasing in read_phrasings())
    assert plain("PAN TO THE LEFT!") in unseen and plain("Hand-held  camera") == "hand held camera"
    tokenizer, recipe = new_tokenizer(300, wordings=500), replace(toy(tmp_path, 1), batch=100)
    drawn = [wish for number in range(3) for batch in draw_batches(tokenizer, recipe, number, unseen) for wish in batch]
    assert len(drawn) == 3 * words.POOL * 100
    assert not any(plain(wish.caption) in unseen for wish in drawn if wish.caption)
    again = draw_batches(tokenizer, recipe, 0, unseen)
    assert [wish for batch in again for wish in batch] == drawn[: words.POOL * 100]


def test_a_run_that_was_cut_off_goes_on_exactly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, cut = toy(tmp_path / "whole", 6), toy(tmp_path / "cut", 6)
    one, left = train(whole), 5
    shutil.copytree(tmp_path / "whole" / "tokenizer", tmp_path / "cut" / "tokenizer")      # ties of rare words fall by chance

    def failing(logits: torch.Tensor, right: dict[str, torch.Tensor]) -> torch.Tensor:
        nonlocal left
        if (left := left - 1) < 0:
            raise KeyboardInterrupt
        return error(logits, right)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(words, "error", failing)
        train(cut)
    two = train(cut)
    rows = list(csv.DictReader((tmp_path / "cut" / "curve.csv").open()))
    assert [float(row["step"]) for row in rows] == [1, 2, 3, 4, 5, 6]
    assert (one / "model.safetensors").read_bytes() == (two / "model.safetensors").read_bytes()


def test_the_error_falls(tmp_path: Path) -> None:
    train(replace(toy(tmp_path, 40), batch=16, rate=1e-2))
    losses = [float(row["loss"]) for row in csv.DictReader((tmp_path / "curve.csv").open())]
    assert np.mean(losses[-10:]) < 0.92 * np.mean(losses[:5])        # the vocabulary differs a little from run to run


def test_a_reader_joins_a_model_folder(tmp_path: Path) -> None:
    """Its files are on the card, the rest of the card stays as it was, and the weights keep their name."""
    folder = tmp_path / "mini"
    shutil.copytree(ROOT / "models" / "memorypack-mini", folder)
    before = read_card(folder)
    add_to_model(train(toy(tmp_path / "run", 2)), folder)
    card = read_card(folder)
    check(card, thorough=True)
    assert {file for file in card.files if not file.path.startswith(PART)} == {
        file for file in before.files if not file.path.startswith(PART)}
    assert replace(card, files=(), name="") == replace(before, files=(), name="")
    assert fingerprint(card) == fingerprint(before)
    reader = load_reader(card, torch.device("cpu"))
    assert reader is not None and reader.read("the camera pans left").camera in QUESTIONS["camera"]
