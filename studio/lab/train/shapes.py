"""Sizes of the networks that training builds, as recipes write them."""

from __future__ import annotations

from studio.tables import table


@table
class BlockShape:
    """Sizes of a FramePack transformer."""

    heads: int = 4
    head_width: int = 64
    double_layers: int = 2
    single_layers: int = 4


@table
class AnimaticShape(BlockShape):
    """Sizes of the embedded model's transformer and encoders."""

    side_width: int = 128      # of the text and image encoders
    side_layers: int = 2
    image_size: int = 96       # pixels
    tokens: int = 64           # of a prompt, at most
    vocabulary: int = 900


@table
class CoarseShape(BlockShape):
    """Sizes of a small FramePack transformer, and how many channels its latents have."""

    head_width: int = 32
    channels: int = 16
