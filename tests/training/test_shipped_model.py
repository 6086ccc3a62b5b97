"""The model folder that ships: complete, small enough, read by the engine, and true to photographs it has never seen."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from studio.diffusion.autoencoder import PatchVideoAutoencoder
from studio.engine.cards import check, read_card
from studio.training.photographs import NAMES, photograph, psnr

FOLDER = Path(__file__).parents[2] / "models" / "memorypack-mini"


def test_it_is_complete() -> None:
    card = read_card(FOLDER)
    check(card, thorough=True)
    listed = {file.path for file in card.files}
    for part in ("transformer", "continuation", "vae", "text_encoder", "image_encoder", "tokenizer"):
        assert any(path.startswith(f"{part}/") for path in listed)
    assert sum(file.size for file in card.files) < 70_000_000


@pytest.mark.parametrize("name", NAMES[:5])
def test_photographs_survive(name: str) -> None:
    model = PatchVideoAutoencoder.from_pretrained(FOLDER / "vae").eval()
    true = photograph(name, 320, 192)
    with torch.no_grad():
        made = model.decode(model.encode(true[None, :, None]))[0, :, 0]
    assert psnr(made, true) >= 24.0


def test_streaming_is_exact_with_the_shipped_weights() -> None:
    model = PatchVideoAutoencoder.from_pretrained(FOLDER / "vae").eval()
    latents = torch.randn(1, 96, 4, 4, 6, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        whole = model.decode(latents)
        first = model.decode(latents[:, :, :2])
        assert torch.equal(whole, torch.cat([first, model.decode_next(latents[:, :, 2:], latents[:, :, 1:2])], dim=2))


def test_any_text_becomes_tokens_and_case_does_not_matter() -> None:
    from transformers import PreTrainedTokenizerFast

    words = PreTrainedTokenizerFast.from_pretrained(FOLDER / "tokenizer")
    assert words("The camera PANS left").input_ids == words("the camera pans left").input_ids
    for text in ("", "żółw, 東西 🐢", "a" * 1000):
        tokens = words(text, truncation=True, max_length=64).input_ids
        assert len(tokens) <= 64
        assert words.unk_token_id not in tokens
        assert tokens[0] == words.bos_token_id
        assert tokens[-1] == words.eos_token_id
