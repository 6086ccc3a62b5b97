"""A small random transformer with several blocks of both kinds, and a call of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from diffusers import HunyuanVideoFramepackTransformer3DModel
from torch import Tensor

from studio.lab import tiny

Call = Callable[..., Tensor]


def network(**changes: Any) -> HunyuanVideoFramepackTransformer3DModel:
    return tiny.transformer(**{"num_layers": 2, "num_single_layers": 3, **changes}).requires_grad_(False)


def randn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def run(model: HunyuanVideoFramepackTransformer3DModel, **changes: Tensor) -> Tensor:
    """Its output for fixed inputs."""
    inputs = {
        "hidden_states": randn(1, 4, 3, 4, 4), "timestep": torch.tensor([500.0]), "encoder_attention_mask": torch.ones(1, 12),
        "encoder_hidden_states": randn(1, 12, 16, seed=1), "pooled_projections": randn(1, 8, seed=2),
        "image_embeds": randn(1, 5, 32, seed=3),
        "indices_latents": torch.arange(20, 23), "guidance": torch.tensor([6000.0]), "latents_clean": randn(1, 4, 2, 4, 4, seed=4),
        "indices_latents_clean": torch.tensor([0, 19]), "latents_history_2x": randn(1, 4, 2, 4, 4, seed=5),
        "indices_latents_history_2x": torch.tensor([17, 18]), "latents_history_4x": randn(1, 4, 16, 4, 4, seed=6),
        "indices_latents_history_4x": torch.arange(1, 17),
    }
    with torch.no_grad():
        output: Tensor = model(**{**inputs, **changes}, return_dict=False)[0]
    return output


def relative(ours: Tensor, exact: Tensor) -> float:
    return float((ours.float() - exact.float()).norm() / exact.float().norm())


@pytest.fixture()
def model() -> HunyuanVideoFramepackTransformer3DModel:
    return network()
