"""Loading a model of Helios' family: all of it on the CPU, or its parts on a GPU as a plan says."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from diffusers import AutoencoderKLWan, HeliosDMDScheduler, HeliosScheduler
from transformers import AutoTokenizer

from studio.backbones import large
from studio.backbones.components import best_device, freeze, load_part
from studio.backbones.embeddings import CachedConditioner
from studio.backbones.family import LoadRequest
from studio.backbones.film_model import FilmModel
from studio.backbones.helios import mapped_weights
from studio.backbones.helios.backbone import HeliosBackbone, HeliosConditioning
from studio.backbones.helios.codec import WanCodec
from studio.backbones.helios.conditioner import IMAGE_WIDTH, HeliosConditioner
from studio.backbones.helios.placed_backbone import PlacedHelios
from studio.backbones.helios.placed_parts import PlacedHeliosConditioner, PlacedWanCodec
from studio.backbones.helios.sampler import Variant
from studio.backbones.helios.sizes import sizes_of
from studio.backbones.large_previews import MAP, LatentPreviews
from studio.backbones.mapped_filling import PRECISIONS
from studio.catalogue.cards import PREPARED, ModelCard, ModelError
from studio.catalogue.fingerprint import fingerprint, part_checksums
from studio.language import sentence
from studio.language.lists import with_and
from studio.memory.adapter import (
    LongTermMemory,
)
from studio.memory.rope import rope_rule
from studio.placement.device.copies import CopyEngine, copy_engine
from studio.placement.device.int8 import multiply_by_bitsandbytes
from studio.placement.device.model_placement import ModelPlacement
from studio.placement.machine import Machine
from studio.placement.plan import Plan
from studio.placement.sizes import Size, Weights

CPU = torch.device("cpu")
SCHEDULERS = {kind.__name__: kind for kind in (HeliosScheduler, HeliosDMDScheduler)}


def load(request: LoadRequest) -> FilmModel:
    """Load the model of `request.card`: by a plan for a GPU, or completely on the CPU.

    Raises:
        ModelError: a part is missing or damaged, parts do not belong together, or the model does not fit this machine.
        MediaError: the disk is full.
    """
    card = request.card
    plan = request.plan or plan_for(card, request.device, request.size)
    if plan is not None and plan.profile.device == "cuda":
        return load_placed(card, plan, request.device or best_device(), request.dtype, request.report)
    dtype = request.dtype or torch.float32
    transformer = mapped_weights.load_transformer(card, "fp32", dtype, request.report, aligned=True)
    backbone = freeze(HeliosBackbone(transformer, *load_sampling(card)), CPU)
    memory, trained = load_memory(card, backbone, CPU)
    return FilmModel(
        card, backbone, load_codec(card), load_conditioner(card, dtype), CPU, fingerprint(card), memory, rope_rule(trained))


def plan_for(
    card: ModelCard, device: torch.device | str | None = None, size: Size | None = None, machine: Machine | None = None
) -> Plan | None:
    """The plan for a model's parts. Arguments and errors as for `large.plan_parts`."""
    return large.plan_parts(card, sizes_of, device, size, machine)


def load_placed(
    card: ModelCard, plan: Plan, device: torch.device, dtype: torch.dtype | None, report: Callable[[str], None],
    engine: Callable[[torch.device], CopyEngine] = copy_engine,
) -> FilmModel:
    """The model with its parts where `plan` says. Nothing is on the device before the first section.

    Args:
        card: of the model.
        plan: where the parts lie.
        device: computes.
        dtype: None: the profile's precision.
        report: called with a sentence before work that takes long.
        engine: copies blocks to a device.

    Raises:
        ModelError, MediaError: as `load`.
    """
    profile = plan.profile
    large.check_profile(plan, device)
    dtype = dtype or (PRECISIONS[profile.weights] if device.type == "cuda" else torch.float32)
    aligned = device.type == "cpu"
    transformer = large.by_plan(partial(mapped_weights.load_transformer, card, dtype=dtype, report=report, aligned=aligned))
    scratch = (card.weights or card.folder) / PREPARED
    backbone = PlacedHelios(transformer, load_sampling(card), plan, device, scratch, engine)
    codec = PlacedWanCodec(load_codec(card), device, backbone.free_device)
    placement = ModelPlacement(backbone, codec, large.override())
    checksums = [part_checksums(card, part) for part in ("text_encoder", "pipeline")]
    name = f"{checksums} {profile.text_weights} {profile.products} {dtype} {card.prompt_tokens}"

    def opened() -> PlacedHeliosConditioner:
        """Load the encoder of prompts as the plan of now says."""
        now = placement.plan.profile
        conditioner = load_conditioner(
            card, dtype, now.text_weights, device if now.text_encoder != "cpu" else CPU, aligned, now.products == "bitsandbytes")
        return PlacedHeliosConditioner(conditioner, now.text_encoder, device, backbone.free_device)

    conditioner = CachedConditioner(opened, scratch / "embeddings", name, device, kind=HeliosConditioning)
    placement.close_text_encoders = conditioner.close
    memory, trained = load_memory(card, backbone, device)
    return FilmModel(
        card=card, backbone=backbone, codec=codec, conditioner=conditioner, device=device, fingerprint=fingerprint(card),
        memory=memory, rope=rope_rule(trained), placement=placement,
    )


def load_memory(card: ModelCard, backbone: HeliosBackbone, device: torch.device) -> tuple[LongTermMemory | None, int]:
    """The model's long-term memory and its largest RoPE index, see `large.load_memory`. Raises ModelError."""
    return large.load_memory(card, backbone, backbone.transformer.config.text_dim, IMAGE_WIDTH, device)


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


def load_conditioner(
    card: ModelCard, dtype: torch.dtype, weights: Weights = "fp32", device: torch.device | None = None, aligned: bool = True,
    integer_products: bool = False,
) -> HeliosConditioner:
    """The text encoder on the host.

    Args:
        card, dtype, weights, aligned: as for `mapped_weights.load_text_encoder`.
        device: computes; None: the host.
        integer_products: multiply int8 weights with bitsandbytes.

    Raises:
        ModelError, MediaError: as `load`.
    """
    encoder = mapped_weights.load_text_encoder(card, weights, dtype, lambda _: None, aligned)
    if integer_products:
        multiply_by_bitsandbytes(encoder)
    return HeliosConditioner(load_part(card, AutoTokenizer, "tokenizer"), encoder, card.prompt_tokens, is_guided(card), device)


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
