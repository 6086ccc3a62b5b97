"""The FramePack family in training, and the small FramePack of `coarse`, which belongs to it.

Letters: C latent channels, T frames of a section, W window, n sections, h and w latent height and width, H and W height and width
in pixels.
"""

from __future__ import annotations

from dataclasses import fields, replace

import torch
from torch import Tensor, nn

from studio.backbones.film_model import FilmModel
from studio.backbones.framepack.parts import framepack_parts
from studio.backbones.load import load
from studio.catalogue.cards import ModelCard
from studio.diffusion.backbone import Conditioning
from studio.lab.train.captioned_frames import CaptionedFrames, footage_frames, world_frames
from studio.lab.train.coarse import CoarseCodec
from studio.lab.train.families.family import FIRST, FilmRequest, ForcingSetup, TrainingFamily
from studio.lab.train.families.new_memory import HISTORY_ENCODER, add_history_encoder, add_memory
from studio.lab.train.forcing_recipe import ForcingRecipe
from studio.lab.train.latent_film import LatentFilm
from studio.lab.train.velocity_learner import VelocityLearner
from studio.lab.world import FRAMES, film


def _load(card: ModelCard, device: torch.device) -> FilmModel:
    if device.type == "cpu":
        return load(card, device)
    model = load(card, "cpu", torch.bfloat16)      # on a GPU the loader would quantize or stream the weights
    parts = framepack_parts(model)
    if parts.codec is not None:
        parts.codec.autoencoder.to(device, torch.float16)          # in bfloat16 its colours show bands
    if parts.conditioner is not None:
        pipeline = parts.conditioner.pipeline
        for encoder in (pipeline.text_encoder, pipeline.text_encoder_2, pipeline.image_encoder):
            encoder.to(device)
    if isinstance(model.memory, nn.Module):
        model.memory.to(device)
    parts.backbone.to(device)
    return replace(model, device=device)


def _set_up(model: FilmModel, recipe: ForcingRecipe) -> ForcingSetup:
    pack = framepack_parts(model).memory
    if recipe.memory.get("kind") == HISTORY_ENCODER:
        model, pack = add_history_encoder(model, recipe.memory, recipe.sections)
    elif recipe.memory:
        model, pack = add_memory(model, recipe.memory)
    learner = VelocityLearner(model, pack, model.rope, recipe.shift, recipe.bfloat16)
    return ForcingSetup(model, learner, pack)


@torch.no_grad()
def _make_film(model: FilmModel, request: FilmRequest) -> LatentFilm:
    card = model.card
    if request.footage is not None:
        return latent_film(model, footage_frames(card, request.footage, request.number, request.size, request.sections))
    count = card.section_frames
    true = film(FIRST + request.number, *request.size, -(-count * request.sections // FRAMES), late_return=request.away)
    return latent_film(model, world_frames(true, count, request.sections))


def latent_film(model: FilmModel, true: CaptionedFrames) -> LatentFilm:
    """A film as the model's latents, with the embeddings of its captions and its first picture.

    Raises:
        TypeError: the model's codec encodes no films.
    """
    frames = true.frames.float().movedim(1, 0)[None] / 127.5 - 1                          # [1, 3, 1 + T n, H, W]
    picture = frames[:, :, 0].to(model.device)
    conditioning = tuple(_on_cpu(model.conditioner(caption, picture)) for caption in true.captions)
    latents = _latents(model, frames.to(model.device))[0].cpu()
    start = model.codec.encode(picture)[0].float().cpu()
    return LatentFilm(start, latents[:, 1 : 1 + model.card.window * len(conditioning)], conditioning)


def _latents(model: FilmModel, frames: Tensor) -> Tensor:
    """Latents [1, C, 1 + W n, h, w] of frames [1, 3, 1 + T n, H, W] in [-1, 1]."""
    if isinstance(model.codec, CoarseCodec):
        return model.codec.encode_frames(frames)
    codec = framepack_parts(model).codec
    if codec is None:
        raise TypeError(f"no films can be encoded for {model.card.name}: its codec has only pictures")
    vae = codec.autoencoder
    return (vae.encode(frames.to(vae.device, vae.dtype)).latent_dist.mode() * vae.config.scaling_factor).float()


def _on_cpu(conditioning: Conditioning) -> Conditioning:
    """Conditioning in float32 on the CPU, without gradient."""
    return Conditioning(*(getattr(conditioning, field.name).detach().float().cpu() for field in fields(Conditioning)))


FRAMEPACK = TrainingFamily(load=_load, set_up=_set_up, make_film=_make_film, states=lambda latents: [])
