"""Loading a model of Helios' family."""

from __future__ import annotations

import json
from typing import Any

import torch
from diffusers import AutoencoderKLWan, HeliosDMDScheduler, HeliosScheduler, HeliosTransformer3DModel
from transformers import AutoTokenizer, UMT5EncoderModel

from studio.backbones.components import freeze, load_part
from studio.backbones.family import LoadRequest
from studio.backbones.film_model import FilmModel
from studio.backbones.framepack.previews import MAP, LatentPreviews
from studio.backbones.helios.backbone import HeliosBackbone
from studio.backbones.helios.codec import WanCodec
from studio.backbones.helios.conditioner import HeliosConditioner
from studio.backbones.helios.sampler import Variant
from studio.catalogue.cards import PREPARED, ModelCard, ModelError
from studio.catalogue.fingerprint import fingerprint, part_checksums
from studio.language import sentence
from studio.language.lists import with_and

CPU = torch.device("cpu")
SCHEDULERS = {kind.__name__: kind for kind in (HeliosScheduler, HeliosDMDScheduler)}


def load(request: LoadRequest) -> FilmModel:
    """Load the model of `request.card`, completely on the CPU.

    Raises:
        ModelError: a part is missing or damaged, or parts do not belong together.
    """
    card, dtype = request.card, request.dtype or torch.float32
    transformer = load_part(card, HeliosTransformer3DModel, "transformer", torch_dtype=dtype)
    backbone = freeze(HeliosBackbone(transformer, *load_sampling(card)), CPU)
    return FilmModel(card, backbone, load_codec(card), load_conditioner(card, CPU, dtype), CPU, fingerprint(card))


def load_sampling(card: ModelCard) -> tuple[HeliosScheduler | HeliosDMDScheduler, Variant]:
    """The model's scheduler, and which of the published variants it is.

    Raises:
        ModelError: a config is missing or damaged, names an unknown scheduler, or the two contradict each other.
    """
    index, config = (_read_json(card, name) for name in ("pipeline/model_index.json", "scheduler/scheduler_config.json"))
    kind = SCHEDULERS.get(str(config.get("_class_name")))
    if kind is None:
        raise ModelError(sentence(
            "{path} names the scheduler {scheduler!r}, and this studio knows {schedulers}. {remedy}",
            path=card.path("scheduler/scheduler_config.json"), scheduler=config.get("_class_name"),
            schedulers=with_and(list(SCHEDULERS)), remedy=card.remedy))
    variant = Variant(bool(index.get("is_distilled", False)), bool(index.get("is_cfg_zero_star", False)))
    if variant.distilled != (kind is HeliosDMDScheduler):
        raise ModelError(sentence(
            "The model '{model}' is not complete: {path} and its scheduler do not belong together. {remedy}",
            model=card.title, path=card.path("pipeline/model_index.json"), remedy=card.remedy))
    return load_part(card, kind, "scheduler"), variant


def load_codec(card: ModelCard) -> WanCodec:
    """Wan's autoencoder, in float32 as its makers use it.

    Raises:
        ModelError: it is missing or damaged, or sections are not as long as the card says.
    """
    autoencoder = freeze(load_part(card, AutoencoderKLWan, "vae", torch_dtype=torch.float32), CPU)
    path = (card.weights or card.folder) / PREPARED / MAP
    previews = LatentPreviews(path, ":".join(part_checksums(card, "vae")), autoencoder.config.z_dim)
    codec = WanCodec(autoencoder, card.window, previews)
    if codec.section_frames != card.section_frames:
        raise ModelError(sentence(
            "{path}: sections of {window} latents have {frames} frames, not {written}. Correct section_frames; projects are not "
            "affected.", path=card.folder / "model.toml", window=card.window, frames=codec.section_frames,
            written=card.section_frames))
    return codec


def load_conditioner(card: ModelCard, device: torch.device, dtype: torch.dtype) -> HeliosConditioner:
    """The text encoder, on `device`. Raises ModelError."""
    encoder = freeze(load_part(card, UMT5EncoderModel, "text_encoder", dtype=dtype), device)
    return HeliosConditioner(load_part(card, AutoTokenizer, "tokenizer"), encoder, card.prompt_tokens, is_guided(card))


def is_guided(card: ModelCard) -> bool:
    """Whether the model has guidance. Raises ModelError as `load_sampling`."""
    return not load_sampling(card)[1].distilled


def _read_json(card: ModelCard, name: str) -> dict[str, Any]:
    """A config of the model. Raises ModelError: it cannot be read."""
    path = card.path(name)
    try:
        return dict(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise ModelError(sentence(
            "{path} cannot be read ({error}). {remedy}", path=path, error=str(error), remedy=card.remedy)) from None
