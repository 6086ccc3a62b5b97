"""Toy models of both kinds and toy films for them, to force in tests."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from studio.backbones.animatic.backbone import AnimaticBackbone
from studio.backbones.animatic.codec import AnimaticCodec
from studio.backbones.animatic.conditioner import SmallConditioner
from studio.backbones.animatic.heads import DRAWN_CHANNELS
from studio.backbones.animatic.weather import WeatherSynthesis
from studio.backbones.film_model import FilmModel
from studio.backbones.framepack.backbone import FramePackBackbone
from studio.catalogue.cards import ModelCard
from studio.diffusion.backbone import Conditioning
from studio.lab import tiny
from studio.lab.train import parts
from studio.lab.train.animatic_learner import AnimaticLearner
from studio.lab.train.coarse import CoarseCodec
from studio.lab.train.encoding import TrainingFilm
from studio.lab.train.families.animatic import latent_film
from studio.lab.train.latent_film import LatentFilm
from studio.lab.train.shapes import AnimaticShape
from studio.lab.train.velocity_learner import VelocityLearner
from studio.lab.world import film
from studio.memory.rope import FIXED_OFFSETS
from studio.memory.semantic_pack import SemanticPack
from studio.memory.semantic_pack_config import SemanticPackConfig
from tests.bases import of_colours

WINDOW = 3
SIZES = AnimaticShape(
    heads=2, head_width=16, double_layers=1, single_layers=1, side_width=32, side_layers=1, image_size=32, vocabulary=300,
    tokens=32,
)


def card(kind: str, window: int) -> ModelCard:
    return ModelCard(
        Path(), kind, kind, "", "", 12, window, 4 * window, ((64, 32),), steps=2, guidance=4.5, shift=3.0, kind=kind,
        prompt_tokens=32,
    )


def randn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@cache
def conditioner() -> SmallConditioner:
    torch.manual_seed(0)
    words = parts.new_tokenizer(SIZES)
    return SmallConditioner(words, parts.new_text_encoder(SIZES, len(words)), parts.new_image_encoder(SIZES), SIZES.tokens)


def velocity(memory: bool = True, **changes: Any) -> VelocityLearner:
    """FramePack's transformer at toy size, trainable as a whole, and a SemanticPack."""
    backbone = FramePackBackbone(tiny.transformer(**changes))
    codec = CoarseCodec(of_colours(4), 4)
    torch.manual_seed(1)
    pack = SemanticPack(SemanticPackConfig(
        width=20, channels=4, text=16, image=32, heads=2, window=(3, 1, 1), keep=(1, 1, 1), text_tokens=2, image_side=1,
    )) if memory else None
    model = FilmModel(card("framepack", WINDOW), backbone, codec, conditioner(), torch.device("cpu"), "toy", pack)
    return VelocityLearner(model, pack, FIXED_OFFSETS)


def velocity_film(sections: int = 3, seed: int = 0) -> LatentFilm:
    """Noise."""
    conditioning = tuple(
        Conditioning(randn(1, 5, 16, seed=seed + n), torch.ones(1, 5), randn(1, 8, seed=seed + n), randn(1, 4, 32, seed=seed + n))
        for n in range(sections)
    )
    return LatentFilm(randn(4, 1, 4, 4, seed=seed + 50), randn(4, WINDOW * sections, 4, 4, seed=seed + 60), conditioning)


def animatic_model() -> FilmModel:
    """The embedded model at toy size; it says something, for its last layer is not zero."""
    torch.manual_seed(0)
    transformer = parts.new_transformer(SIZES)
    nn.init.normal_(transformer.proj_out.weight, std=0.02)
    backbone = AnimaticBackbone(transformer, of_colours(4), torch.ones(DRAWN_CHANNELS)).eval()
    codec = AnimaticCodec(of_colours(4), WeatherSynthesis(size=256))
    return FilmModel(card("animatic", 9), backbone, codec, conditioner(), torch.device("cpu"), "toy")


def animatic_learner() -> AnimaticLearner:
    return AnimaticLearner(animatic_model())


@cache
def animatic_film(seed: int = 0, sections: int = 2) -> LatentFilm:
    """A film of the world, 64 x 32."""
    return latent_film(animatic_model(), TrainingFilm(film(600_000_000 + seed, 64, 32, sections), (True,) * sections))
