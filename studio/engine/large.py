"""The large kind of model: FramePack-F1's autoencoder and encoders, from a model folder. It does not know the backbone."""

from __future__ import annotations

import torch
from diffusers import AutoencoderKLHunyuanVideo, FlowMatchEulerDiscreteScheduler, HunyuanVideoFramepackPipeline
from transformers import AutoTokenizer, CLIPTextModel, LlamaModel, SiglipImageProcessor, SiglipVisionModel

from studio.diffusion.codec import Codec
from studio.diffusion.conditioning import Conditioner
from studio.diffusion.hunyuan import HunyuanCodec, HunyuanConditioner
from studio.engine.cards import ModelCard
from studio.engine.load import frozen, part


def codec(card: ModelCard, device: torch.device, dtype: torch.dtype) -> Codec:
    """HunyuanVideo's autoencoder: float16 on a GPU, because its colours band in bfloat16. Raises ModelError."""
    precision = torch.float16 if device.type == "cuda" else dtype
    return HunyuanCodec(frozen(part(card, AutoencoderKLHunyuanVideo, "vae", torch_dtype=precision), device), card.window)


def conditioner(card: ModelCard, device: torch.device, dtype: torch.dtype) -> Conditioner:
    """Llama, CLIP and SigLIP. Raises ModelError."""
    pipeline = HunyuanVideoFramepackPipeline(
        transformer=None,
        vae=None,
        scheduler=FlowMatchEulerDiscreteScheduler(),
        tokenizer=part(card, AutoTokenizer, "tokenizer"),
        text_encoder=frozen(part(card, LlamaModel, "text_encoder", dtype=dtype), device),
        tokenizer_2=part(card, AutoTokenizer, "tokenizer_2"),
        text_encoder_2=frozen(part(card, CLIPTextModel, "text_encoder_2", dtype=dtype), device),
        image_encoder=frozen(part(card, SiglipVisionModel, "image_encoder", dtype=dtype), device),
        feature_extractor=part(card, SiglipImageProcessor, "feature_extractor"),
    )
    return HunyuanConditioner(pipeline, card.prompt_tokens)
