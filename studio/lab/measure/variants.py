"""The arms that an animatic model is measured in: with less to compose frames from, with the whole film, or with another memory.

These are the arms of "Pack and Force Your Memory" (2510.01784). The network has the same weights in all of them and sees the whole
packed context; only the frames that new ones are composed from differ.
"""

from __future__ import annotations

import copy
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from studio.backbones.animatic.backbone import EXTRA_SOURCES, AnimaticBackbone
from studio.backbones.animatic.load import load_place_memory
from studio.backbones.animatic.parts import animatic_parts
from studio.backbones.film_model import FilmModel
from studio.catalogue.cards import ADAPTER
from studio.lab.measure.full_history import FullHistory, FullHistoryBackbone
from studio.memory.adapter import AdapterError

CONTEXT_ARMS = {"window": frozenset[str](), "framepack": frozenset({"older"}), "framepack-sink": EXTRA_SOURCES}
"""What frames are composed from in each arm, beside the newest one. The reference image is FramePack's sink token."""
FULL_HISTORY = "full-history"
"""Frames are composed from the whole film, uncompressed: no memory can do better."""
OWN_MEMORY = "memorypack"
BOUNDS = ("nothing", "everything")
"""Arms of the memory study with which no film is made: the arms above are the bounds for films."""


def variants(model: FilmModel, some: Collection[str] = (), study: Path | None = None) -> list[FilmModel]:
    """The model's arms, each named after what it has; the last one is the model itself, if it has a long-term memory.

    Args:
        model: of the animatic family.
        some: names of the arms to return; empty: all.
        study: folder of a memory study. Each memory in it becomes an arm, named like its own folder.

    Raises:
        ValueError: the model is of another family or has no such arm, or the folder holds no memories for it.
    """
    try:
        backbone = animatic_parts(model).backbone
    except TypeError:
        raise ValueError(
            f"'{model.card.name}' cannot be measured in arms: only a model of the kind 'animatic' can.") from None
    arms = []
    for name, sources in CONTEXT_ARMS.items():
        narrowed = copy.copy(backbone)            # the same weights
        narrowed.extra_sources = sources
        arms.append(replace(model, card=replace(model.card, name=name), backbone=narrowed, memory=None))
    arms.append(replace(
        model, card=replace(model.card, name=FULL_HISTORY), backbone=FullHistoryBackbone(backbone), memory=FullHistory()))
    if study is not None:
        arms += _study_arms(model, backbone, study)
    if model.memory is not None:
        arms.append(replace(model, card=replace(model.card, name=OWN_MEMORY)))
    names = [arm.card.name for arm in arms]
    if unknown := sorted(set(some) - set(names)):
        raise ValueError(f"There is no arm '{unknown[0]}'; there are {', '.join(names)}.")
    return [arm for arm in arms if not some or arm.card.name in some]


def _study_arms(model: FilmModel, backbone: AnimaticBackbone, folder: Path) -> list[FilmModel]:
    """The model with each memory of a study in place of its own."""
    arms = []
    for path in sorted(folder.glob(f"*/{ADAPTER}")):
        name = path.parent.name
        if name.rsplit("-", 1)[0] in BOUNDS:
            continue
        try:
            memory = load_place_memory(path.parent, backbone, model.device)
        except AdapterError as error:
            raise ValueError(str(error)) from None
        changed = copy.copy(backbone)
        changed._modules = dict(backbone._modules)    # the same parts but one
        changed.memory = memory
        arms.append(replace(model, card=replace(model.card, name=name), backbone=changed, memory=memory))
    if not arms:
        raise ValueError(f"{folder} holds no memories: train them with python -m studio.lab train memory.")
    return arms
