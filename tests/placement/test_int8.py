"""int8 weights: the error is at most half a step, and storing does not change them."""

from __future__ import annotations

import importlib.util
import weakref
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import HunyuanVideoFramepackTransformer3DModel
from safetensors.torch import load_file, save_file
from torch import nn

from studio.placement.device import int8
from studio.placement.device.int8 import Int8Linear, multiply_by_bitsandbytes, quantize, quantize_tensors, quantize_weight
from tests.placement.conftest import network, randn, relative, run

pytestmark = pytest.mark.slow

Transformer = HunyuanVideoFramepackTransformer3DModel


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_every_weight_is_within_half_a_step(dtype: torch.dtype) -> None:
    weight = (randn(64, 96) * torch.logspace(-6, 3, 64).unsqueeze(1)).to(dtype)
    weight[5] = 0
    steps, scale = quantize_weight(weight)
    assert steps.dtype == torch.int8 and steps.abs().max() == 127
    assert ((steps * scale - weight.float()).abs() <= scale / 2).all()
    assert torch.equal(scale, scale.bfloat16().float())
    assert torch.equal(steps[5], torch.zeros(96, dtype=torch.int8))
    largest = weight.float().abs().amax(1, keepdim=True)
    used = largest > 1e-30
    assert (scale <= largest / 127 * (1 + 2**-7))[used].all()


