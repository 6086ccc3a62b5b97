"""Which memory a large model has, and what the past costs it, told from the memory file's header without torch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from studio.backbones.registry import memory_words
from studio.catalogue.cards import ADAPTER, ModelCard, ModelFile
from studio.memory.adapter import save_adapter
from studio.memory.frame_preservation import FramePreservation
from studio.memory.frame_preservation_config import FramePreservationConfig
from studio.memory.semantic_pack import SemanticPack
from studio.memory.semantic_pack_config import SemanticPackConfig
from tests.fake_engine import card as tiny_card

SIZE = (832, 480)
PACK = SemanticPackConfig(width=8, channels=4, text=4, image=4, heads=2, window=(9, 8, 8))
ENCODER = FramePreservationConfig(width=8, channels=4, stages=(4, 4, 4, 4, 4, 4), heads=2)


@pytest.fixture()
def card(tmp_path: Path) -> ModelCard:
    return tiny_card(folder=tmp_path, kind="framepack", window=9, files=(ModelFile(ADAPTER, 1, "0" * 64),))


@pytest.mark.parametrize("readable", [0, 5])
def test_semantic_pack(card: ModelCard, readable: int) -> None:
    pack = SemanticPack(replace(PACK, readable=readable))
    save_adapter(pack, card.path(ADAPTER))
    tokens = pack.memorize(torch.zeros(1, 4, 9, SIZE[1] // 8, SIZE[0] // 8)).shape[1]
    words = memory_words(card, SIZE)
    assert words == (f"SemanticPack’s psi, {tokens} tokens in films of any length" if not readable
                     else "SemanticPack’s psi of every section, of which it reads 5 tokens")


@pytest.mark.parametrize("second", [(), (2, 2, 8)])
def test_the_history_encoder(card: ModelCard, second: tuple[int, ...]) -> None:
    encoder = FramePreservation(replace(ENCODER, second_rate=second), lambda latents: latents)
    save_adapter(encoder, card.path(ADAPTER))
    tokens = encoder.config.tokens(9, SIZE[1] // 8, SIZE[0] // 8)
    assert memory_words(card, SIZE) == f"the tokens of its history encoder, {tokens:,} more with each section"


def test_what_cannot_be_read_is_a_memory(card: ModelCard) -> None:
    assert memory_words(card, SIZE) == "a memory"
    card.path(ADAPTER).write_bytes(b"nothing of the kind")
    assert memory_words(card, SIZE) == "a memory"
    assert memory_words(replace(card, kind="unknown"), SIZE) == "a memory"
