"""A start from which a small film model learns fast: it already copies. It knows the transformer's layers, not what trains them.

In a new transformer the way of a picture through embedding, values, output and last layer is random, and so is where attention
looks: neither can be learned before the other. As in mimetic initialization (Trockman and Kolter, 2305.09828), the start is a
copy: the coarser channels pass through the embeddings unchanged, values and outputs are near the identity, and queries meet
keys at the same place (rotary phases of constant vectors) of clean frames. Constants in the residual stream keep the layer
norms from removing contrast. Everything is trained afterwards.
"""

from __future__ import annotations

from typing import Any

import torch
from diffusers import HunyuanVideoFramepackTransformer3DModel
from torch import Tensor, nn

CELLS = 4                          # latent pixels in a token
CONSTANT = 4.0                     # of the residual stream, against a content of about 1
MARK = 6.0                         # tells clean frames from noisy ones
NOISY = 0.15                       # gain of the noisy latents' content
GATE = 0.5
COORDINATES = (0,) * 8 + (1, 2)    # places for frame (many: the prompt is to be multiplied with it), row and column
LOUD = 4.0                         # of the frame's coordinate: how far a frame has moved is said by it
TEXT = 4.0                         # of the prompt in the time embedding
TOLD = 12.0                        # of prompt and time in the places that hold no content: queries hear it above the content
SHARP = (1.6, 1.4, 1.2, 1.0, 0.9, 0.8, 0.6, 0.6, 0.5, 0.5, 0.4, 0.4)
"""Weights of an axis's rotary frequencies, highest first: the higher ones tell neighbours apart."""


@torch.no_grad()
def copy_at_first(transformer: HunyuanVideoFramepackTransformer3DModel, seed: int = 0) -> None:
    """Set the weights of a new transformer to a copying start."""
    draw = torch.Generator().manual_seed(seed)
    width = transformer.config.num_attention_heads * transformer.config.attention_head_dim
    content = width * 3 // 4 // CELLS * CELLS
    channels = transformer.config.out_channels
    _embed(transformer.clean_x_embedder.proj, content, {0: 1.0}, MARK, draw)
    _embed(transformer.x_embedder.proj, content, {0: NOISY, channels: 1.0}, -MARK, draw)    # x_t, and the base beside it
    for layer in (transformer.clean_x_embedder.proj_2x, transformer.clean_x_embedder.proj_4x):
        nn.init.normal_(layer.weight, std=0.002, generator=draw)
        layer.bias.copy_(_constant(width, content, -MARK))
    transformer.time_text_embed.text_embedder.linear_1.weight.mul_(TEXT)
    look = _place(transformer.config.attention_head_dim, transformer.config.rope_axes_dim).repeat(
        transformer.config.num_attention_heads
    )
    for block in [*transformer.transformer_blocks, *transformer.single_transformer_blocks]:
        _attend(block.attn, look, content, draw)
    for block in transformer.transformer_blocks:
        _near_identity(block.attn.to_out[0], 0.5, draw)
        _modulate(block.norm1.linear, width, content, gates=(2, 5))
    for block in transformer.single_transformer_blocks:
        nn.init.normal_(block.proj_out.weight[:, :width], std=0.02, generator=draw)
        block.proj_out.weight[:, :width] += 0.5 * torch.eye(width)
        _modulate(block.norm.linear, width, content, gates=(2,))


def _constant(width: int, content: int, mark: float) -> Tensor:
    """What every token carries beside its content: plus and minus in turn, and the mark."""
    constant = torch.zeros(width)
    first = content + 1 + len(COORDINATES)
    constant[first::2], constant[first + 1 :: 2] = CONSTANT, -CONSTANT
    constant[content] = mark
    return constant


def _embed(patches: nn.Conv3d, content: int, gains: dict[int, float], mark: float, draw: torch.Generator) -> None:
    """Coarse channels of the token's cells, each to a place of its own; coordinates to three of the free places."""
    weight = patches.weight
    nn.init.normal_(weight, std=0.005, generator=draw)
    weight[:content] = 0
    for place in range(content):
        channel, cell = divmod(place, CELLS)
        for first, gain in gains.items():
            weight[place, first + channel, 0, cell // 2, cell % 2] = gain
    for place, axis in zip(range(content + 1, weight.shape[0]), COORDINATES, strict=False):
        weight[place, weight.shape[1] - 3 + axis] = (1.0 if axis else LOUD) / CELLS
    patches.bias.copy_(_constant(weight.shape[0], content, mark))  # type: ignore[union-attr]


def _place(width: int, axes: tuple[int, ...]) -> Tensor:
    """The vector that meets itself best at the same row and column, in any frame, [head width]."""
    vector = torch.zeros(width)
    for begin, size in ((axes[0], axes[1]), (axes[0] + axes[1], axes[2])):
        for pair in range(size // 2):
            vector[begin + 2 * pair : begin + 2 * pair + 2] = SHARP[min(len(SHARP) - 1, pair * len(SHARP) * 2 // size)]
    return vector


def _attend(attention: Any, look: Tensor, content: int, draw: torch.Generator) -> None:
    for layer in (attention.to_q, attention.to_k):
        nn.init.normal_(layer.weight, std=0.02, generator=draw)
        layer.bias.copy_(look)
    attention.to_k.weight[:, content] += 0.35 * look    # the mark: keys of clean frames are met, others turn away
    attention.to_k.bias *= 0.2
    attention.norm_q.weight.fill_(1.5)
    attention.norm_k.weight.fill_(1.5)
    _near_identity(attention.to_v, 1.0, draw)


def _near_identity(layer: nn.Linear, gain: float, draw: torch.Generator) -> None:
    nn.init.normal_(layer.weight, std=0.02, generator=draw)
    layer.weight += gain * torch.eye(layer.weight.shape[0])
    layer.bias.zero_()


def _modulate(modulation: nn.Linear, width: int, content: int, gates: tuple[int, ...]) -> None:
    """Shift and scale (the first two parts) are loud where there is no content; gates begin half open, and quiet."""
    modulation.bias.zero_()
    for part in (0, 1):
        modulation.weight[part * width + content : (part + 1) * width] *= TOLD
    for gate in gates:
        modulation.weight[gate * width : (gate + 1) * width] *= 0.3
        modulation.bias[gate * width : (gate + 1) * width] = GATE
