"""A model with less to go back to than it has, with the whole film, or with another memory: the arms that it is measured in.

The arms of "Pack and Force Your Memory" (2510.01784), for the embedded kind, whose frames are composed from those it goes back to.
Its network has the same weights in all of them, and sees the whole packed context and no more. It makes no films.
"""

from __future__ import annotations

import copy
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from studio.backbones.animatic.backbone import EXTRA_SOURCES, AnimaticBackbone
from studio.backbones.animatic.load import load_place_memory
from studio.backbones.film_model import FilmModel
from studio.catalogue.cards import ADAPTER
from studio.lab.measure.whole_film import WholeFilm, WholeFilmBackbone
from studio.memory.adapter import AdapterError

ARMS = {"window": frozenset[str](), "framepack": frozenset({"older"}), "framepack-sink": EXTRA_SOURCES}
"""What each arm looks back at beside the newest frame. The reference image is FramePack's sink token."""
FULL = "full-history"
"""Looks up in the whole film, uncompressed: what no memory of the film can do better."""
MEMORY = "memorypack"
BOUNDS = ("nothing", "everything")
"""Arms of the memory study that no film is made with: what they bound, the arms above bound in films."""


def variants(model: FilmModel, some: Collection[str] = (), studied: Path | None = None) -> list[FilmModel]:
    """The model's arms (or `some` of them), each named after what it has; last the model itself, if it has a long-term memory.

    Args:
        model: of the embedded kind.
        some: names of the arms that are wanted; none: all.
        studied: folder of a memory study: each memory in it is an arm as well, named like its own folder.

    Raises:
        ValueError: it is of a kind whose context is not composed from, it has no such arm, or the folder holds no memories for it.
    """
    if not isinstance(model.backbone, AnimaticBackbone):
        raise ValueError(f"'{model.card.name}' cannot be measured in arms: only a model of the kind 'animatic' can.")
    made = []
    for name, looks in ARMS.items():
        backbone = copy.copy(model.backbone)      # the same weights
        backbone.extra_sources = looks
        made.append(replace(model, card=replace(model.card, name=name), backbone=backbone, memory=None))
    whole = WholeFilmBackbone(model.backbone)
    made.append(replace(model, card=replace(model.card, name=FULL), backbone=whole, memory=WholeFilm()))
    if studied is not None:
        made += _remembering(model, model.backbone, studied)
    if model.memory is not None:
        made.append(replace(model, card=replace(model.card, name=MEMORY)))
    known = [arm.card.name for arm in made]
    if strangers := sorted(set(some) - set(known)):
        raise ValueError(f"There is no arm '{strangers[0]}'; there are {', '.join(known)}.")
    return [arm for arm in made if not some or arm.card.name in some]


def _remembering(model: FilmModel, backbone: AnimaticBackbone, folder: Path) -> list[FilmModel]:
    """The model with each memory that a study has kept: asked for places as its own is."""
    made = []
    for path in sorted(folder.glob(f"*/{ADAPTER}")):
        name = path.parent.name
        if name.rsplit("-", 1)[0] in BOUNDS:
            continue
        try:
            memory = load_place_memory(path.parent, backbone, model.device)
        except AdapterError as error:
            raise ValueError(str(error)) from None
        arm = copy.copy(backbone)
        arm._modules = dict(backbone._modules)    # the same parts but one
        arm.memory = memory
        made.append(replace(model, card=replace(model.card, name=name), backbone=arm, memory=memory))
    if not made:
        raise ValueError(f"{folder} holds no memories: train them with python -m studio.lab.train memory.")
    return made
