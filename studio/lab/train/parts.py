"""New networks of the embedded film model: tokenizer, text encoder, image encoder and transformer, with random weights."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import torch
from diffusers import HunyuanVideoFramepackTransformer3DModel
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, PreTrainedTokenizerFast, SiglipVisionConfig, SiglipVisionModel

from studio.backbones.animatic.heads import OUTPUT_CHANNELS
from studio.backbones.animatic.network_channels import INPUT_CHANNELS
from studio.lab.train.shapes import AnimaticShape, BlockShape
from studio.lab.world import random_script

SPECIAL = ("<pad>", "<bos>", "<unk>", "<eos>")
"""Special tokens in the order of their numbers. <eos> must not be 2: CLIPTextModel takes an end token of 2 for an old config's
mistake and pools the output at another place."""


def new_tokenizer(shape: AnimaticShape) -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer learned from the world's captions. Any text becomes tokens; upper and lower case are the same."""
    bpe = Tokenizer(models.BPE(unk_token="<unk>"))
    bpe.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    bpe.decoder = decoders.ByteLevel()
    bpe.train_from_iterator(_captions(), trainers.BpeTrainer(
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


@cache
def _captions() -> tuple[str, ...]:
    """Captions of so many random sections that all words of the world are in them."""
    rng = np.random.default_rng(0)
    return tuple(section.caption for _ in range(4000) for section in random_script(rng, 1))


def new_text_encoder(shape: AnimaticShape, vocabulary: int) -> CLIPTextModel:
    """A small CLIP text transformer for a tokenizer of so many tokens."""
    return CLIPTextModel(CLIPTextConfig(
        vocab_size=vocabulary, hidden_size=shape.side_width, intermediate_size=4 * shape.side_width,
        projection_dim=shape.side_width, num_hidden_layers=shape.side_layers, num_attention_heads=4,
        max_position_embeddings=shape.tokens,
        pad_token_id=SPECIAL.index("<pad>"), bos_token_id=SPECIAL.index("<bos>"), eos_token_id=SPECIAL.index("<eos>"),
    ))


def new_image_encoder(shape: AnimaticShape) -> SiglipVisionModel:
    """A small SigLIP vision transformer."""
    return SiglipVisionModel(SiglipVisionConfig(
        hidden_size=shape.side_width, intermediate_size=4 * shape.side_width, num_hidden_layers=shape.side_layers,
        num_attention_heads=4, image_size=shape.image_size, patch_size=16, vision_use_head=False,
    ))


def new_framepack(
    shape: BlockShape, inputs: int, outputs: int, sides: tuple[int, int, int], guidance: bool
) -> HunyuanVideoFramepackTransformer3DModel:
    """A small FramePack transformer.

    Args:
        shape: its sizes.
        inputs: channels of the latents that it reads.
        outputs: channels of what it predicts.
        sides: widths of text tokens, pooled text and image tokens.
        guidance: whether it reads a guidance scale.
    """
    width, (text, pooled, image) = shape.head_width, sides
    return HunyuanVideoFramepackTransformer3DModel(
        in_channels=inputs, out_channels=outputs, num_attention_heads=shape.heads, attention_head_dim=width,
        num_layers=shape.double_layers, num_single_layers=shape.single_layers, num_refiner_layers=1, patch_size=2, patch_size_t=1,
        guidance_embeds=guidance, text_embed_dim=text, pooled_projection_dim=pooled, rope_theta=256.0,
        rope_axes_dim=(width // 4, width * 3 // 8, width * 3 // 8), image_condition_type=None, has_image_proj=True,
        image_proj_dim=image, has_clean_x_embedder=True,
    )


def new_transformer(shape: AnimaticShape) -> HunyuanVideoFramepackTransformer3DModel:
    """The embedded model's transformer. Its output layer is zero, so that at first nothing in the film moves."""
    transformer = new_framepack(shape, INPUT_CHANNELS, OUTPUT_CHANNELS, (shape.side_width,) * 3, guidance=False)
    nn.init.zeros_(transformer.proj_out.weight)
    nn.init.zeros_(transformer.proj_out.bias)
    return transformer


def stock_names(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """A transformer's weights by diffusers' own names: `FramePackBackbone` puts a layer around its image projection."""
    return {name.replace("image_projection.inner.", "image_projection."): tensor for name, tensor in state.items()}


def parameter_count(module: nn.Module) -> int:
    """How many parameters a module has."""
    return sum(tensor.numel() for tensor in module.parameters())


def new_parts(
    shape: AnimaticShape, seed: int, vocabulary: Path
) -> tuple[PreTrainedTokenizerFast, CLIPTextModel, SiglipVisionModel, HunyuanVideoFramepackTransformer3DModel]:
    """All parts, with weights from a seed. The tokenizer is read from the folder `vocabulary`, or made and written there."""
    if not vocabulary.is_dir():
        new_tokenizer(shape).save_pretrained(vocabulary)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(vocabulary)
    torch.manual_seed(seed)
    return tokenizer, new_text_encoder(shape, len(tokenizer)), new_image_encoder(shape), new_transformer(shape)
