"""Bytes and operations of a model, calculated before any weight is read: of its parts, and of a film of a given size.

The peaks of activations are linear in the number of tokens or in the area of a tile. They were found by running a block and the
decoder on the meta device and adding up the tensors that were alive; a test does so again. Memory that CUDA's libraries take is not
included.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, Protocol

from studio.placement.counts import Part, Transformer

Weights = Literal["fp32", "bf16", "int8"]
Size = tuple[int, int]
"""Width and height in pixels."""

TILE_EDGES = (256, 192, 128)
"""Edges of the autoencoder's tiles that a plan can choose from, in pixels."""
TILE_FRAMES = 17
"""Frames of a tile."""
TILE_MAPS = 9.13
"""Feature maps that are alive at the decoder's peak, each as large as the tile and as wide as the decoder is at full size. The
peak is in the last upsampling. Counted: 9.07 for tiles of 256 pixels and 9.13 for 128, where padding takes a larger share."""
TILE_FLOPS = 17.54e6
"""Operations of the decoder for a pixel of a frame, with HunyuanVideo's widths."""


READER_BYTES = 18.4
"""Bytes that are alive at the peak of a memory's reader, for each value of the psi that it asks, beside psi in bfloat16."""
FILM_SECTIONS = 20
"""Sections of the films that are planned for, and the step in which plans follow longer ones."""


@dataclass(frozen=True)
class PsiTokens:
    """Tokens of a long-term memory psi, each as wide as the transformer."""

    stored: int = 0                # rows of psi
    history: int = 0               # that a section reads among the film's own tokens
    context: int = 0               # that it reads beside text and picture
    asked: int = 0                 # that a reader, where there is one, attends to before the section


class CountsPsi(Protocol):
    """Counts the tokens of a model's long-term memory."""

    def __call__(self, size: Size, sections: int) -> PsiTokens:
        """psi in a film of this size after so many finished sections."""


def no_psi(size: Size, sections: int) -> PsiTokens:
    """No memory, or one that is too small to count."""
    return PsiTokens()


def planned_sections(sections: int) -> int:
    """The length in sections that a film of so many sections is planned for, so that not every section changes the plan."""
    return FILM_SECTIONS * max(1, math.ceil(sections / FILM_SECTIONS))


NOTHING = Part()


