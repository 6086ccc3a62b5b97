"""The film model's parts: made from a seed, with a tokenizer that stays a run's own."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from studio.lab.train import parts
from studio.lab.train.shapes import AnimaticShape

SMALL = AnimaticShape(
    heads=2, head_width=16, double_layers=1, single_layers=1, side_width=16, side_layers=1, image_size=32, tokens=16,
)


def test_a_run_keeps_its_tokenizer_when_captions_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words, *_ = parts.new_parts(SMALL, 1, tmp_path / "tokenizer")

    def another(shape: AnimaticShape) -> None:
        raise AssertionError("a tokenizer was learned anew")

    monkeypatch.setattr(parts, "new_tokenizer", another)
    again, *_ = parts.new_parts(SMALL, 1, tmp_path / "tokenizer")
    said = "the camera pans slowly to the left, night falls – çà 雪"
    assert again(said).input_ids == words(said).input_ids
    assert again.model_max_length == SMALL.tokens


def test_the_same_seed_makes_the_same_parts(tmp_path: Path) -> None:
    (_, *one), (_, *two), (_, *other) = (parts.new_parts(SMALL, seed, tmp_path / "tokenizer") for seed in (1, 1, 2))
    for mine, same, different in zip(one, two, other, strict=True):
        pairs = list(zip(mine.state_dict().values(), same.state_dict().values(), strict=True))
        assert all(torch.equal(a, b) for a, b in pairs)
        assert any(not torch.equal(a, b) for a, b in zip(mine.state_dict().values(), different.state_dict().values(), strict=True))
