"""The sizes of a SemanticPack: its widths, windows and structure, checked together, and those for FramePack-F1."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Widths:
    """The widths that a memory and its backbone must share."""

    width: int      # D, the transformer's inner width
    channels: int   # C
    text: int       # width of the prompt features
    image: int      # width of the reference-image features


@dataclass(frozen=True)
class SemanticPackConfig:
    """The architecture of a SemanticPack.

    Raises:
        ValueError: numbers that do not go together.
    """

    width: int
    channels: int
    text: int
    image: int
    heads: int
    patch: tuple[int, int, int] = (1, 2, 2)         # latent frames, rows, columns
    window: tuple[int, int, int] = (9, 8, 8)        # patches that attend to each other, along t, y, x; P in all
    keep: tuple[int, int, int] = (1, 2, 2)          # tokens that a window is pooled to, along t, y, x; K in all
    layers: int = 1                                 # of Memorize
    feed_forward: int = 4                           # its width in multiples of D
    structure: Literal["A", "B", "C", "map"] = "A"  # of Squeeze
    slots: tuple[int, int] = (0, 0)                 # rows and columns of a "map", powers of two
    literal: bool = False                           # Squeeze as the paper prints it: no residual, no feed-forward, no norm
    zero_start: bool = False                        # psi_0 = 0, the paper's ablation "zero-MemoryPack"
    text_tokens: int = 8                            # text tokens in psi_0; 0: all of the prompt's
    image_side: int = 4                             # psi_0 has side x side image tokens; 0: all of them
    trained_index: int = 0                          # largest RoPE index in training, see `rope.rope_rule`
    readable: int = 0                               # tokens that a section reads of all psi of its branch; 0: psi_n
    most: int = 0                                   # psi that are asked at most, with `readable`; 0: all

    def __post_init__(self) -> None:
        positive = (self.width, self.channels, self.text, self.image, self.heads, self.layers, self.feed_forward,
                    *self.patch, *self.window, *self.keep)
        if min(positive) < 1 or min(self.text_tokens, self.image_side, self.trained_index, self.readable, self.most) < 0:
            raise ValueError("widths, heads, layers, patch, window and keep are at least 1, and nothing is negative")
        if self.width % self.heads:
            raise ValueError(f"a width of {self.width} cannot be shared by {self.heads} heads")
        if any(size % kept for size, kept in zip(self.window, self.keep, strict=True)):
            raise ValueError(f"a window of {self.window} patches cannot be pooled evenly to {self.keep} tokens")
        if self.structure not in ("A", "B", "C", "map"):
            raise ValueError(f"the structures are A, B, C and map, not {self.structure!r}")
        if (self.structure == "map") != all(side > 1 and side & (side - 1) == 0 for side in self.slots):
            raise ValueError("a map has slots, powers of two of rows and columns, and no other structure has")
        if self.readable and (self.structure != "A" or self.literal or not (self.text_tokens and self.image_side)):
            raise ValueError("psi of a whole branch can be read in structure A with fixed text_tokens and image_side")
        if self.most and (not self.readable or self.most < 2):
            raise ValueError("`most` is of a readable memory, and at least 2: the first psi and the newest")
        if self.structure == "C" and not (self.text_tokens and self.image_side):
            raise ValueError("structure C tells the first section by psi's length: it needs fixed text_tokens and image_side")

    @property
    def hidden(self) -> int:
        """Inner width of the feed-forwards."""
        return self.feed_forward * self.width

    @property
    def widths(self) -> Widths:
        """The widths that a backbone must have."""
        return Widths(self.width, self.channels, self.text, self.image)

    def first_tokens(self, text: int, image: int) -> int:
        """Tokens of psi_0 for L = `text` text tokens and S = `image` image tokens."""
        if self.structure == "map":
            return math.prod(self.slots)
        return (self.text_tokens or text) + (self.image_side**2 or image)


FRAMEPACK_F1 = SemanticPackConfig(width=3072, channels=16, text=4096, image=1152, heads=24)
"""For the 13B FramePack-F1: 24 heads of 128, LLaMA's prompt features, SigLIP's image features."""