@dataclass(frozen=True)
class ModelSizes:
    """Everything about a model that a plan depends on."""

    name: str
    title: str
    large: bool                    # planned part by part; a small model is kept as a whole where it computes
    sizes: tuple[Size, ...]        # that the model was made for
    steps: int                     # denoising steps of a section
    window: int                    # latent frames of a section
    frames: int                    # pixel frames of a section, see `section_frames`
    compression: int               # pixels along an edge of a latent pixel
    context: int                   # tokens of text and image
    transformer: Transformer
    text_encoder: Part
    small_encoders: Part           # the second text encoder (CLIP) and the image encoder (SigLIP)
    vae: Part
    vae_width: int                 # channels of the decoder at full size
    memory_bytes: int = 0          # of SemanticPack
    lora_bytes: int = 0            # of the LoRAs that are active
    dense_above: int = 0           # pixels of the longest side above which a section has `dense_frames`; 0: of no film
    dense_frames: int = 0
    psi: CountsPsi = no_psi        # of its long-term memory
    sections: int = FILM_SECTIONS  # of the film: plans are for its last section, which reads most of psi
    processor_only: bool = False   # it computes on the processor, also where there is a card
    unread: Part = NOTHING         # of the text encoder, what is fetched with it and never loaded

    @property
    def unit(self) -> int:
        """Pixels of which a film's width and height are multiples."""
        return self.compression * self.transformer.patch

    def section_frames(self, size: Size) -> int:
        """Pixel frames of a section of films of this size."""
        return self.dense_frames if self.dense_above and max(size) > self.dense_above else self.frames

    def psi_tokens(self, size: Size) -> PsiTokens:
        """psi when the film's last section is made."""
        return self.psi(size, max(0, self.sections - 1))

    def psi_bytes(self, size: Size) -> int:
        """Bytes of psi in float32 then."""
        return 4 * self.transformer.width * self.psi_tokens(size).stored

    def reader_peak(self, size: Size) -> int:
        """Bytes of activations while a reader asks psi, in bfloat16, without psi itself and the reader's weights."""
        psi = self.psi_tokens(size)
        return round(self.transformer.width * (2 * psi.stored + READER_BYTES * psi.asked)) if psi.asked else 0

    @property
    def psi_grows(self) -> bool:
        """Whether psi grows with the film."""
        return self.psi(self.sizes[0], 1) != self.psi(self.sizes[0], 2)

    def tokens(self, size: Size) -> int:
        """Tokens of the film: a section, the start frame, the packed history of 1, 2 and 16 latent frames, and psi's among them."""
        height, width = (edge // self.compression for edge in reversed(size))
        full = math.ceil(height / 2) * math.ceil(width / 2)
        quarter = math.ceil(height / 4) * math.ceil(width / 4)
        packed = quarter + 4 * math.ceil(height / 8) * math.ceil(width / 8)
        return (self.window + 2) * full + packed + self.psi_tokens(size).history

    def context_tokens(self, size: Size) -> int:
        """Tokens beside the film's: of text, image and psi."""
        return self.context + self.psi_tokens(size).context

    def step_flops(self, size: Size) -> float:
        """Operations of one denoising step: the layers of every block, and attention between all tokens."""
        t, tokens = self.transformer, self.tokens(size) + self.context_tokens(size)
        return t.blocks * (2 * (4 + 2 * t.mlp) * t.width**2 * tokens + 4 * tokens**2 * t.width)

    def block_peak(self, size: Size) -> int:
        """Bytes of activations of the block that needs most, in bfloat16, without weights."""
        t, tokens, context = self.transformer, self.tokens(size), self.context_tokens(size)
        return max(single_block_peak(t, tokens, context), double_block_peak(t, tokens, context))

    def decode_flops(self, size: Size, tile: int) -> float:
        """Operations of decoding one section: 4 tiles in time, each cut into overlapping tiles of `tile` pixels.

        Of the four, three are new and one is the last of the section before.

        Every tile pads its edges; this is counted as one latent pixel (8 pixels) on each side.
        """
        area = math.prod(sum(min(tile, edge - at) + 2 * self.compression for at in range(0, edge, tile * 3 // 4)) for edge in size)
        return 4 * TILE_FRAMES * area * TILE_FLOPS

    def frames_bytes(self, size: Size) -> int:
        """Bytes of a section's decoded frames on the GPU: as tiles and joined in float16, and once more in float32."""
        return self.section_frames(size) * 3 * math.prod(size) * (2 + 2 + 4)


def bytes_of(part: Part, weights: Weights) -> int:
    """Bytes of a part. int8 stores a float32 scale for each row, and bfloat16 for parameters that are not in Linear layers."""
    if weights == "int8":
        return part.matrix + 4 * part.rows + 2 * part.rest
    return part.parameters * (4 if weights == "fp32" else 2)


def single_block_peak(t: Transformer, tokens: int, context: int) -> int:
    """Bytes of a single block's activations at their peak, which is while RoPE rotates the query. Weights are not included.

    Alive for each film token, in vectors of the transformer's width in bfloat16: 3 for the input, the joined and the normed input;
    3 for query, key and value; `mlp` for the MLP's inner layer; 8 for RoPE in float32. For each context token, which RoPE leaves as
    it is: 3, 3, `mlp`, and 1 for the query joined again. In addition RoPE's cosines and sines in float32.
    """
    film = 2 * t.width * (14 + t.mlp) + 8 * t.head
    return round(film * tokens + 2 * t.width * (7 + t.mlp) * context)


def double_block_peak(t: Transformer, tokens: int, context: int) -> int:
    """As `single_block_peak`, of a double block: at that moment it has no joined input and no MLP, and less of the context."""
    return round((2 * t.width * 12 + 8 * t.head) * tokens + 2 * t.width * 4 * context)


def tile_peak(tile: int, width: int) -> int:
    """Bytes of activations at the peak of decoding a tile in float16, without weights.

    Args:
        tile: edge of the tile in pixels.
        width: channels of the decoder at full size.
    """
    return round(TILE_MAPS * width * TILE_FRAMES * tile**2 * 2)


def resident_blocks(count: int, resident: int) -> frozenset[int]:
    """Indices of the blocks that stay on the GPU if `resident` of `count` do. They are evenly spread."""
    resident = min(resident, count)
    return frozenset((2 * i + 1) * count // (2 * resident) for i in range(resident))


def block_bytes(t: Transformer, weights: Weights, adaln_table: bool) -> list[int]:
    """Bytes of each block, in the order in which they run. AdaLN layers are never int8.

    Args:
        t: the transformer.
        weights: precision of the blocks.
        adaln_table: a table replaces the AdaLN layers, so they are not counted.
    """
    double, single = bytes_of(t.double, weights), bytes_of(t.single, weights)
    floating: Weights = "fp32" if weights == "fp32" else "bf16"
    if not adaln_table:
        double += bytes_of(t.double_adaln, floating)
        single += bytes_of(t.single_adaln, floating)
    return [double] * t.doubles + [single] * t.singles
