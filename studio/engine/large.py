"""The large kind of model, FramePack-F1's: as a whole on one device, or its parts where a plan for this machine puts them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKLHunyuanVideo, FlowMatchEulerDiscreteScheduler, HunyuanVideoFramepackPipeline
from transformers import AutoTokenizer, CLIPTextModel, LlamaModel, SiglipImageProcessor, SiglipVisionModel

from studio.diffusion.conditioning import Conditioner
from studio.diffusion.hunyuan import HunyuanCodec, HunyuanConditioner, without_unread
from studio.engine.cards import PREPARED, ModelCard, ModelError
from studio.engine.embeddings import KeptConditioner
from studio.engine.fingerprint import fingerprint, network
from studio.engine.load import FilmModel, frozen, long_term, part
from studio.engine.placement import attention, mapped
from studio.engine.placement.backbone import PlacedBackbone
from studio.engine.placement.copies import CopyEngine, copy_engine
from studio.engine.placement.int8 import multiply_by_bitsandbytes, need_bitsandbytes
from studio.engine.placement.laid import Plan
from studio.engine.placement.machine import Machine, look
from studio.engine.placement.parts import PlacedCodec, PlacedConditioner
from studio.engine.placement.placed_model import PlacedModel
from studio.engine.placement.plan import plan
from studio.engine.placement.profile import Profile, ProfileError, asked_for
from studio.engine.placement.sizes import Size, sizes_of
from studio.engine.previews import previews
from studio.memory.rope import rule

CPU = torch.device("cpu")


def planned(
    card: ModelCard, device: torch.device | str | None = None, size: Size | None = None, machine: Machine | None = None
) -> Plan | None:
    """Where a large model's parts are to lie, before any of them is read.

    Args:
        card: of the model.
        device: asked for; on the CPU nothing is placed.
        size: of the film; None: the model's first.
        machine: to plan for; None: this one.

    Returns:
        None where everything lies on the CPU because somebody insists.

    Raises:
        ModelError: it does not fit, or the profile that was asked for (STUDIO_PROFILE) cannot be used; with what to change.
    """
    if device is not None and torch.device(device).type == "cpu":
        return None
    return plan(machine or look(card.weights or card.folder), sizes_of(card), size or card.sizes[0], _override())


def placed(
    card: ModelCard, plan: Plan, device: torch.device, dtype: torch.dtype | None, tell: Callable[[str], None],
    engine: Callable[[torch.device], CopyEngine] = copy_engine,
) -> FilmModel:
    """The model with its parts where `plan` says; nothing is on the device before the first section. Raises as `load.load`."""
    profile = plan.profile
    try:
        attention.ready(profile.attention, plan.machine.gpu if device.type == "cuda" else None)
        if profile.products == "bitsandbytes":
            need_bitsandbytes()
    except (ValueError, ProfileError) as error:
        raise ModelError(f"The profile '{profile.title}' cannot be used: {error}") from error
    dtype = dtype or (mapped.PRECISIONS[profile.weights] if device.type == "cuda" else torch.float32)
    on_host, verified = device.type == "cpu", list[str]()

    def transformer(plan: Plan) -> Any:
        weights = plan.profile.weights
        made = mapped.transformer(card, weights, dtype, tell, aligned=on_host, verify=weights not in verified)
        verified.append(weights)
        return made

    scratch = (card.weights or card.folder) / PREPARED
    backbone = PlacedBackbone(transformer, plan, device, scratch, engine)
    host_codec = codec(card, CPU, torch.float16 if device.type == "cuda" else dtype)
    placement = PlacedModel(backbone, PlacedCodec(host_codec, device, backbone.leave), _override())
    conditioner = _kept(card, placement, dtype, scratch)
    placement.forget_encoders = conditioner.close
    memory, trained = long_term(card, backbone, device) if card.remembers else (None, 0)
    return FilmModel(
        card=card, backbone=backbone, codec=placement.codec, conditioner=conditioner,
        device=device, fingerprint=fingerprint(card), memory=memory, positions=rule(trained), placement=placement,
    )


def _override() -> Profile | None:
    try:
        return asked_for()
    except ProfileError as error:
        raise ModelError(str(error)) from error


def codec(card: ModelCard, device: torch.device, dtype: torch.dtype) -> HunyuanCodec:
    """HunyuanVideo's autoencoder: float16 on a GPU, because its colours band in bfloat16. Raises ModelError."""
    precision = torch.float16 if device.type == "cuda" else dtype
    autoencoder = frozen(part(card, AutoencoderKLHunyuanVideo, "vae", torch_dtype=precision), device)
    return HunyuanCodec(autoencoder, card.window, previews(card, autoencoder.config.latent_channels))


def conditioner(card: ModelCard, device: torch.device, dtype: torch.dtype) -> HunyuanConditioner:
    """Llama, CLIP and SigLIP. Raises ModelError."""
    return _reader(card, frozen(without_unread(part(card, LlamaModel, "text_encoder", dtype=dtype)), device), device, dtype)


def _kept(card: ModelCard, placement: PlacedModel, dtype: torch.dtype, scratch: Path) -> KeptConditioner:
    """The encoders, 8 GB and more, read into memory for the first prompt that they have not read yet."""
    precision = placement.plan.profile.text_weights
    parts = [network(card, part) for part in ("text_encoder", "text_encoder_2", "image_encoder")]
    name = f"{parts} {precision} {placement.plan.profile.products} {dtype} {card.prompt_tokens}"
    return KeptConditioner(
        lambda: _placed_conditioner(card, placement, dtype), scratch / "embeddings", name, placement.backbone.device)


def _placed_conditioner(card: ModelCard, placement: PlacedModel, dtype: torch.dtype) -> Conditioner:
    profile, device = placement.plan.profile, placement.backbone.device
    on_card = profile.text_encoder != "cpu"
    llama = mapped.text_encoder(card, profile.text_weights, dtype, lambda _: None, aligned=device.type == "cpu")
    if profile.products == "bitsandbytes":
        multiply_by_bitsandbytes(llama)
    reader = _reader(card, llama, CPU, dtype, device if on_card else CPU)
    return PlacedConditioner(reader, profile.text_encoder, device, placement.backbone.leave)


def _reader(
    card: ModelCard, llama: LlamaModel, device: torch.device, dtype: torch.dtype, reading: torch.device | None = None
) -> HunyuanConditioner:
    pipeline = HunyuanVideoFramepackPipeline(
        transformer=None,
        vae=None,
        scheduler=FlowMatchEulerDiscreteScheduler(),
        tokenizer=part(card, AutoTokenizer, "tokenizer"),
        text_encoder=llama,
        tokenizer_2=part(card, AutoTokenizer, "tokenizer_2"),
        text_encoder_2=frozen(part(card, CLIPTextModel, "text_encoder_2", dtype=dtype), device),
        image_encoder=frozen(part(card, SiglipVisionModel, "image_encoder", dtype=dtype), device),
        feature_extractor=part(card, SiglipImageProcessor, "feature_extractor"),
    )
    return HunyuanConditioner(pipeline, card.prompt_tokens, reading=reading)
