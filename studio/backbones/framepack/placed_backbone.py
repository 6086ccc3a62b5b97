"""A FramePack backbone whose weights lie where a plan says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from diffusers import HunyuanVideoFramepackTransformer3DModel

from studio.backbones.framepack.backbone import FramePackBackbone, add_psi_input
from studio.backbones.placed_backbone import Make, PlacedWeights
from studio.placement.device.copies import CopyEngine, copy_engine
from studio.placement.plan import Plan


class PlacedBackbone(PlacedWeights, FramePackBackbone):
    """FramePack's velocity from a transformer whose blocks may be streamed. Its `to` must not be called."""

    EMBEDDERS = "time_text_embed."

    def __init__(
        self, load_transformer: Make, plan: Plan, device: torch.device, scratch: Path,
        engine: Callable[[torch.device], CopyEngine] = copy_engine,
    ) -> None:
        """Load the weights to the host. Arguments as for `PlacedWeights`."""
        FramePackBackbone.__init__(self, load_transformer(plan))
        self._keep(load_transformer, plan, device, scratch, engine)

    def _connect(self, transformer: HunyuanVideoFramepackTransformer3DModel) -> HunyuanVideoFramepackTransformer3DModel:
        return add_psi_input(transformer)
