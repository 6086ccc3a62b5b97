"""The typed parts of a loaded model of the embedded family, for code that is written for this family alone."""

from __future__ import annotations

from dataclasses import dataclass

from studio.backbones.animatic.backbone import AnimaticBackbone
from studio.backbones.animatic.conditioner import SmallConditioner
from studio.backbones.animatic.context_memory import ContextMemory
from studio.backbones.animatic.place_memory import PlaceMemory
from studio.backbones.animatic.scene_picture import FilmMemory
from studio.backbones.film_model import FilmModel


@dataclass(frozen=True)
class AnimaticParts:
    """The parts of a `FilmModel` of this family, with their own types. At most one of the memories is there.

    The memories are those of films of the trained size; large films have a `PictureMemory`.
    """

    backbone: AnimaticBackbone
    conditioner: SmallConditioner
    place_memory: PlaceMemory | None        # a memory that is queried by place
    context_memory: ContextMemory | None    # a memory whose psi joins the network's context


def animatic_parts(model: FilmModel) -> AnimaticParts:
    """The typed parts of a model of the embedded family.

    Raises:
        TypeError: the model is of another family.
    """
    backbone, conditioner, memory = model.backbone, model.conditioner, model.memory
    if isinstance(memory, FilmMemory):
        memory = memory.small
    if not isinstance(backbone, AnimaticBackbone) or not isinstance(conditioner, SmallConditioner):
        raise TypeError(f"'{model.card.name}' is no animatic model: this needs a model of the kind 'animatic'.")
    return AnimaticParts(
        backbone, conditioner, memory if isinstance(memory, PlaceMemory) else None,
        memory if isinstance(memory, ContextMemory) else None,
    )
