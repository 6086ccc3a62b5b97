"""A Helios backbone whose weights lie where a plan says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from diffusers import HeliosDMDScheduler, HeliosScheduler, HeliosTransformer3DModel

from studio.backbones.helios.backbone import HeliosBackbone
from studio.backbones.helios.history_tokens import HistoryTokens
from studio.backbones.helios.sampler import Variant
from studio.backbones.placed_backbone import Make, PlacedWeights
from studio.placement.device.copies import CopyEngine, copy_engine
from studio.placement.plan import Plan


class PlacedHelios(PlacedWeights, HeliosBackbone):
    """Helios' velocity from a transformer whose blocks may be streamed. Its `to` must not be called.

    It has no AdaLN tables: the time is projected once for all blocks, so there is nothing that a table could replace.
    """

    def __init__(
        self, load_transformer: Make, sampling: tuple[HeliosScheduler | HeliosDMDScheduler, Variant], plan: Plan,
        device: torch.device, scratch: Path, engine: Callable[[torch.device], CopyEngine] = copy_engine,
    ) -> None:
        """Load the weights to the host. `sampling` as for `HeliosBackbone`, the other arguments as for `PlacedWeights`."""
        HeliosBackbone.__init__(self, load_transformer(plan), *sampling)
        self._keep(load_transformer, plan, device, scratch, engine)

    def _connect(self, transformer: HeliosTransformer3DModel) -> HeliosTransformer3DModel:
        self.history = HistoryTokens(transformer)
        return transformer
