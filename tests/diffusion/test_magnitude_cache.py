"""The step cache by magnitudes: diffusers' own rule and bits on the stock transformers, steps in which no block is called."""

from __future__ import annotations

import pytest
import torch
from diffusers import MagCacheConfig
from torch import Tensor

from studio.diffusion.magnitude_cache import magnitude_cache, plan_skips
from tests.diffusion.test_step_cache import STEPS, counted, steps
from tests.placement.conftest import network, run

RATIOS = (1.0, 1.2, 1.04, 1.01, 0.99, 0.98, 1.03, 0.97)
LISTS = ("transformer_blocks", "single_transformer_blocks")


def theirs(threshold: float, ratios: tuple[float, ...] = RATIOS) -> list[Tensor]:
    model = network()
    model.enable_cache(MagCacheConfig(threshold, num_inference_steps=STEPS, mag_ratios=list(ratios)))
    return steps(model)


@pytest.mark.parametrize("threshold", [0.015, 0.06, 0.5])
def test_it_leaves_out_what_diffusers_cache_leaves_out_and_the_bits_are_the_same(threshold: float) -> None:
    skips, ours = plan_skips([RATIOS], [STEPS], threshold), network()
    calls = counted(ours)
    with magnitude_cache(ours, LISTS, skips) as cache:
        made = steps(ours)
    assert 0 < cache.skip_count == sum(skips) < STEPS == cache.pass_count
    assert calls == [STEPS - sum(skips)] * len(calls), "the first block too is not called"
    for step, (a, b) in enumerate(zip(made, theirs(threshold), strict=True)):
        assert torch.equal(a, b), step


def test_ratios_of_another_number_of_steps_are_resampled_as_there() -> None:
    for count in (3, 20):
        ratios = torch.rand(count, generator=torch.Generator().manual_seed(count)) * 0.06 + 0.97
        model = network()
        model.enable_cache(MagCacheConfig(0.06, num_inference_steps=STEPS, mag_ratios=ratios))
        expected = steps(model)
        ours = network()
        with magnitude_cache(ours, LISTS, plan_skips([ratios.tolist()], [STEPS], 0.06)):
            assert all(torch.equal(a, b) for a, b in zip(steps(ours), expected, strict=True))


def test_the_ratios_that_are_measured_are_those_of_diffusers(capsys: pytest.CaptureFixture[str]) -> None:
    model = network()
    model.enable_cache(MagCacheConfig(num_inference_steps=STEPS, calibrate=True))
    steps(model)
    printed = capsys.readouterr().out
    ours = network()
    exact = steps(ours)
    with magnitude_cache(ours, LISTS, ()) as cache:
        made = steps(ours)
    assert str(cache.ratios) in printed and len(cache.ratios) == STEPS and cache.ratios[0] == 1 != cache.ratios[1]
    assert all(torch.equal(a, b) for a, b in zip(made, exact, strict=True)) and cache.skip_count == 0


def test_nothing_is_left_behind() -> None:
    model, skips = network(), plan_skips([RATIOS], [STEPS], 0.5)
    before, names, lists = steps(model), list(model.state_dict()), [getattr(model, name) for name in LISTS]
    passes = []
    for _ in range(2):
        with magnitude_cache(model, LISTS, skips):
            assert list(model.state_dict()) == names
            passes.append(steps(model))
    assert all(torch.equal(a, b) for a, b in zip(*passes, strict=True)), "every section begins anew"
    with pytest.raises(RuntimeError, match="stop"), magnitude_cache(model, LISTS, skips):
        raise RuntimeError("stop")
    assert all(getattr(model, name) is one for name, one in zip(LISTS, lists, strict=True))
    assert all(torch.equal(a, b) for a, b in zip(before, steps(model), strict=True))
    assert not torch.equal(passes[0][-1], before[-1])


def test_every_stage_begins_with_a_step_that_runs() -> None:
    still = [1.0] * 5
    assert plan_skips([still, still], [5, 5], 1.0) == (False, True, True, True, False) * 2, "three in a row at most"
    assert plan_skips([still, still], [2, 1], 1.0) == (False, True, False)
    assert not any(plan_skips([[1.0, 2.0, 0.4]], [3], 0.06))


def test_what_cannot_be() -> None:
    for threshold in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="threshold above 0"):
            plan_skips([RATIOS], [STEPS], threshold)
    with pytest.raises(ValueError, match="2 stages"):
        plan_skips([RATIOS, RATIOS], [STEPS], 0.06)
    model = network()
    with pytest.raises(ValueError, match="first step"), magnitude_cache(model, LISTS, [True]):
        pass
    with magnitude_cache(model, LISTS, ()), pytest.raises(ValueError, match="already"), magnitude_cache(model, LISTS, ()):
        pass
    run(model)
