"""The embedded family's entry in the registry. torch is imported only when a model is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from studio.backbones.animatic.film_size import is_large
from studio.backbones.family import Family, LoadRequest
from studio.backbones.framepack.lora_layers import FramePackLayers
from studio.backbones.network_config import read_config
from studio.catalogue.cards import ADAPTER, RECALL, ModelCard, ModelError
from studio.catalogue.loras.named_layers import layers_of
from studio.language import sentence
from studio.placement import counts
from studio.placement.counts import Part
from studio.placement.sizes import ModelSizes

if TYPE_CHECKING:
    from studio.backbones.film_model import FilmModel

IMAGE_TOKENS = 36
"""Tokens of the reference image in the network's context."""


def _load(request: LoadRequest) -> FilmModel:
    """See `load.load`."""
    from studio.backbones.animatic.load import load

    return load(request)


def _sizes(card: ModelCard) -> ModelSizes:
    """The transformer is counted from its config, the other parts by their files, which hold float16."""
    stored = {file.path.split("/")[0]: file.size // 2 for file in card.files if file.path.endswith(".safetensors")}
    return ModelSizes(
        card.name, card.title, False, card.sizes, card.steps, card.window, card.section_frames, compression=16,
        context=card.prompt_tokens + IMAGE_TOKENS, transformer=counts.transformer(_config(card)),
        text_encoder=Part(rest=stored.get("text_encoder", 0)),
        small_encoders=Part(rest=stored.get("image_encoder", 0) + stored.get("text_encoder_2", 0)),
        vae=Part(rest=stored.get("vae", 0) + stored.get("weather", 0)), vae_width=0,
        memory_bytes=sum(file.size for file in card.files if file.path == ADAPTER),
        dense_above=card.large.above if card.large else 0, dense_frames=card.clock(card.default_size)[1],
    )


def _config(card: ModelCard) -> dict[str, Any]:
    """The transformer's config. Raises ModelError."""
    config = read_config(card, "transformer/config.json")
    if config is None:
        raise ModelError(sentence(
            "{path} is missing. Get the folder {card} again.", path=card.path("transformer/config.json"), card=card.name))
    return config


def _edits_memory(card: ModelCard, size: tuple[int, int]) -> bool:
    """Whether psi is a map of places: with a network that is asked for places, at the sizes that it was trained at."""
    return any(file.path == RECALL for file in card.files) and not is_large(size)


def _memory_words(card: ModelCard, size: tuple[int, int]) -> str:
    """The whole picture in large films; in others a map, or SemanticPack's tokens where no network asks a map."""
    if is_large(size):
        return sentence("its whole picture")
    if _edits_memory(card, size):
        return sentence("a map of what it showed, of one size in films of any length")
    return sentence("SemanticPack’s psi")


def _lora_layers(card: ModelCard) -> FramePackLayers:
    """The layers of the card's transformer. Raises LoraError."""
    return layers_of(card, FramePackLayers)


FAMILY = Family(
    name="animatic", load=_load, sizes=_sizes, lora_layers=_lora_layers, sees_outside_frame=is_large, takes_marks=is_large,
    memory_grows=lambda size: not is_large(size), edits_memory=_edits_memory, answers_places=_edits_memory,
    memory_words=_memory_words, changes_frames=lambda size: not is_large(size),
    reads_cast=False,
)