@pytest.mark.parametrize("shape", [(64, 96), (1, 5), (3, 70_000), (130, 1000), (0, 4)])
def test_rows_are_rounded_in_groups_as_all_at_once(shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    weight = (randn(*shape) * 3).bfloat16()
    groups = quantize_weight(weight)
    monkeypatch.setattr(int8, "AT_ONCE", 10**12)
    assert all(torch.equal(ours, theirs) for ours, theirs in zip(groups, quantize_weight(weight), strict=True))


def test_the_error_of_a_layer_follows_from_the_step() -> None:
    torch.manual_seed(0)
    linear = nn.Linear(256, 64)
    small, x = Int8Linear(linear), randn(32, 256, seed=1)
    error = (small(x) - linear(x)).abs()
    worst = x.abs().sum(1, keepdim=True) @ (small.scale.T / 2)      # half a step for every weight
    assert (error <= worst + 1e-6).all()
    likely = (x.pow(2).sum(1, keepdim=True) @ small.scale.T.pow(2) / 12).mean().sqrt()     # steps round evenly
    assert 0.8 < error.pow(2).mean().sqrt() / likely < 1.2


def test_it_computes_in_the_precision_of_its_input() -> None:
    torch.manual_seed(0)
    linear = nn.Linear(128, 64).bfloat16()
    small, x = Int8Linear(linear), randn(8, 128, seed=1)
    assert small(x.bfloat16()).dtype == torch.bfloat16
    # the product int8 times scale is rounded to bfloat16 once, as any bfloat16 weight is
    exact = (small.weight.float() * small.scale).bfloat16()
    assert torch.equal(small(x.bfloat16()), nn.functional.linear(x.bfloat16(), exact, linear.bias))


def test_what_is_quantized_and_what_stays(model: Transformer) -> None:
    names = quantize(model)
    assert set(names) == {name for name, part in model.named_modules() if isinstance(part, Int8Linear)}
    assert {"transformer_blocks.0.attn.to_q", "transformer_blocks.1.ff.net.0.proj"} < set(names)
    assert "single_transformer_blocks.2.proj_out" in names
    for name, part in model.named_modules():
        if isinstance(part, nn.Linear):
            assert not name.startswith(("transformer_blocks", "single_transformer_blocks")) or "norm" in name
    assert isinstance(model.proj_out, nn.Linear)
    assert model.dtype == torch.float32
    assert not list(model.buffers())


def test_leaving_adaln_alone_keeps_most_of_the_exactness() -> None:
    shape = {"num_attention_heads": 4, "attention_head_dim": 32, "rope_axes_dim": (8, 12, 12)}
    exact = run(network(**shape))
    everything, ours = network(**shape), network(**shape)
    assert len(quantize(everything, skip=())) > len(quantize(ours))
    assert relative(run(ours), exact) < 0.25 * relative(run(everything), exact) < 0.05
    assert not torch.equal(run(ours), exact)


def test_stored_and_loaded_it_says_the_same(model: Transformer, tmp_path: Path) -> None:
    quantize(model)
    save_file(model.state_dict(), tmp_path / "int8.safetensors")
    with torch.device("meta"):
        skeleton = network()
    quantize(skeleton)
    skeleton.load_state_dict(load_file(tmp_path / "int8.safetensors"), assign=True)
    assert torch.equal(run(skeleton), run(model))


def test_a_checkpoint_is_quantized_as_the_model_is(model: Transformer) -> None:
    with torch.device("meta"):
        names = quantize(network())
    ours = dict(quantize_tensors(iter(model.state_dict().items()), names, torch.bfloat16))
    model.to(torch.bfloat16)
    quantize(model)
    theirs = model.state_dict()
    assert ours.keys() == theirs.keys()
    assert all(ours[name].dtype == theirs[name].dtype and torch.equal(ours[name], theirs[name]) for name in theirs)


def test_no_more_than_one_layer_is_held_twice(model: Transformer, monkeypatch: pytest.MonkeyPatch) -> None:
    left = {id(part): weakref.ref(part) for part in model.modules() if type(part) is nn.Linear}
    made: list[int] = []

    class Counting(Int8Linear):
        def __init__(self, linear: nn.Linear) -> None:
            made.append(sum(alive() is not None for alive in left.values()))
            super().__init__(linear)

    monkeypatch.setattr(int8, "Int8Linear", Counting)
    before = len(left)
    quantize(model)
    assert made == [before - done for done in range(len(made))] and len(made) > 10


def test_weights_that_are_no_numbers_are_refused_by_name(model: Transformer) -> None:
    model.transformer_blocks[1].attn.to_k.weight[0, 0] = float("nan")
    with pytest.raises(ValueError, match=r"transformer_blocks\.1\.attn\.to_k: a weight is not a number"):
        quantize(model)
    with pytest.raises(ValueError, match=r"x\.weight: a weight is not a number"):
        list(quantize_tensors([("x.weight", torch.full((2, 2), torch.inf))], ["x"], torch.float32))


def test_bitsandbytes_multiplies_the_same_weights(model: Transformer) -> None:
    """On a processor it widens them as we do, bit for bit; with the input's rows rounded as well, as on a card, it stays near."""
    torch.manual_seed(0)
    linear, x = nn.Linear(128, 64), randn(2, 8, 128, seed=1)
    small = Int8Linear(linear)
    own = small(x)
    assert multiply_by_bitsandbytes(small) == 1
    assert torch.equal(small(x), own)
    assert small(x.bfloat16()).dtype == torch.bfloat16 and relative(small(x.bfloat16()).float(), own) < 0.01
    step = x.abs().amax(2, keepdim=True) / 127
    rounded_too = nn.functional.linear((x / step).round() * step, small.weight * small.scale, linear.bias)
    kernels = torch.ops.bitsandbytes
    taken, scales, _ = kernels.int8_vectorwise_quant(x.half().flatten(0, 1), 0.0)
    out = kernels.int8_scaled_mm(taken, small.weight, scales, small.scale.flatten() * 127, bias=linear.bias, dtype=torch.float32)
    assert relative(out.view(2, 8, 64), rounded_too) < 3e-3      # half precision on its way turns a few roundings
    assert relative(out.view(2, 8, 64), linear(x)) < 0.02


def test_a_network_multiplied_by_bitsandbytes(model: Transformer) -> None:
    count = len(quantize(model))
    before = run(model)
    assert multiply_by_bitsandbytes(model) == count
    assert relative(run(model), before) < 1e-5


def test_without_bitsandbytes_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    find: Any = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "bitsandbytes" else find(name))
    with pytest.raises(ValueError, match=r"pip install 'memorypack-studio\[cuda\]'"):
        multiply_by_bitsandbytes(network())
