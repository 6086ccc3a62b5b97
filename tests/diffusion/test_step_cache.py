"""The step cache: diffusers' own rule and bits, blocks that are really skipped, and no trace afterwards."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from diffusers import FirstBlockCacheConfig, HunyuanVideoFramepackTransformer3DModel
from torch import Tensor

from studio.diffusion.step_cache import first_block_cache
from studio.placement.device.streamer import blocks_of
from tests.placement.conftest import network, randn, run

Transformer = HunyuanVideoFramepackTransformer3DModel
STEPS = 8


def steps(model: Transformer) -> list[Tensor]:
    """Outputs along a path whose steps become smaller."""
    start, end = randn(1, 4, 3, 4, 4), randn(1, 4, 3, 4, 4, seed=9)
    made = []
    for step in range(STEPS):
        share = 0.5**step
        made.append(run(model, hidden_states=share * start + (1 - share) * end))
    return made


def counted(model: Transformer) -> list[int]:
    """Calls of each block from now on."""
    calls = [0] * len(blocks_of(model))
    for index, block in enumerate(blocks_of(model)):
        def call(_: Any, __: Any, index: int = index) -> None:
            calls[index] += 1

        block.register_forward_pre_hook(call)
    return calls


@pytest.mark.parametrize("threshold", [0.005, 0.02, 0.1])
def test_it_skips_what_diffusers_cache_skips_and_the_bits_are_the_same(threshold: float) -> None:
    theirs = network()
    theirs.enable_cache(FirstBlockCacheConfig(threshold))
    with theirs.cache_context("cond"):
        expected = steps(theirs)
    ours = network()
    with first_block_cache(ours, threshold) as cache:
        made = steps(ours)
    assert 0 < cache.skip_count < cache.pass_count - 1 and cache.pass_count == STEPS
    for step, (a, b) in enumerate(zip(made, expected, strict=True)):
        assert torch.equal(a, b), step


def test_skipped_blocks_are_not_called_and_what_is_skipped_is_an_approximation() -> None:
    model = network()
    exact = steps(model)
    calls = counted(model)
    with first_block_cache(model, 0.1) as cache:
        made = steps(model)
    assert calls == [STEPS, *[STEPS - cache.skip_count] * (len(calls) - 1)] and cache.skip_count > 1
    errors = [float((a - b).norm() / b.norm()) for a, b in zip(made, exact, strict=True)]
    assert errors[0] == 0 and 0 < max(errors) < 0.2


def test_nothing_is_left_behind() -> None:
    model = network()
    before, names = steps(model), list(model.state_dict())
    lists = model.transformer_blocks, model.single_transformer_blocks
    passes = []
    for _ in range(2):
        with first_block_cache(model, 0.1) as cache:
            assert list(model.state_dict()) == names
            passes.append(steps(model))
    assert all(torch.equal(a, b) for a, b in zip(*passes, strict=True)), "every section begins anew"
    with pytest.raises(RuntimeError, match="stop"), first_block_cache(model, 0.1):
        raise RuntimeError("stop")
    assert lists[0] is model.transformer_blocks and lists[1] is model.single_transformer_blocks
    assert all(torch.equal(a, b) for a, b in zip(before, steps(model), strict=True)) and cache.skip_count > 0


def test_a_pass_that_was_broken_off_is_no_ground_for_skipping() -> None:
    """A stop between two blocks: what the others did is not known then."""
    model, calls = network(), [0]
    exact = run(model)

    def stop(*_: Any) -> None:
        calls[0] += 1
        if calls[0] == 1:
            raise RuntimeError("stop")

    model.single_transformer_blocks[0].register_forward_pre_hook(stop)
    with first_block_cache(model, 1e9) as cache:
        with pytest.raises(RuntimeError, match="stop"):
            run(model)
        assert torch.equal(run(model), exact) and cache.skip_count == 0
        assert torch.equal(run(model), exact) or cache.skip_count == 1


def test_values_that_are_no_numbers_are_not_skipped() -> None:
    model = network()
    with first_block_cache(model, 1e9) as cache:
        run(model)
        assert not torch.isfinite(run(model, hidden_states=torch.full((1, 4, 3, 4, 4), float("nan")))).all()
    assert cache.skip_count == 0


@pytest.mark.parametrize("threshold", [0.0, -1.0, float("nan"), float("inf")])
def test_no_threshold(threshold: float) -> None:
    with pytest.raises(ValueError, match="threshold above 0"), first_block_cache(network(), threshold):
        pass


def test_what_cannot_have_one() -> None:
    with pytest.raises(ValueError, match="both kinds"), first_block_cache(network(num_single_layers=0), 0.1):
        pass
    model = network()
    with first_block_cache(model, 0.1), pytest.raises(ValueError, match="already"), first_block_cache(model, 0.1):
        pass
