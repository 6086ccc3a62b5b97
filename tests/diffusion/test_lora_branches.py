"""LoRA branches: the sum of all products, no trace after removal, and equality with merged weights."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from studio.backbones.framepack.backbone import FramePackBackbone
from studio.diffusion.lora_branches import NO_LORAS, ActiveLoras, LoraBranches, LoraFactors, find_layer, merge_loras
from studio.lab import tiny
from tests.lab.train.test_lora import randn, spoken

CPU = torch.device("cpu")


def loras(transformer: nn.Module, scale: float = 1.0, wanted: str = "") -> ActiveLoras:
    """A product beside every linear layer whose name begins so."""
    made = {}
    for seed, (name, layer) in enumerate(transformer.named_modules()):
        if isinstance(layer, nn.Linear) and name.startswith(wanted):
            name = name.replace("image_projection.inner.", "image_projection.")
            down = randn(2, layer.in_features, seed=seed) / layer.in_features**0.5
            made[name] = [LoraFactors(down, 0.3 * randn(layer.out_features, 2, seed=seed + 1), scale)]
    return ActiveLoras((wanted, scale), made)


def differ(a: torch.Tensor, b: torch.Tensor) -> float:
    return float((a - b).norm() / b.norm())


@pytest.mark.parametrize("wanted", ["", "transformer_blocks.0.attn", "single", "image_projection", "time_text_embed", "norm_out"])
def test_branches_are_merged_weights_up_to_rounding(wanted: str) -> None:
    backbone, twin = FramePackBackbone(tiny.transformer()), FramePackBackbone(tiny.transformer())
    before, added = spoken(backbone), loras(backbone.transformer, 0.5, wanted)
    backbone.apply_loras(added)
    merge_loras(twin.transformer, added)
    assert differ(spoken(backbone), before) > 1e-3
    assert differ(spoken(backbone), spoken(twin)) < 1e-5
    backbone.apply_loras(NO_LORAS)
    assert torch.equal(spoken(backbone), before)


def test_several_add_up_whatever_the_order_and_others_take_their_place() -> None:
    backbone, twin = FramePackBackbone(tiny.transformer()), FramePackBackbone(tiny.transformer())
    one, two = loras(backbone.transformer, 1.0, "single"), loras(backbone.transformer, -0.4)
    both = ActiveLoras(("both",), {name: [*one.layers.get(name, []), *two.layers[name]] for name in two.layers})
    backbone.apply_loras(both)
    merge_loras(twin.transformer, two)
    second = spoken(twin)
    merge_loras(twin.transformer, one)
    assert differ(spoken(backbone), spoken(twin)) < 1e-5
    backbone.apply_loras(two)
    assert differ(spoken(backbone), second) < 1e-5
    backbone.apply_loras(two)
    assert sum(len(module._forward_hooks) for module in backbone.modules()) == len(two.layers), "each is on once"


def test_low_precision_is_computed_in_that_precision() -> None:
    exact, backbone = FramePackBackbone(tiny.transformer()), FramePackBackbone(tiny.transformer().bfloat16())
    added = loras(exact.transformer, 0.5)
    exact.apply_loras(added)
    bare = differ(spoken(backbone).float(), spoken(FramePackBackbone(tiny.transformer())))
    backbone.apply_loras(added)
    out = spoken(backbone)
    assert out.dtype == torch.bfloat16 and differ(out.float(), spoken(exact)) < 3 * bare
    assert added.size(torch.bfloat16) * 2 == added.size(torch.float32)


def test_a_branch_that_does_not_fit_leaves_none_on(monkeypatch: pytest.MonkeyPatch) -> None:
    backbone = FramePackBackbone(tiny.transformer())
    before, added, made = spoken(backbone), loras(backbone.transformer), []
    real = torch.cat

    def cat(*arguments: Any, **more: Any) -> torch.Tensor:
        made.append(1)
        if len(made) > 7:
            raise torch.OutOfMemoryError("no room")
        return real(*arguments, **more)

    monkeypatch.setattr(torch, "cat", cat)
    with pytest.raises(torch.OutOfMemoryError):
        backbone.apply_loras(added)
    monkeypatch.undo()
    assert not any(module._forward_hooks for module in backbone.modules()) and torch.equal(spoken(backbone), before)
    backbone.apply_loras(added)
    assert not torch.equal(spoken(backbone), before)


def test_rows_of_a_table_are_not_written_to() -> None:
    class Table(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.row = randn(1, 6)

        def forward(self, _: torch.Tensor) -> torch.Tensor:
            return self.row

    network = nn.ModuleDict({"norm": Table()})
    kept = network["norm"].row.clone()
    LoraBranches(network, ActiveLoras(("x",), {"norm": [LoraFactors(randn(2, 4), randn(6, 2), 1.0)]}), CPU, torch.float32)
    first, second = network["norm"](randn(1, 4)), network["norm"](randn(1, 4))
    assert torch.equal(first, second) and not torch.equal(first, kept) and torch.equal(network["norm"].row, kept)


def test_a_layer_that_is_not_there_is_an_error_and_nothing_is_on() -> None:
    transformer = tiny.transformer()
    with pytest.raises(AttributeError):
        factors = LoraFactors(randn(2, 20), randn(16, 2), 1.0)
        LoraBranches(transformer, ActiveLoras(("x",), {"proj_out": [factors], "nowhere.at": [factors]}), CPU, torch.float32)
    assert not any(module._forward_hooks for module in transformer.modules())
    assert find_layer(transformer, "image_projection.up") is transformer.image_projection.up
