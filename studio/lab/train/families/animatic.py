"""The embedded family in training.

Letters: H and W height and width in pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from studio.backbones.animatic.context_memory import ContextMemory
from studio.backbones.animatic.network_channels import MEMORY_CHANNELS
from studio.backbones.animatic.parts import animatic_parts
from studio.backbones.animatic.state import FilmState, join_latents, split_latents
from studio.backbones.film_model import FilmModel
from studio.backbones.load import load
from studio.lab.train.animatic_learner import AnimaticLearner
from studio.lab.train.encoding import TrainingFilm, encode_film
from studio.lab.train.families.family import FIRST, FilmRequest, ForcingSetup, TrainingFamily
from studio.lab.train.families.new_memory import add_memory
from studio.lab.train.forcing_recipe import ForcingRecipe
from studio.lab.train.latent_film import LatentFilm
from studio.lab.world import film


def _set_up(model: FilmModel, recipe: ForcingRecipe) -> ForcingSetup:
    """A new memory joins the context, in place of the folder's own, which is asked for places and cannot be trained here."""
    parts = animatic_parts(model)
    pack = None if parts.context_memory is None else parts.context_memory.pack
    if recipe.memory:
        model, pack = add_memory(model, recipe.memory, MEMORY_CHANNELS)
        parts.backbone.memory = None
        model = replace(model, memory=ContextMemory(pack))
    learner = AnimaticLearner(model, recipe.bfloat16)
    return ForcingSetup(learner.model, learner, pack)


@torch.no_grad()
def _make_film(model: FilmModel, request: FilmRequest) -> LatentFilm:
    if request.footage is None:
        true = film(FIRST + request.number, *request.size, request.sections, late_return=request.away)
        return latent_film(model, TrainingFilm(true, (True,) * request.sections))
    clip = request.footage.film(request.number, *request.size)
    return latent_film(model, TrainingFilm(clip.film, clip.trusted, lit=True))


def latent_film(model: FilmModel, training_film: TrainingFilm) -> LatentFilm:
    """A film with its truths. Its start latent has all channels, as the codec gives it.

    Raises:
        TypeError: the model is of another family.
    """
    parts = animatic_parts(model)
    autoencoder = parts.backbone.autoencoder
    known = encode_film(training_film, autoencoder, parts.conditioner.image_encoder.config.image_size)
    picture = training_film.film.scene[:1].float().movedim(1, 0)[None] / 127.5 - 1          # [1, 3, 1, H, W]
    scene = autoencoder.encode(picture.to(autoencoder.components)).float().cpu()
    start = join_latents(scene, split_latents(known.stills[None, :, :1].float())[1])[0]
    return LatentFilm(start, known.latents.cpu(), (), known)


def _states(latents: Sequence[Tensor]) -> list[tuple[Tensor, FilmState]]:
    return [split_latents(each) for each in latents]


ANIMATIC = TrainingFamily(load=load, set_up=_set_up, make_film=_make_film, states=_states)
