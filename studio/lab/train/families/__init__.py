"""Families of models as training needs them: one module for each, looked up by the family's name in `studio.backbones.registry`."""

from __future__ import annotations

from studio.backbones.registry import family_of
from studio.catalogue.cards import ModelCard
from studio.lab.train.families.animatic import ANIMATIC
from studio.lab.train.families.family import TrainingFamily
from studio.lab.train.families.framepack import FRAMEPACK

_FAMILIES = {"animatic": ANIMATIC, "framepack": FRAMEPACK}


def training_family(card: ModelCard) -> TrainingFamily:
    """The family of a model, as training needs it.

    Raises:
        ModelError: no family has the card's kind.
    """
    return _FAMILIES[family_of(card).name]
