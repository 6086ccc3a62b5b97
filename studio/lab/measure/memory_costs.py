"""The parameters, operations and bytes of a SemanticPack, counted on PyTorch's meta device without allocating it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.utils.flop_counter import FlopCounterMode

from studio.memory.semantic_pack import SemanticPack
from studio.memory.semantic_pack_config import SemanticPackConfig


@dataclass(frozen=True)
class MemoryCosts:
    """The costs of one update, and the size of the psi that it returns."""

    parameters: int
    flops: int         # floating-point operations of one update; a multiply-add is two
    tokens: int        # M
    bytes: int         # of psi in a snapshot, float32


def count_costs(
    config: SemanticPackConfig, height: int, width: int, frames: int = 9, text: int = 256, image: int = 729
) -> MemoryCosts:
    """The costs of every update but the first, whose psi_0 may have another number of tokens.

    The defaults are FramePack-F1's.

    Args:
        config: of the SemanticPack.
        height, width: of the latents.
        frames: latent frames per section.
        text, image: L text tokens and S image tokens, which matter for a psi_0 that is not pooled.
    """
    with torch.device("meta"), torch.no_grad():
        pack = SemanticPack(config)
        psi = torch.empty(1, config.first_tokens(text, image), config.width)
        latents = torch.empty(1, config.channels, frames, height, width)
        psi = pack.update(psi, latents)
        with FlopCounterMode(display=False) as counter:
            psi = pack.update(psi, latents)
    parameters = sum(p.numel() for p in pack.parameters())
    return MemoryCosts(parameters, counter.get_total_flops(), psi.shape[1], 4 * psi.numel())
