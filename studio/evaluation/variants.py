"""A model with less to go back to than it has, or with the whole film: the arms that it is measured in. It makes no films.

The arms of "Pack and Force Your Memory" (2510.01784) that need no other weights, for the embedded kind, whose frames are composed
from those it goes back to. Its network sees the whole packed context, and no more, in all of them.
"""

from __future__ import annotations

import copy
from collections.abc import Collection
from dataclasses import replace

from studio.diffusion.animatic import LOOKS, AnimaticBackbone
from studio.engine.load import FilmModel
from studio.evaluation.whole_film import WholeFilm, WholeFilmBackbone

ARMS = {"window": frozenset[str](), "framepack": frozenset({"older"}), "framepack-sink": LOOKS}
"""What each arm looks back at beside the newest frame. The reference image is FramePack's sink token."""
FULL = "full-history"
"""Looks up in the whole film, uncompressed: what no memory of the film can do better."""
MEMORY = "memorypack"


def variants(model: FilmModel, some: Collection[str] = ()) -> list[FilmModel]:
    """The model's arms (or `some` of them), each named after what it has; last the model itself, if it has a long-term memory.

    Raises:
        ValueError: it is of a kind whose context is not composed from, or has no such arm.
    """
    if not isinstance(model.backbone, AnimaticBackbone):
        raise ValueError(f"'{model.card.name}' cannot be measured in arms: only a model of the kind 'animatic' can.")
    made = []
    for name, looks in ARMS.items():
        backbone = copy.copy(model.backbone)      # the same weights
        backbone.looks = looks
        made.append(replace(model, card=replace(model.card, name=name), backbone=backbone, memory=None))
    whole = WholeFilmBackbone(model.backbone)
    made.append(replace(model, card=replace(model.card, name=FULL), backbone=whole, memory=WholeFilm()))
    if model.memory is not None:
        made.append(replace(model, card=replace(model.card, name=MEMORY)))
    known = [arm.card.name for arm in made]
    if strangers := sorted(set(some) - set(known)):
        raise ValueError(f"There is no arm '{strangers[0]}'; there are {', '.join(known)}.")
    return [arm for arm in made if not some or arm.card.name in some]
