"""Loading a model of FramePack-F1's family: all of it on the CPU, or its parts on a GPU as a plan says."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from diffusers import (
    AutoencoderKLHunyuanVideo,
    FlowMatchEulerDiscreteScheduler,
    HunyuanVideoFramepackPipeline,
)
from transformers import AutoTokenizer, CLIPTextModel, LlamaModel, SiglipImageProcessor, SiglipVisionModel

from studio.backbones import large
from studio.backbones.components import best_device, freeze, load_part
from studio.backbones.embeddings import CachedConditioner
from studio.backbones.family import LoadRequest
from studio.backbones.film_model import FilmModel
from studio.backbones.framepack import mapped_weights
from studio.backbones.framepack.backbone import FramePackBackbone
from studio.backbones.framepack.codec import HunyuanCodec
from studio.backbones.framepack.conditioner import HunyuanConditioner
from studio.backbones.framepack.own_lora import merge_own_lora
from studio.backbones.framepack.placed_backbone import PlacedBackbone
from studio.backbones.framepack.placed_parts import PlacedCodec, PlacedConditioner
from studio.backbones.framepack.sizes import sizes_of
from studio.backbones.large_previews import load_previews
from studio.catalogue.cards import PREPARED, ModelCard
from studio.catalogue.fingerprint import fingerprint, part_checksums
from studio.diffusion.conditioning import Conditioner
from studio.memory.adapter import (
    LongTermMemory,
)
from studio.memory.rope import rope_rule
from studio.placement.device.copies import CopyEngine, copy_engine
from studio.placement.device.int8 import multiply_by_bitsandbytes
from studio.placement.device.model_placement import ModelPlacement
from studio.placement.machine import Machine
from studio.placement.plan import Plan
from studio.placement.sizes import Size

CPU = torch.device("cpu")


def load(request: LoadRequest) -> FilmModel:
    """Load the model of `request.card`: by a plan for a GPU, or completely on the CPU.

    Raises:
        ModelError: a part is missing or damaged, or the model does not fit this machine. MediaError: the disk is full.
    """
    card = request.card
    plan = request.plan or plan_for(card, request.device, request.size)
    if plan is not None and plan.profile.device == "cuda":
        return load_placed(card, plan, request.device or best_device(), request.dtype, request.report)
    dtype = request.dtype or torch.float32
    transformer = mapped_weights.load_transformer(card, "fp32", dtype, request.report, aligned=True, own_lora=False)
    merge_own_lora(card, transformer)
    backbone = freeze(FramePackBackbone(transformer), CPU)
    memory, trained = load_memory(card, backbone, CPU)
    codec, conditioner = load_codec(card, CPU, dtype), load_conditioner(card, CPU, dtype)
    return FilmModel(card, backbone, codec, conditioner, CPU, fingerprint(card), memory, rope_rule(trained))


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
        ModelError, MediaError: as `load.load`.
    """
    profile = plan.profile
    large.check_profile(plan, device)
    dtype = dtype or (mapped_weights.PRECISIONS[profile.weights] if device.type == "cuda" else torch.float32)
    aligned = device.type == "cpu"
    transformer = large.by_plan(partial(mapped_weights.load_transformer, card, dtype=dtype, report=report, aligned=aligned))
    scratch = (card.weights or card.folder) / PREPARED
    backbone = PlacedBackbone(transformer, plan, device, scratch, engine)
    host_codec = load_codec(card, CPU, torch.float16 if device.type == "cuda" else dtype)
    placed_codec = PlacedCodec(host_codec, device, backbone.free_device)
    placement = ModelPlacement(backbone, placed_codec, large.override())
    conditioner = _cached_conditioner(card, placement, backbone, dtype, scratch)
    placement.close_text_encoders = conditioner.close
    memory, trained = load_memory(card, backbone, device)
    return FilmModel(
        card=card, backbone=backbone, codec=placed_codec, conditioner=conditioner,
        device=device, fingerprint=fingerprint(card), memory=memory, rope=rope_rule(trained), placement=placement,
    )


