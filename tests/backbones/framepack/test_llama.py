"""Llama without the layers that FramePack does not use gives the same features, bit for bit."""

from __future__ import annotations

import pytest
import torch
from transformers import LlamaConfig, LlamaModel

from studio.backbones.framepack.conditioner import drop_unused_layers
from studio.backbones.framepack.sizes import UNUSED_LAYERS
from studio.lab import tiny


@pytest.mark.parametrize("layers", [2, 5])
def test_what_is_read_stays_the_same(layers: int) -> None:
    ids = torch.arange(12).view(2, 6)
    mask = torch.tensor([[1] * 6, [1] * 4 + [0] * 2])

    def read(shorter: bool) -> tuple[torch.Tensor, int]:
        torch.manual_seed(0)
        llama = LlamaModel(LlamaConfig(**{**tiny.llama().config.to_dict(), "num_hidden_layers": layers})).eval()
        one = sum(p.numel() for p in llama.layers[-1].parameters())
        llama = drop_unused_layers(llama) if shorter else llama      # before its first use: then it begins to record its layers
        with torch.no_grad():
            states = llama(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
        assert len(states) == layers + 1
        return states[-(UNUSED_LAYERS + 1)], sum(p.numel() for p in llama.parameters()) + UNUSED_LAYERS * one * shorter

    (whole, weights), (less, counted) = read(False), read(True)
    assert torch.equal(whole, less) and weights == counted
