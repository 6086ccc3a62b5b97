"""The panorama family's entry in the registry. torch is imported only when a model is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.backbones.family import Family, LoadRequest
from studio.backbones.panorama.folder import PIXELS_PER_LATENT, WEIGHTS
from studio.catalogue.cards import MEMORY, ModelCard
from studio.language import sentence
from studio.memory.context_sizes import Context
from studio.placement.counts import Part, Transformer
from studio.placement.sizes import ModelSizes

if TYPE_CHECKING:
    from studio.backbones.film_model import FilmModel

NOTHING = Part()


def _load(request: LoadRequest) -> FilmModel:
    """See `load.load`."""
    from studio.backbones.panorama.load import load

    return load(request)


def _sizes(card: ModelCard) -> ModelSizes:
    """The network is counted by its file, which holds float16: it is never placed part by part."""
    stored = {file.path: file.size for file in card.files}
    network = Transformer(
        width=1, head=1, mlp=1.0, doubles=0, singles=1, double=NOTHING, single=NOTHING, double_adaln=NOTHING, single_adaln=NOTHING,
        out_adaln=NOTHING, outside=Part(rest=stored.get(WEIGHTS, 0) // 2), patch=1,
    )
    return ModelSizes(
        card.name, card.title, False, card.sizes, card.steps, card.window, card.section_frames, PIXELS_PER_LATENT, 0, network,
        NOTHING, NOTHING, NOTHING, 0, memory_bytes=stored.get(MEMORY, 0), processor_only=True,
    )


FAMILY = Family(
    name="panorama", load=_load, sizes=_sizes, reads_cast=False, context=Context((0, 0, 2), start=False),
    answers_places=lambda card, size: True,
    memory_words=lambda card, size: sentence("a matrix that it learned to write, of one size in films of any length"),
)