def load_memory(card: ModelCard, backbone: FramePackBackbone, device: torch.device) -> tuple[LongTermMemory | None, int]:
    """The model's long-term memory and its largest RoPE index, see `large.load_memory`. Raises ModelError."""
    network = backbone.transformer.config
    return large.load_memory(card, backbone, network.text_embed_dim, network.image_proj_dim, device)


def load_codec(card: ModelCard, device: torch.device, dtype: torch.dtype) -> HunyuanCodec:
    """HunyuanVideo's autoencoder. On a GPU it uses float16, because bfloat16 gives banded colours. Raises ModelError."""
    precision = torch.float16 if device.type == "cuda" else dtype
    autoencoder = freeze(load_part(card, AutoencoderKLHunyuanVideo, "vae", torch_dtype=precision), device)
    return HunyuanCodec(autoencoder, card.window, load_previews(card, autoencoder.config.latent_channels))


def load_conditioner(card: ModelCard, device: torch.device, dtype: torch.dtype) -> HunyuanConditioner:
    """Llama, CLIP and SigLIP, all on `device`. Raises ModelError."""
    llama = mapped_weights.load_text_encoder(card, "fp32", dtype, lambda _: None, aligned=True)
    return _conditioner(card, freeze(llama, device), device, dtype)


def _cached_conditioner(
    card: ModelCard, placement: ModelPlacement, backbone: PlacedBackbone, dtype: torch.dtype, scratch: Path
) -> CachedConditioner:
    """The encoders (8 GB and more) behind a cache: they are loaded for the first prompt that is not in it."""
    precision = placement.plan.profile.text_weights
    parts = [part_checksums(card, part) for part in ("text_encoder", "text_encoder_2", "image_encoder")]
    name = f"{parts} {precision} {placement.plan.profile.products} {dtype} {card.prompt_tokens}"
    return CachedConditioner(
        lambda: _placed_conditioner(card, placement, backbone, dtype), scratch / "embeddings", name, backbone.device)


def _placed_conditioner(
    card: ModelCard, placement: ModelPlacement, backbone: PlacedBackbone, dtype: torch.dtype
) -> Conditioner:
    """The encoders, loaded and placed as the plan says."""
    profile, device = placement.plan.profile, backbone.device
    on_gpu = profile.text_encoder != "cpu"
    llama = mapped_weights.load_text_encoder(card, profile.text_weights, dtype, lambda _: None, aligned=device.type == "cpu")
    if profile.products == "bitsandbytes":
        multiply_by_bitsandbytes(llama)
    conditioner = _conditioner(card, llama, CPU, dtype, device if on_gpu else CPU)
    return PlacedConditioner(conditioner, profile.text_encoder, device, backbone.free_device)


def _conditioner(
    card: ModelCard, llama: LlamaModel, device: torch.device, dtype: torch.dtype, text_device: torch.device | None = None
) -> HunyuanConditioner:
    """FramePack's conditioner around a loaded Llama. `text_device` computes the text encoders."""
    pipeline = HunyuanVideoFramepackPipeline(
        transformer=None,
        vae=None,
        scheduler=FlowMatchEulerDiscreteScheduler(),
        tokenizer=load_part(card, AutoTokenizer, "tokenizer"),
        text_encoder=llama,
        tokenizer_2=load_part(card, AutoTokenizer, "tokenizer_2"),
        text_encoder_2=freeze(load_part(card, CLIPTextModel, "text_encoder_2", dtype=dtype), device),
        image_encoder=freeze(load_part(card, SiglipVisionModel, "image_encoder", dtype=dtype), device),
        feature_extractor=load_part(card, SiglipImageProcessor, "feature_extractor"),
    )
    return HunyuanConditioner(pipeline, card.prompt_tokens, text_device=text_device)
