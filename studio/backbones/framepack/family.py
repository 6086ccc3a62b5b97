"""FramePack-F1's entry in the registry. torch is imported only when a model is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.backbones.family import Family, LoadRequest
from studio.backbones.framepack.lora_layers import lora_layers
from studio.backbones.framepack.sizes import published_sizes, sizes_of
from studio.backbones.large_memory_words import memory_words, selects_sections
from studio.catalogue.step_ratios import FIRST_BLOCK, MAGNITUDE

if TYPE_CHECKING:
    from studio.backbones.film_model import FilmModel


def _load(request: LoadRequest) -> FilmModel:
    """See `load.load`."""
    from studio.backbones.framepack.load import load

    return load(request)


FAMILY = Family(
    name="framepack", load=_load, sizes=sizes_of, lora_layers=lora_layers, step_caches=lambda card: (FIRST_BLOCK, MAGNITUDE),
    encodes_video=True, published_sizes=published_sizes, memory_words=memory_words, selects_sections=selects_sections,
    changes_frames=lambda size: True,
)
