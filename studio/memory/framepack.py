"""FramePack's short-term context (Zhang and Agrawala, 2504.12626), in the order of FramePack-F1.

Names follow diffusers' arguments (`latents_history_2x`, `indices_latents_clean`, ...).
Letters: B batch, C latent channels, h and w latent height and width, W the window (latent frames per section).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from studio.memory.context_sizes import RECENT, SIZES


@dataclass(frozen=True)
class PackedContext:
    """The frames of the film so far as the transformer takes them, with the RoPE index of each frame."""

    clean: Tensor              # [B, C, 2, h, w]   start latent, newest latent; not compressed
    clean_index: Tensor        # [2]
    history_2x: Tensor         # [B, C, 2, h, w]   the transformer packs it 2x along each axis
    history_2x_index: Tensor   # [2]
    history_4x: Tensor         # [B, C, 16, h, w]  the transformer packs it 4x along each axis
    history_4x_index: Tensor   # [16]
    index: Tensor              # [W]               of the latents to be denoised


def pack_context(start: Tensor, recent: Tensor, window: int, positions: Tensor | None = None) -> PackedContext:
    """The context of the next section in FramePack-F1's order: [start | 16 at 4x | 2 at 2x | 1 at 1x | window].

    Args:
        start: [B, C, 1, h, w] latent of the reference image.
        recent: [B, C, 19, h, w] newest latent frames, oldest first; zeros where the film is shorter than that.
        window: W, latent frames to be denoised.
        positions: [1 + 19 + W] RoPE indices of start, recent and window, see `rope`; None: FramePack's 0, 1, 2, ...

    Raises:
        ValueError: `recent` does not hold exactly 19 frames, or the numbers of positions and frames differ.
    """
    if recent.shape[2] != RECENT:
        raise ValueError(f"recent holds {recent.shape[2]} latent frames; FramePack-F1 packs {RECENT}")
    if positions is None:
        positions = torch.arange(1 + RECENT + window)
    elif positions.shape != (1 + RECENT + window,):
        raise ValueError(f"{list(positions.shape)} positions for 1 start, {RECENT} recent and {window} new frames")
    prefix, i4, i2, i1, index = positions.split([1, *SIZES, window])
    history_4x, history_2x, newest = recent.split(SIZES, dim=2)
    return PackedContext(
        clean=torch.cat([start, newest], dim=2),
        clean_index=torch.cat([prefix, i1]),
        history_2x=history_2x,
        history_2x_index=i2,
        history_4x=history_4x,
        history_4x_index=i4,
        index=index,
    )


def slide_history(recent: Tensor, latents: Tensor) -> Tensor:
    """The history after a finished section: the newest 19 frames of [recent | latents], [B, C, 19, h, w]."""
    return torch.cat([recent, latents], dim=2)[:, :, -RECENT:]


def empty_history(start: Tensor) -> Tensor:
    """The history of a film without sections: 18 zero frames and a latent [B, C, 1, h, w]; FramePack-F1's is the start latent."""
    b, c, _, h, w = start.shape
    return torch.cat([start.new_zeros(b, c, RECENT - 1, h, w), start], dim=2)
