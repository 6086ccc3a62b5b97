"""`ScaleFamily`: what `measure scale` has to know of a family of large models, its network and how it is placed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from torch import Tensor, nn

from studio.catalogue.cards import ModelCard
from studio.diffusion.backbone import Backbone, Conditioning
from studio.memory.snapshot import Snapshot
from studio.placement.device.copies import CopyEngine
from studio.placement.device.transformer_placement import TransformerPlacement
from studio.placement.plan import Plan
from studio.placement.sizes import Size, Weights

Config = dict[str, Any]
Report = Callable[[str], None]
TEXT_TOKENS, IMAGE_TOKENS = 4, 4
"""Of the sections that are run: few, because a processor computes them."""


class Placed(Backbone, Protocol):
    """A backbone whose weights are put where a plan says."""

    def apply_plan(self) -> TransformerPlacement:
        """Puts them there."""
        ...


@dataclass(frozen=True)
class ScaleFamily:
    """A family, for code that writes, prepares and runs its whole network with random weights."""

    name: str                                                 # the kind in a card
    config: Callable[[], Config]                              # of the whole transformer
    small_config: Callable[[], Config]                        # of a tiny one, to try the code
    reduce: Callable[[Config], Config]                        # of one with few blocks, as wide
    card: str                                                 # model.toml, without [[sources]]
    empty: Callable[[Config], nn.Module]                      # the network on meta
    prepare: Callable[[ModelCard, Weights, Report], object]   # writes the weights of a precision beside the fetched ones
    place: Callable[[ModelCard, Plan, CopyEngine, Report, bool], Placed]     # a backbone by a plan; last: weights aligned in memory
    unplaced: Callable[[ModelCard], Backbone]                 # the network as its library loads it
    inputs: Callable[[Config, Size], tuple[Snapshot, Conditioning, Tensor]]  # snapshot, conditioning and noise of a section
    window: int                                               # latent frames of a section
    guidance: float
