"""The families of models of this studio. A new family is a package in this folder and a line here."""

from __future__ import annotations

from importlib import import_module

from studio.backbones.family import Family
from studio.catalogue.cards import ModelCard, ModelError
from studio.catalogue.loras import LoraError
from studio.catalogue.loras.layers import LoraLayers
from studio.catalogue.step_ratios import FIRST_BLOCK, FIRST_BLOCK_THRESHOLD
from studio.language import sentence
from studio.memory.context_sizes import FRAMEPACK_CONTEXT, Context
from studio.placement.profile import ProfileError, select_profile
from studio.placement.sizes import ModelSizes, Size

FOLDERS = (
    "animatic",
    "framepack",
    "helios",
    "panorama",
)
"""The families' packages in this folder. Each exports its `Family` as FAMILY."""


def _families() -> dict[str, Family]:
    """The families by name, in the order of FOLDERS."""
    exported: list[Family] = [import_module(f"studio.backbones.{folder}").FAMILY for folder in FOLDERS]
    return {family.name: family for family in exported}


FAMILIES = _families()
"""The families by their name, which is the `kind` in a model's card."""


def family_of(card: ModelCard) -> Family:
    """The family of a model.

    Raises:
        ModelError: the card names a kind that no family has.
    """
    if card.kind not in FAMILIES:
        *others, last = (f"'{name}'" for name in FAMILIES)
        known = sentence("{first} and {second}", first=", ".join(others), second=last)
        raise ModelError(sentence(
            "{folder}: this studio knows models of the kinds {known}, not '{kind}'.",
            folder=card.folder.name, known=known, kind=card.kind))
    return FAMILIES[card.kind]


def step_caches(card: ModelCard) -> tuple[str, ...]:
    """The rules by which the model can leave out blocks or steps; none for a model of an unknown family."""
    family = FAMILIES.get(card.kind)
    return family.step_caches(card) if family and family.step_caches else ()


def profile_cache() -> float:
    """The threshold of the first block's step cache that the profile in STUDIO_PROFILE asks for; 0: for none, or none is set.

    Raises:
        ModelError: the profile cannot be used.
    """
    try:
        profile = select_profile()
    except ProfileError as error:
        raise ModelError(str(error)) from error
    return FIRST_BLOCK_THRESHOLD if profile is not None and profile.cache == FIRST_BLOCK else 0.0


def needs_card(card: ModelCard) -> bool:
    """Whether the model is too large to be rendered with on a processor; False for a model of an unknown family."""
    return card.kind in FAMILIES and FAMILIES[card.kind].published_sizes is not None


def size_unit(card: ModelCard) -> int:
    """Pixels of which width and height of the model's films are multiples; 1 where its card is always right. Raises ModelError."""
    family = FAMILIES.get(card.kind)
    return sizes_of(card).unit if family and family.checks_sizes else 1


def takes_frame(card: ModelCard) -> bool:
    """Whether the artist may choose the part of the picture that films of the model begin with; False for an unknown family."""
    return card.kind in FAMILIES and FAMILIES[card.kind].sees_outside_frame is not None


def sees_outside_frame(card: ModelCard, size: Size) -> bool:
    """Whether films of this size by the model know the picture outside their frame."""
    family = FAMILIES.get(card.kind)
    return family is not None and family.sees_outside_frame is not None and family.sees_outside_frame(size)


def takes_marks(card: ModelCard, size: Size) -> bool:
    """Whether films of this size by the model follow marks on the picture; False for an unknown family."""
    family = FAMILIES.get(card.kind)
    return family is not None and family.takes_marks is not None and family.takes_marks(size)


def memory_grows(card: ModelCard, size: Size) -> bool:
    """Whether the model has a long-term memory that changes with what a film of this size shows; False for an unknown family."""
    family = FAMILIES.get(card.kind)
    return family is not None and card.has_memory and (family.memory_grows is None or family.memory_grows(size))


def edits_memory(card: ModelCard, size: Size) -> bool:
    """Whether places can be pinned in the model's memory, and forgotten, in films of this size; False for an unknown family."""
    family = FAMILIES.get(card.kind)
    return family is not None and family.edits_memory is not None and family.edits_memory(card, size)


def selects_sections(card: ModelCard) -> bool:
    """Whether takes can be pinned and forgotten in the model's memory by their sections; False for an unknown family."""
    family = FAMILIES.get(card.kind)
    return family is not None and family.selects_sections is not None and family.selects_sections(card)


def answers_places(card: ModelCard, size: Size) -> bool:
    """Whether the model's memory can be asked for the place of a frame, in films of this size; False for an unknown family."""
    family = FAMILIES.get(card.kind)
    return family is not None and family.answers_places is not None and family.answers_places(card, size)


def changes_frames(card: ModelCard, size: Size) -> bool:
    """Whether a look can be held in what the model sees, in films of this size; False for a model of an unknown family."""
    family = FAMILIES.get(card.kind)
    return family is not None and family.changes_frames is not None and family.changes_frames(size)


def memory_words(card: ModelCard, size: Size) -> str:
    """What a model with a long-term memory keeps of films of this size, to stand after "it keeps"."""
    family = FAMILIES.get(card.kind)
    return sentence("a memory") if family is None or family.memory_words is None else family.memory_words(card, size)


def reads_cast(card: ModelCard) -> bool:
    """Whether the model makes anything of who and what appears in a film; True for a model of an unknown family."""
    return card.kind not in FAMILIES or FAMILIES[card.kind].reads_cast


def context_of(card: ModelCard) -> Context:
    """What the model looks at of the film beside its long-term memory; FramePack's context for an unknown family."""
    return FAMILIES[card.kind].context if card.kind in FAMILIES else FRAMEPACK_CONTEXT


def begins_from_words(card: ModelCard) -> bool:
    """Whether films of the model may begin from words alone, without a picture; False for a model of an unknown family."""
    return card.kind in FAMILIES and FAMILIES[card.kind].begins_from_words


def encodes_video(card: ModelCard) -> bool:
    """Whether a film of the model goes on from a video as from a film of its own; False: from its last frame, as from a picture."""
    return card.kind in FAMILIES and FAMILIES[card.kind].encodes_video


def sizes_of(card: ModelCard) -> ModelSizes:
    """Bytes and operations of a model, counted from the configs in its folder.

    Raises:
        ModelError: a config cannot be read or lacks a key, or the model's family is unknown.
    """
    try:
        return family_of(card).sizes(card)
    except KeyError as error:
        raise ModelError(sentence(
            "A config in {folder} has no {error}: its sizes cannot be counted. Get the folder again.",
            folder=card.folder, error=str(error))) from None


def lora_layers(card: ModelCard) -> LoraLayers:
    """The layers of a model that LoRAs may change.

    Raises:
        LoraError: the model takes no LoRAs, or its config cannot be read.
    """
    family = FAMILIES.get(card.kind)
    if family is None or family.lora_layers is None:
        raise LoraError(sentence("{model} takes no LoRAs.", model=card.title))
    return family.lora_layers(card)
