"""The embedded film model's parts, new: tokenizer, text encoder, image encoder, transformer. It knows nothing of training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import HunyuanVideoFramepackTransformer3DModel
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, PreTrainedTokenizerFast, SiglipVisionConfig, SiglipVisionModel

from studio.backbones.animatic.backbone import INPUT_CHANNELS
from studio.backbones.animatic.heads import OUTPUT_CHANNELS
from studio.lab.world import plan

SPECIAL = ("<pad>", "<bos>", "<unk>", "<eos>")
"""Not 2 for <eos>: CLIPTextModel takes that number for an old mistake and pools elsewhere."""


@dataclass(frozen=True)
class Blocks:
    """Sizes of a FramePack transformer."""

    heads: int = 4
    head_width: int = 64
    double_layers: int = 2
    single_layers: int = 4


@dataclass(frozen=True)
class Shape(Blocks):
    """Sizes of the parts."""

    side_width: int = 128      # of text and image encoders
    side_layers: int = 2
    image_size: int = 96
    tokens: int = 64
    vocabulary: int = 900


def tokenizer(shape: Shape) -> PreTrainedTokenizerFast:
    """A byte-level BPE learned from captions: any text becomes tokens, case does not matter."""
    rng = np.random.default_rng(0)
    captions = [section.caption for _ in range(4000) for section in plan(rng, 1)]
    bpe = Tokenizer(models.BPE(unk_token="<unk>"))
    bpe.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    bpe.decoder = decoders.ByteLevel()
    bpe.train_from_iterator(captions, trainers.BpeTrainer(
        vocab_size=shape.vocabulary, special_tokens=list(SPECIAL), initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    ))
    bpe.post_processor = processors.TemplateProcessing(
        single="<bos> $A <eos>", special_tokens=[("<bos>", SPECIAL.index("<bos>")), ("<eos>", SPECIAL.index("<eos>"))]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe, pad_token="<pad>", bos_token="<bos>", unk_token="<unk>", eos_token="<eos>",
        model_max_length=shape.tokens, padding_side="right",
    )


def text_encoder(shape: Shape, vocabulary: int) -> CLIPTextModel:
    """A small CLIP text transformer."""
    return CLIPTextModel(CLIPTextConfig(
        vocab_size=vocabulary, hidden_size=shape.side_width, intermediate_size=4 * shape.side_width,
        projection_dim=shape.side_width, num_hidden_layers=shape.side_layers, num_attention_heads=4,
        max_position_embeddings=shape.tokens,
        pad_token_id=SPECIAL.index("<pad>"), bos_token_id=SPECIAL.index("<bos>"), eos_token_id=SPECIAL.index("<eos>"),
    ))


def image_encoder(shape: Shape) -> SiglipVisionModel:
    """A small SigLIP vision transformer."""
    return SiglipVisionModel(SiglipVisionConfig(
        hidden_size=shape.side_width, intermediate_size=4 * shape.side_width, num_hidden_layers=shape.side_layers,
        num_attention_heads=4, image_size=shape.image_size, patch_size=16, vision_use_head=False,
    ))


def framepack(
    blocks: Blocks, inputs: int, outputs: int, sides: tuple[int, int, int], guidance: bool
) -> HunyuanVideoFramepackTransformer3DModel:
    """A new small FramePack transformer; `sides` are the widths of text tokens, pooled text and image tokens."""
    width, (text, pooled, image) = blocks.head_width, sides
    return HunyuanVideoFramepackTransformer3DModel(
        in_channels=inputs, out_channels=outputs, num_attention_heads=blocks.heads, attention_head_dim=width,
        num_layers=blocks.double_layers, num_single_layers=blocks.single_layers, num_refiner_layers=1, patch_size=2, patch_size_t=1,
        guidance_embeds=guidance, text_embed_dim=text, pooled_projection_dim=pooled, rope_theta=256.0,
        rope_axes_dim=(width // 4, width * 3 // 8, width * 3 // 8), image_condition_type=None, has_image_proj=True,
        image_proj_dim=image, has_clean_x_embedder=True,
    )


def transformer(shape: Shape) -> HunyuanVideoFramepackTransformer3DModel:
    """A small FramePack transformer that at first says nothing: the film stands still until it has learned what moves."""
    made = framepack(shape, INPUT_CHANNELS, OUTPUT_CHANNELS, (shape.side_width,) * 3, guidance=False)
    nn.init.zeros_(made.proj_out.weight)
    nn.init.zeros_(made.proj_out.bias)
    return made


def plain(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """A transformer's weights without the place for memory tokens that `FramePackBackbone` puts around its image projection."""
    return {name.replace("image_projection.inner.", "image_projection."): tensor for name, tensor in state.items()}


def count(module: nn.Module) -> int:
    """Parameters of a module."""
    return sum(tensor.numel() for tensor in module.parameters())


def seeded(
    shape: Shape, seed: int, vocabulary: Path
) -> tuple[PreTrainedTokenizerFast, CLIPTextModel, SiglipVisionModel, HunyuanVideoFramepackTransformer3DModel]:
    """All parts, from a seed. The tokenizer is kept in the folder `vocabulary`, or read from there."""
    if not vocabulary.is_dir():
        tokenizer(shape).save_pretrained(vocabulary)
    words = PreTrainedTokenizerFast.from_pretrained(vocabulary)
    torch.manual_seed(seed)
    return words, text_encoder(shape, len(words)), image_encoder(shape), transformer(shape)
