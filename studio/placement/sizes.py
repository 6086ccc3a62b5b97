"""Bytes and operations of a model before any weight is read: its parts, and what a film size needs on top.

The peaks are linear in tokens, or in the area of a tile. They were found by following every tensor of a block (and of the decoder)
without computing it; a test does that again. What CUDA's libraries take beside is not in them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from studio.placement.counts import Part, Transformer

Weights = Literal["fp32", "bf16", "int8"]
Size = tuple[int, int]
"""Width and height in pixels."""

TILE_EDGES = (256, 192, 128)
"""Edges of the autoencoder's tiles that are planned with, in pixels."""
TILE_FRAMES = 17
TILE_MAPS = 9.13
"""Maps of the decoder's first width, at the tile's full size, that are alive at its peak: when the last upsampling joins, pads and
convolves twice that width. They are 9.07 at 256 pixels and 9.13 at 128, where the padding weighs more."""
TILE_FLOPS = 17.54e6
"""Operations of the decoder a pixel and frame, with HunyuanVideo's widths."""


@dataclass(frozen=True)
class ModelSizes:
    """A model as a plan sees it."""

    name: str
    title: str
    large: bool                    # placed part by part; a small one lies where it computes
    sizes: tuple[Size, ...]
    steps: int
    window: int                    # latent frames a section
    frames: int                    # pixel frames a section
    compression: int               # pixels along an edge of a latent
    context: int                   # tokens of text, image and psi
    transformer: Transformer
    text_encoder: Part
    small_encoders: Part               # CLIP and SigLIP
    vae: Part
    vae_width: int                 # channels at full size
    memory_bytes: int = 0                # bytes of SemanticPack
    lora_bytes: int = 0                 # bytes of the branches that are worn

    def tokens(self, size: Size) -> int:
        """Tokens of the film's stream: a section, its start and the packed history 1, 2 and 16."""
        height, width = (edge // self.compression for edge in reversed(size))
        full = math.ceil(height / 2) * math.ceil(width / 2)
        quarter = math.ceil(height / 4) * math.ceil(width / 4)
        return (self.window + 2) * full + quarter + 4 * math.ceil(height / 8) * math.ceil(width / 8)

    def step_flops(self, size: Size) -> float:
        """Of one denoising step: every block's layers, which see each token once, and attention between all of them."""
        t, tokens = self.transformer, self.tokens(size) + self.context
        return t.blocks * (2 * (4 + 2 * t.mlp) * t.width**2 * tokens + 4 * tokens**2 * t.width)

    def block_peak(self, size: Size) -> int:
        """Activations of the block that needs most, in bfloat16, without weights."""
        t, tokens = self.transformer, self.tokens(size)
        return max(single_block_peak(t, tokens, self.context), double_block_peak(t, tokens, self.context))

    def decode_flops(self, size: Size, tile: int) -> float:
        """Of one section's frames: three new tiles in time and the one before, each cut into overlapping tiles of `tile` pixels.

        Every tile pads its edges as it goes, which is counted as a latent (8 pixels) on each side.
        """
        area = math.prod(sum(min(tile, edge - at) + 2 * self.compression for at in range(0, edge, tile * 3 // 4)) for edge in size)
        return 4 * TILE_FRAMES * area * TILE_FLOPS

    def frames_bytes(self, size: Size) -> int:
        """A section's decoded frames on the device: as tiles and joined in float16, and once in float32."""
        return self.frames * 3 * math.prod(size) * (2 + 2 + 4)


def bytes_of(part: Part, weights: Weights) -> int:
    """int8 has a float32 scale for each row, and bfloat16 for what is no Linear layer."""
    if weights == "int8":
        return part.matrix + 4 * part.rows + 2 * part.rest
    return part.parameters * (4 if weights == "fp32" else 2)


def single_block_peak(t: Transformer, tokens: int, context: int) -> int:
    """Bytes of a single block at its fullest, which is the query's RoPE; its weights are not in it.

    Per film token, in widths of two bytes: 3 of input, joined input and normed; 3 of query, key and value; the MLP's inner layer;
    8 of RoPE in float32. Of the context, which is not turned, 3, 3, the inner layer and the query joined again. Beside it the
    cosines and sines, float32.
    """
    film = 2 * t.width * (14 + t.mlp) + 8 * t.head
    return round(film * tokens + 2 * t.width * (7 + t.mlp) * context)


def double_block_peak(t: Transformer, tokens: int, context: int) -> int:
    """Bytes of a double block, at the same moment: it has no joined input and no MLP yet, and less of the context."""
    return round((2 * t.width * 12 + 8 * t.head) * tokens + 2 * t.width * 4 * context)


def tile_peak(tile: int, width: int) -> int:
    """Bytes of decoding a tile of `tile` pixels and 17 frames in float16, without weights; `width`: channels at full size."""
    return round(TILE_MAPS * width * TILE_FRAMES * tile**2 * 2)


def resident_blocks(count: int, resident: int) -> frozenset[int]:
    """Which of `count` blocks stay on the device: evenly spread, as the streamer does it (a test holds them equal)."""
    resident = min(resident, count)
    return frozenset((2 * i + 1) * count // (2 * resident) for i in range(resident))


def block_bytes(t: Transformer, weights: Weights, adaln_table: bool) -> list[int]:
    """Each block's bytes, in the order they run. AdaLN's layers are never int8."""
    double, single = bytes_of(t.double, weights), bytes_of(t.single, weights)
    floating: Weights = "fp32" if weights == "fp32" else "bf16"
    if not adaln_table:
        double += bytes_of(t.double_adaln, floating)
        single += bytes_of(t.single_adaln, floating)
    return [double] * t.doubles + [single] * t.singles
