"""What the studio asks of a family of models, as one value that each family's folder exports. Imports no torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.catalogue.cards import ModelCard
from studio.catalogue.loras.layers import LoraLayers
from studio.placement.plan import Plan
from studio.placement.sizes import ModelSizes, Size

if TYPE_CHECKING:
    import torch

    from studio.backbones.film_model import FilmModel


@dataclass(frozen=True)
class LoadRequest:
    """Which model is to be loaded, and how; see `load.load`."""

    card: ModelCard
    device: torch.device | None        # None: the best there is
    dtype: torch.dtype | None          # None: bfloat16 on a GPU, float32 on a CPU
    size: Size | None                  # of the film that a large model is placed for; None: the model's first
    plan: Plan | None                  # where a large model's parts lie; None: planned for this machine
    report: Callable[[str], None]      # is called with a sentence about whatever takes long


@dataclass(frozen=True)
class Family:
    """A family of models. Everything that differs from one family to the next is behind one of these fields.

    What a family's conditioner reads and what its memory can show follow from the `FilmModel` that `load` returns.
    """

    name: str
    """The `kind` in a model's card."""
    load: Callable[[LoadRequest], FilmModel]
    """Reads a model folder into memory. Imports torch when it is called. Raises ModelError, MediaError."""
    sizes: Callable[[ModelCard], ModelSizes]
    """Bytes and operations of a model folder, for the planner. Raises ModelError, or KeyError for a config that lacks a key."""
    lora_layers: Callable[[ModelCard], LoraLayers] | None = None
    """The layers that LoRAs may change, by all their names. Raises LoraError. None: the family takes no LoRAs."""
    skips_blocks: bool = False
    """Whether blocks can be skipped between steps (the step cache), so that presets which do so may be offered."""
    published_sizes: Callable[[], ModelSizes] | None = None
    """Sizes of the family's published model, to plan with where its folder is missing. None: nothing is published."""
