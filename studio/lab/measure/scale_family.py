"""`ScaleFamily`: what `measure scale` has to know of a family of large models, its network and how it is placed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from accelerate import init_empty_weights
from torch import Tensor, nn

from studio.backbones.placed_backbone import Make
from studio.catalogue.cards import PREPARED, ModelCard
from studio.diffusion import flow
from studio.diffusion.backbone import Backbone, Conditioning
from studio.memory.context_sizes import RECENT
from studio.memory.snapshot import Snapshot
from studio.placement.device.copies import CopyEngine
from studio.placement.device.transformer_placement import TransformerPlacement
from studio.placement.plan import Plan
from studio.placement.sizes import Size, Weights

Config = dict[str, Any]
Report = Callable[[str], None]
Normal = Callable[..., Tensor]
"""Draws normal numbers [*shape]."""
TEXT_TOKENS, IMAGE_TOKENS = 4, 4
"""Of the sections that are run: few, because a processor computes them."""
CPU = torch.device("cpu")


class Placed(Backbone, Protocol):
    """A backbone whose weights are put where a plan says."""

    def apply_plan(self) -> TransformerPlacement:
        """Puts them there."""
        ...


@dataclass(frozen=True)
class ScaleFamily:
    """A family, for code that writes, prepares and runs its whole network with random weights, in bfloat16."""

    name: str                                                 # the kind in a card
    config: Callable[[], Config]                              # of the whole transformer
    small_config: Callable[[], Config]                        # of a tiny one, to try the code
    reduce: Callable[[Config], Config]                        # of one with few blocks, as wide
    card: str                                                 # model.toml, without [[sources]]
    network: Any                                              # diffusers' class
    load: Callable[..., Any]                                  # the family's `load_transformer`
    placed: Callable[[Make, Plan, torch.device, Path, Callable[[torch.device], CopyEngine]], Placed]
    backbone: Callable[[Any], Backbone]                       # of a network that lies on one device
    conditioning: Callable[[Config, Normal], Conditioning]
    window: int                                               # latent frames of a section
    guidance: float

    def empty(self, config: Config) -> nn.Module:
        """The network on meta."""
        with init_empty_weights():
            network: nn.Module = self.network.from_config(config)
        return network

    def prepare(self, card: ModelCard, weights: Weights, report: Report) -> None:
        """Writes the weights of a precision beside the fetched ones."""
        self.load(card, weights, torch.bfloat16, report, aligned=False, verify=False)

    def place(self, card: ModelCard, plan: Plan, engine: CopyEngine, report: Report, aligned: bool) -> Placed:
        """A backbone by a plan, whose blocks `engine` copies. `aligned`: its weights are aligned in memory."""
        return self.placed(
            lambda now: self.load(card, now.profile.weights, torch.bfloat16, report, aligned=aligned), plan, CPU,
            (card.weights or card.folder) / PREPARED, lambda _: engine)

    def unplaced(self, card: ModelCard) -> Backbone:
        """The network as its library loads it."""
        network = self.network.from_pretrained(card.path("transformer"), torch_dtype=torch.bfloat16, local_files_only=True)
        return self.backbone(network.eval().requires_grad_(False))

    def inputs(self, config: Config, size: Size) -> tuple[Snapshot, Conditioning, Tensor]:
        """Snapshot, conditioning and noise of a section, of random numbers that are always the same."""
        draw = torch.Generator().manual_seed(1)
        width, height = (edge // 8 for edge in size)
        channels = config["out_channels"]

        def normal(*shape: int) -> Tensor:
            return torch.randn(shape, generator=draw)

        conditioning = self.conditioning(config, normal)
        snapshot = Snapshot(normal(1, channels, 1, height, width), normal(1, channels, RECENT, height, width))
        return snapshot, conditioning, flow.noise((1, channels, self.window, height, width), 2)
