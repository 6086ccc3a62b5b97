"""The copying start: a new transformer's tokens carry the newest frame at their own place, and its output changes nothing."""

from __future__ import annotations

import pytest
import torch

from studio.diffusion.backbone import Backbone, Conditioning
from studio.diffusion.continuation import Continuation
from studio.memory.framepack import pack, unwritten
from studio.training import parts

SMALL = parts.Shape(double_layers=1, single_layers=2, side_width=32, side_layers=1)


@pytest.fixture(scope="module")
def backbone() -> Backbone:
    torch.manual_seed(0)
    transformer = parts.transformer(SMALL).eval()
    return Backbone(transformer, "change", True, torch.full((96,), 0.1), Continuation(32).eval())


def conditioning() -> Conditioning:
    return Conditioning(torch.randn(1, 5, 32), torch.ones(1, 5, dtype=torch.long), torch.randn(1, 32), torch.randn(1, 36, 32))


@torch.no_grad()
def test_nothing_changes_at_first(backbone: Backbone) -> None:
    start = torch.randn(1, 96, 1, 4, 6)
    packed = pack(start, unwritten(start), 9)
    noise = torch.randn(1, 96, 9, 4, 6)
    velocity = backbone(noise, torch.tensor([1000.0]), packed, conditioning())
    assert torch.allclose(noise - velocity, start.expand_as(noise), atol=1e-4)


@torch.no_grad()
def test_tokens_carry_the_newest_frame_of_their_place(backbone: Backbone) -> None:
    start = torch.randn(1, 96, 1, 8, 12)
    seen = []
    hook = backbone.transformer.norm_out.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    backbone(torch.randn(1, 96, 9, 8, 12), torch.tensor([1000.0]), pack(start, unwritten(start), 9), conditioning())
    hook.remove()
    carried = seen[0][0, -9 * 24 :].view(9, 24, -1)[4, :, :64]                                  # coarse channels of a middle frame
    cells = start[0, :16, 0].unflatten(1, (4, 2)).unflatten(3, (6, 2))                            # [16, 4, 2, 6, 2]
    true = cells.permute(1, 3, 0, 2, 4).reshape(24, 64)
    carried = carried - carried.mean(0)
    alike = torch.nn.functional.normalize(carried, dim=1) @ torch.nn.functional.normalize(true, dim=1).T
    assert (alike.argmax(dim=1) == torch.arange(24)).float().mean() > 0.8
