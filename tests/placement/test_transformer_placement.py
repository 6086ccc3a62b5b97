"""int8, tables and streaming together: a placed transformer renders the same latents as a plain one."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from studio.backbones.framepack.backbone import FramePackBackbone
from studio.diffusion import flow
from studio.diffusion.backbone import Conditioning
from studio.diffusion.section import Sampling, SectionResult, StoppedError, denoise_section
from studio.memory.snapshot import Snapshot
from studio.placement.device.adaln import UnpreparedError
from studio.placement.device.int8 import quantize
from studio.placement.device.streamer import blocks_of
from studio.placement.device.transformer_placement import place_transformer
from tests.placement.conftest import network, randn

CPU = torch.device("cpu")
WORDS = Conditioning(randn(1, 12, 16), torch.ones(1, 12), randn(1, 8), randn(1, 25, 32))
SAMPLING = Sampling(steps=3, guidance=4.5, window=3)
GUIDANCE = torch.full((1,), 4.5) * 1000
STEPS = flow.set_timesteps(flow.make_scheduler(0), 3, 3 * 4 * 4 / 4)


def film(backbone: FramePackBackbone) -> Tensor:
    *_, last = denoise_section(backbone, Snapshot.initial(randn(1, 4, 1, 4, 4)), WORDS, flow.noise((1, 4, 3, 4, 4), 1), SAMPLING)
    assert isinstance(last, SectionResult)
    return last.latents


@pytest.mark.parametrize("options", [
    {}, {"tables": False}, {"resident": 0}, {"resident": 2, "tables": False}, {"resident": 1, "buffers": 3, "quantize": True},
])
def test_a_placed_transformer_films_the_same(options: dict[str, Any]) -> None:
    twin, model = network(), network()
    if options.get("quantize"):
        quantize(twin)
    expected = film(FramePackBackbone(twin))
    placement = place_transformer(model, CPU, **options)
    backbone = FramePackBackbone(model)
    for _ in range(2):
        placement.prepare(STEPS, WORDS.pooled, GUIDANCE)
        assert torch.equal(film(backbone), expected)
    assert backbone.dtype == torch.float32
    placement.release()
    assert torch.equal(film(backbone), expected)
    assert not any(block._forward_pre_hooks or block._forward_hooks for block in blocks_of(model))


@pytest.mark.parametrize("resident", [None, 2])
def test_it_stops_between_blocks_and_goes_on(resident: int | None) -> None:
    model = network()
    expected = film(FramePackBackbone(network()))
    placement = place_transformer(model, CPU, resident)
    placement.prepare(STEPS, WORDS.pooled, GUIDANCE)
    left = [7]

    def stopped() -> bool:
        left[0] -= 1
        return left[0] < 0

    placement.should_stop = stopped
    with pytest.raises(StoppedError):
        film(FramePackBackbone(model))
    assert left == [-1]
    placement.should_stop = lambda: False
    assert torch.equal(film(FramePackBackbone(model)), expected)


def test_a_section_that_was_not_prepared_fails_loudly() -> None:
    model = network()
    placement = place_transformer(model, CPU)
    placement.prepare(STEPS[:2], WORDS.pooled, GUIDANCE)
    with pytest.raises(UnpreparedError, match="no row for timestep"):
        film(FramePackBackbone(model))


def test_a_place_that_cannot_be_leaves_the_model_whole() -> None:
    model = network()
    expected = film(FramePackBackbone(network()))
    with pytest.raises(ValueError, match="not to mps"):
        place_transformer(model, torch.device("mps"), resident=1)
    assert torch.equal(film(FramePackBackbone(model)), expected)
