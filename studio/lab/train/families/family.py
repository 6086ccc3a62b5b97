"""What training asks of a family of models, as one value for each family."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from studio.backbones.animatic.state import FilmState
from studio.backbones.film_model import FilmModel
from studio.catalogue.cards import ModelCard
from studio.lab.train.footage import Footage
from studio.lab.train.forcing import Learner
from studio.lab.train.forcing_recipe import ForcingRecipe
from studio.lab.train.latent_film import LatentFilm
from studio.memory.adapter import LongTermMemory

FIRST = 600_000_000
"""Number of the procedural world's first film for forcing."""


@dataclass(frozen=True)
class FilmRequest:
    """A film to be made for a model."""

    number: int
    size: tuple[int, int]          # width and height in pixels
    sections: int                  # at most
    footage: Footage | None        # where the film comes from; None: the procedural world
    away: bool                     # the world's film shows again what has long been out of view


@dataclass(frozen=True)
class ForcingSetup:
    """A model, set up to be forced."""

    model: FilmModel
    learner: Learner[LatentFilm]
    pack: LongTermMemory | None    # the memory that is trained along, if any


@dataclass(frozen=True)
class TrainingFamily:
    """A family of models, as training needs it."""

    load: Callable[[ModelCard, torch.device], FilmModel]
    """Loads a model with plain weights, all of it on the device: quantized or streamed weights cannot be trained. Raises
    ModelError."""
    set_up: Callable[[FilmModel, ForcingRecipe], ForcingSetup]
    """Gives a model its learner, and a new memory if the recipe asks for one. Raises RecipeError."""
    make_film: Callable[[FilmModel, FilmRequest], LatentFilm]
    """Makes a film as the model's latents. Raises FootageError, and TypeError for a model whose codec encodes no films."""
    states: Callable[[Sequence[Tensor]], list[tuple[Tensor, FilmState]]]
    """Splits the latents of each section, [1, C, W, h, w], into scene and state. Empty if the family has no states."""
