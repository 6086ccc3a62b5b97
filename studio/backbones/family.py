"""`Family`: what the studio needs to know of a family of models. Each family's package exports one such value. Imports no torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.catalogue.cards import ModelCard
from studio.catalogue.loras.layers import LoraLayers
from studio.memory.context_sizes import FRAMEPACK_CONTEXT, Context
from studio.placement.plan import Plan
from studio.placement.sizes import ModelSizes, Size

if TYPE_CHECKING:
    import torch

    from studio.backbones.film_model import FilmModel


@dataclass(frozen=True)
class LoadRequest:
    """Which model is to be loaded, and how; see `load.load`."""

    card: ModelCard
    device: torch.device | None        # None: the best one there is
    dtype: torch.dtype | None          # None: bfloat16 on a GPU, float32 on a CPU
    size: Size | None                  # of the film that a large model is placed for; None: the card's first size
    plan: Plan | None                  # where a large model's parts lie; None: a plan is made for this machine
    report: Callable[[str], None]      # called with a sentence before work that takes long


@dataclass(frozen=True)
class Family:
    """A family of models. What differs between families is a field here, or follows from the `FilmModel` that `load` returns."""

    name: str
    """The `kind` in the cards of its models."""
    load: Callable[[LoadRequest], FilmModel]
    """Reads a model folder into memory. Imports torch when it is called. Raises ModelError, MediaError."""
    sizes: Callable[[ModelCard], ModelSizes]
    """Bytes and operations of a model folder, for the planner. Raises ModelError, or KeyError for a config that lacks a key."""
    lora_layers: Callable[[ModelCard], LoraLayers] | None = None
    """The layers that LoRAs may change, under all their names. Raises LoraError. None: the family takes no LoRAs."""
    step_caches: Callable[[ModelCard], tuple[str, ...]] | None = None
    """By which rules a model leaves out blocks or steps (`catalogue.step_ratios`). Presets that do so are offered only then. None:
    no model of the family does."""
    checks_sizes: bool = False
    """Whether the sizes that a card names are checked too: how often they must be divisible depends on the model's weights."""
    sees_outside_frame: Callable[[Size], bool] | None = None
    """Whether, in films of a size, its models know the picture outside the frame that the film begins with; in others the frame is
    only a crop. None: the family takes no frame, and its films begin with the middle of the picture."""
    takes_marks: Callable[[Size], bool] | None = None
    """Whether, in films of a size, its models follow marks on the picture: a subject before its ground, flows, and leave to go
    beyond its edge. None: the family takes no marks."""
    memory_grows: Callable[[Size], bool] | None = None
    """Whether, in films of a size, the long-term memory of its models changes with what the film shows. None: in all of them."""
    edits_memory: Callable[[ModelCard, Size], bool] | None = None
    """Whether, in films of a size, a model's memory is a map of places: some can be pinned, others forgotten. None: never."""
    selects_sections: Callable[[ModelCard], bool] | None = None
    """Whether a model's memory keeps the rows of every section: takes can be pinned in it, so that their sections are always read,
    and forgotten, so that they are not. None: never."""
    answers_places: Callable[[ModelCard, Size], bool] | None = None
    """Whether, in films of a size, a model's memory can be asked what it holds of the place of an earlier frame. None: never."""
    memory_words: Callable[[ModelCard, Size], str] | None = None
    """What a model with a long-term memory keeps of films of a size, to stand after "it keeps". None: "a memory"."""
    changes_frames: Callable[[Size], bool] | None = None
    """Whether, in films of a size, its codec can change the colours of frames that a section sees before it, so that a look can be
    held in the model's context too. None: it cannot."""
    reads_cast: bool = True
    """Whether its models make anything of who and what appears in a film; False: they read camera, light and weather alone."""
    context: Context = FRAMEPACK_CONTEXT
    """What its models look at of the film beside the long-term memory."""
    begins_from_words: bool = False
    """Whether films of its models may begin without a picture: from zeros, and the first section's first latent is the start latent
    from then on. Their conditioners then read a grey picture. False: a film begins with a picture."""
    encodes_video: bool = False
    """Whether its codec encodes frames that move, so that a film goes on from a video as from a film of its own; False: from its
    last frame, as from a picture."""
    published_sizes: Callable[[], ModelSizes] | None = None
    """Sizes of the family's published model, to plan with before it is fetched. None: nothing is published."""
