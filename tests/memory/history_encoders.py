"""Small history encoders with random weights, and what they are given, for tests."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from studio.memory.frame_preservation import FramePreservation, SegmentEncoder
from studio.memory.frame_preservation_config import (
    FramePreservationConfig,
)

TINY = FramePreservationConfig(width=20, channels=4, rate=(2, 2, 2), stages=(6, 8, 8, 16), heads=2)


@dataclass(frozen=True)
class Features:
    text: Tensor
    mask: Tensor
    image: Tensor


def randn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def patchifier(width: int = 20, channels: int = 4, patch: int = 2) -> nn.Module:
    torch.manual_seed(1)
    layer = nn.Conv3d(channels, width, (1, patch, patch), (1, patch, patch)).requires_grad_(False)
    return nn.Sequential(layer, nn.Flatten(2), _Transpose())


class _Transpose(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.transpose(1, 2)


def encoder(**changes: object) -> FramePreservation:
    config = replace(TINY, **changes)  # type: ignore[arg-type]
    low = patchifier(config.width, config.channels, config.patch)
    torch.manual_seed(0)
    return FramePreservation(config, low)


def only(encode: FramePreservation) -> SegmentEncoder:
    (one,) = encode.encoders
    assert isinstance(one, SegmentEncoder)
    return one


def features(batch: int = 1) -> Features:
    return Features(randn(batch, 5, 16), torch.ones(batch, 5), randn(batch, 4, 32))
