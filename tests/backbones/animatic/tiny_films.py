"""Films of the embedded model's kind with a tiny network whose output is known, for tests."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from studio.backbones.animatic.backbone import AnimaticBackbone
from studio.backbones.animatic.heads import DRAWN_CHANNELS, HEAD_CHANNELS, LEAST_PAN, OUTPUT_CHANNELS
from studio.backbones.animatic.network_channels import INPUT_CHANNELS
from studio.backbones.animatic.state import (
    with_neutral_state,
)
from studio.diffusion.backbone import Conditioning
from studio.diffusion.flow import noise
from studio.diffusion.section import Sampling, SectionResult, denoise_section
from studio.lab import tiny
from studio.memory.snapshot import Snapshot
from tests.bases import of_grey

H, W, WINDOW = 32, 64, 3
SAMPLING = Sampling(steps=3, window=WINDOW, shift=3.0)


def randn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


CONDITIONING = Conditioning(randn(1, 5, 8), torch.ones(1, 5), randn(1, 8), randn(1, 6, 32))


def raw_motion(far: float) -> float:
    """The network's output, in units of 4 cells, that is a motion of `far` cells after `suppress_small`."""
    return (far + math.copysign((far**2 + 4 * LEAST_PAN**2) ** 0.5, far)) / 2 / 4


def backbone(silent: bool = True, **outputs: list[float]) -> AnimaticBackbone:
    """A tiny network on a lossless grey autoencoder. `silent`: its output is 0, except for `outputs`, the same everywhere."""
    transformer = tiny.transformer(
        in_channels=INPUT_CHANNELS, out_channels=OUTPUT_CHANNELS, attention_head_dim=16, rope_axes_dim=(4, 6, 6),
        pooled_projection_dim=8, text_embed_dim=8, guidance_embeds=False,
    )
    if silent:
        nn.init.zeros_(transformer.proj_out.weight)
        nn.init.zeros_(transformer.proj_out.bias)
    at = DRAWN_CHANNELS
    for name, width in HEAD_CHANNELS.items():
        if name in outputs:
            transformer.proj_out.bias.data.view(OUTPUT_CHANNELS, 4)[at : at + width] = torch.tensor(outputs[name])[:, None]
        at += width
    return AnimaticBackbone(transformer, of_grey(), torch.ones(DRAWN_CHANNELS)).eval().requires_grad_(False)


def picture(seed: int = 0) -> Tensor:
    """Grey noise, [1, 3, H, W]."""
    return (0.4 * randn(1, 1, H, W, seed=seed)).clamp(-1, 1).expand(-1, 3, -1, -1).contiguous()


def first_snapshot(film: AnimaticBackbone) -> Snapshot:
    return Snapshot.initial(with_neutral_state(film.autoencoder.encode(picture().unsqueeze(2))))


def next_section(film: AnimaticBackbone, snapshot: Snapshot, seed: int = 1, sampling: Sampling = SAMPLING) -> SectionResult:
    shape = (1, film.channels, WINDOW, H // 16, W // 16)
    *_, last = denoise_section(film, snapshot, CONDITIONING, noise(shape, seed), sampling)
    assert isinstance(last, SectionResult)
    return last
