"""Helios' entry in the registry. torch is imported only when a model is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.backbones.family import Family, LoadRequest
from studio.backbones.helios.lora_layers import lora_layers
from studio.backbones.helios.sizes import published_sizes, sizes_of, step_caches
from studio.backbones.large_memory_words import memory_words, selects_sections

if TYPE_CHECKING:
    from studio.backbones.film_model import FilmModel


def _load(request: LoadRequest) -> FilmModel:
    """See `load.load`."""
    from studio.backbones.helios.load import load

    return load(request)


FAMILY = Family(
    name="helios", load=_load, sizes=sizes_of, lora_layers=lora_layers, published_sizes=published_sizes, memory_words=memory_words,
    selects_sections=selects_sections, step_caches=step_caches, checks_sizes=True, begins_from_words=True,
)
