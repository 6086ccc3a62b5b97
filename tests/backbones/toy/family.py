"""The toy family's entry in the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.backbones.family import Family, LoadRequest
from studio.catalogue.cards import ModelCard
from studio.placement.counts import Part, Transformer
from studio.placement.sizes import ModelSizes

if TYPE_CHECKING:
    from studio.backbones.film_model import FilmModel

NOTHING = Part()


def _load(request: LoadRequest) -> FilmModel:
    from studio.backbones.toy.load import load

    return load(request)


def _sizes(card: ModelCard) -> ModelSizes:
    """A network without weights."""
    network = Transformer(
        width=1, head=1, mlp=1.0, doubles=0, singles=1, double=NOTHING, single=NOTHING, double_adaln=NOTHING, single_adaln=NOTHING,
        out_adaln=NOTHING, outside=NOTHING, patch=1,
    )
    return ModelSizes(
        card.name, card.title, False, card.sizes, card.steps, card.window, card.section_frames, 8, 0, network, NOTHING, NOTHING,
        NOTHING, 0,
    )


FAMILY = Family(name="toy", load=_load, sizes=_sizes)
