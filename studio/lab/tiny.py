"""Small components of FramePack and Helios with random weights, from configurations of the real classes, for tests and trials."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from diffusers import (
    AutoencoderKLHunyuanVideo,
    AutoencoderKLWan,
    FlowMatchEulerDiscreteScheduler,
    HeliosTransformer3DModel,
    HunyuanVideoFramepackPipeline,
    HunyuanVideoFramepackTransformer3DModel,
)
from PIL import Image
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    LlamaConfig,
    LlamaModel,
    PreTrainedTokenizerFast,
    SiglipImageProcessor,
    SiglipVisionConfig,
    SiglipVisionModel,
    UMT5Config,
    UMT5EncoderModel,
)

TEMPLATE = {"template": "{}", "crop_start": 0}
"""A prompt template that adds nothing to the prompt."""


def tokenizer(begin: str, end: str, pad: str, max_length: int) -> PreTrainedTokenizerFast:
    """Returns a tokenizer of the 256 byte tokens and the three special tokens, which keeps at most `max_length` tokens."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {begin: 0, pad: 1, end: 2, **{c: i + 3 for i, c in enumerate(alphabet)}}
    tok = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tok.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tok.post_processor = processors.TemplateProcessing(single=f"{begin} $A {end}", special_tokens=[(begin, 0), (end, 2)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tok, bos_token=begin, eos_token=end, pad_token=pad, model_max_length=max_length, padding_side="right"
    )


def transformer(**changes: Any) -> HunyuanVideoFramepackTransformer3DModel:
    """Returns a transformer of one double and one single block; `changes` replace entries of its config."""
    torch.manual_seed(0)
    options: dict[str, Any] = {
        "in_channels": 4, "out_channels": 4, "num_attention_heads": 2, "attention_head_dim": 10, "num_layers": 1,
        "num_single_layers": 1, "num_refiner_layers": 1, "patch_size": 2, "patch_size_t": 1, "guidance_embeds": True,
        "text_embed_dim": 16, "pooled_projection_dim": 8, "rope_axes_dim": (2, 4, 4), "image_condition_type": None,
        "has_image_proj": True, "image_proj_dim": 32, "has_clean_x_embedder": True,
    }
    return HunyuanVideoFramepackTransformer3DModel(**{**options, **changes}).eval()


def autoencoder() -> AutoencoderKLHunyuanVideo:
    """Returns a video autoencoder of 4 latent channels, 8 times smaller in space and 4 times in time."""
    torch.manual_seed(0)
    return AutoencoderKLHunyuanVideo(
        in_channels=3, out_channels=3, latent_channels=4, down_block_types=("HunyuanVideoDownBlock3D",) * 4,
        up_block_types=("HunyuanVideoUpBlock3D",) * 4, block_out_channels=(4, 4, 4, 4), layers_per_block=1, act_fn="silu",
        norm_num_groups=2, scaling_factor=0.476986, spatial_compression_ratio=8, temporal_compression_ratio=4,
        mid_block_add_attention=True,
    ).eval()


def clip() -> CLIPTextModel:
    """Returns a CLIP text encoder of width 8."""
    torch.manual_seed(0)
    return CLIPTextModel(
        CLIPTextConfig(
            bos_token_id=0, eos_token_id=2, pad_token_id=1, hidden_size=8, intermediate_size=37, num_attention_heads=4,
            num_hidden_layers=2, vocab_size=1000, hidden_act="gelu", projection_dim=32,
        )
    ).eval()


def siglip() -> SiglipVisionModel:
    """Returns a SigLIP image encoder of width 32, for pictures of 30 x 30 pixels."""
    torch.manual_seed(0)
    return SiglipVisionModel(
        SiglipVisionConfig(
            hidden_size=32, intermediate_size=37, num_hidden_layers=2, num_attention_heads=4, image_size=30, patch_size=6
        )
    ).eval()


def llama() -> LlamaModel:
    """Returns a Llama text encoder of width 16."""
    torch.manual_seed(0)
    return LlamaModel(
        LlamaConfig(
            bos_token_id=0, eos_token_id=2, pad_token_id=1, hidden_size=16, vocab_size=1000, intermediate_size=37,
            num_attention_heads=4, num_key_value_heads=4, num_hidden_layers=2, hidden_act="gelu",
        )
    ).eval()


def helios(**changes: Any) -> HeliosTransformer3DModel:
    """Returns Helios' transformer with two blocks; `changes` replace entries of its config."""
    torch.manual_seed(0)
    options: dict[str, Any] = {
        "in_channels": 4, "out_channels": 4, "num_attention_heads": 2, "attention_head_dim": 12, "num_layers": 2, "text_dim": 16,
        "freq_dim": 16, "ffn_dim": 32, "rope_dim": (4, 4, 4), "is_amplify_history": True,
    }
    network = HeliosTransformer3DModel(**{**options, **changes}).eval()
    for name, weight in network.named_parameters():
        if "norm" in name or "scale" in name:               # else they would be 1, and nobody would see them being lost
            weight.data += 0.3 * torch.randn_like(weight)
    return network


def wan_autoencoder() -> AutoencoderKLWan:
    """Returns Wan's video autoencoder with 4 latent channels, 8 times smaller in space and 4 times in time."""
    torch.manual_seed(0)
    return AutoencoderKLWan(
        base_dim=4, z_dim=4, dim_mult=[1, 1, 1, 1], num_res_blocks=1, temperal_downsample=[False, True, True],
        latents_mean=[0.1, -0.2, 0.3, 0.0], latents_std=[1.5, 0.8, 1.1, 2.0],
    ).eval()


def umt5() -> UMT5EncoderModel:
    """Returns a UMT5 text encoder of width 16."""
    torch.manual_seed(0)
    return UMT5EncoderModel(UMT5Config(
        vocab_size=1000, d_model=16, d_kv=8, d_ff=24, num_layers=2, num_heads=2, relative_attention_num_buckets=8,
        feed_forward_proj="gated-gelu", pad_token_id=1, eos_token_id=2,
    )).eval()


def pipeline() -> HunyuanVideoFramepackPipeline:
    """Returns the stock diffusers pipeline on these components: what our own code is compared with."""
    pipe = HunyuanVideoFramepackPipeline(
        transformer=transformer(), vae=autoencoder(), scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        text_encoder=llama(), tokenizer=tokenizer("<s>", "</s>", "<pad>", 512), text_encoder_2=clip(),
        tokenizer_2=tokenizer("<|startoftext|>", "<|endoftext|>", "<|pad|>", 77), image_encoder=siglip(),
        feature_extractor=SiglipImageProcessor(size={"height": 30, "width": 30}),
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe


def picture(seed: int = 0, size: int = 32) -> Image.Image:
    """Returns a square picture of `size` pixels of uniform noise."""
    return Image.fromarray(np.random.default_rng(seed).integers(0, 255, (size, size, 3), dtype=np.uint8))
