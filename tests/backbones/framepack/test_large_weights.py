"""The large model's parts in files larger than the machine's memory, and a memory that is too small for a part."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import CLIPTextModel

from studio.backbones.components import load_part
from studio.backbones.framepack import load as large
from studio.backbones.framepack import mapped_weights
from studio.catalogue.cards import ModelCard, ModelError
from tests import folders
from tests.large_files import larger_than_memory, sparse


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    return folders.large(tmp_path_factory.mktemp("deep") / "deep")


@sparse
@pytest.mark.parametrize("aligned", [True, False])
def test_a_text_encoder_with_a_vast_output_head_is_read_without_it(card: ModelCard, aligned: bool) -> None:
    before = mapped_weights.load_text_encoder(card, "fp32", torch.float32, print, aligned).state_dict()
    with larger_than_memory(card.path("text_encoder") / "zz.safetensors", {}, "lm_head.weight"):
        after = mapped_weights.load_text_encoder(card, "fp32", torch.float32, print, aligned).state_dict()
        assert all(torch.equal(value, before[name]) for name, value in after.items())


@sparse
def test_on_the_processor_too(card: ModelCard) -> None:
    """There the libraries' own loading mapped the whole file as memory."""
    with larger_than_memory(card.path("text_encoder") / "zz.safetensors", {}, "lm_head.weight"):
        assert large.load_conditioner(card, torch.device("cpu"), torch.float32)


def test_a_memory_that_is_too_small_is_said(card: ModelCard, monkeypatch: pytest.MonkeyPatch) -> None:
    for error in (MemoryError(), RuntimeError("unable to mmap 9 bytes from file </x>: Cannot allocate memory (12)"),
                  RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")):
        def full(*_: Any, error: Exception = error, **__: Any) -> None:
            raise error

        monkeypatch.setattr(CLIPTextModel, "from_pretrained", full)
        monkeypatch.setattr("studio.placement.device.weight_store.fill_skeleton", full)
        for read in (lambda: load_part(card, CLIPTextModel, "text_encoder_2"),
                     lambda: mapped_weights.load_transformer(card, "fp32", torch.float32, print)):
            with pytest.raises(ModelError, match=r"memory of this machine is too small for .*(2|transformer), a part of"):
                read()


def test_the_own_precision_is_not_copied(card: ModelCard, tmp_path: Path) -> None:
    mapped = mapped_weights.load_transformer(card, "fp32", torch.float32, print)
    copied = mapped_weights.load_transformer(card, "fp32", torch.float32, print, aligned=True)
    assert all(torch.equal(a, b) for a, b in zip(mapped.parameters(), copied.parameters(), strict=True))
    assert all(weight.data_ptr() % 64 == 0 for weight in copied.parameters())
