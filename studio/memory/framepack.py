"""FramePack's short-term context (Zhang and Agrawala, arXiv 2504.12626, F1 order); it does not know what is done with the tokens.

Letters: B batch, C latent channels, h and w latent height and width, W the window (latent frames per section).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from studio.memory.context_sizes import RECENT, SIZES


@dataclass(frozen=True)
class PackedContext:
    """What the backbone sees of the film so far, with the frame index that RoPE gives to each part."""

    clean: Tensor          # [B, C, 2, h, w]   start latent, newest latent
    clean_index: Tensor    # [2]
    history_2x: Tensor          # [B, C, 2, h, w]   packed 2x in each direction
    history_2x_index: Tensor    # [2]
    history_4x: Tensor       # [B, C, 16, h, w]  packed 4x in each direction
    history_4x_index: Tensor # [16]
    index: Tensor          # [W]               of the latents to be denoised


def pack_context(start: Tensor, recent: Tensor, window: int, positions: Tensor | None = None) -> PackedContext:
    """Lay out the context of the next section as FramePack-F1 does: [start | 16 at 4x | 2 at 2x | 1 at 1x | window].

    Args:
        start: [B, C, 1, h, w] latent of the reference image.
        recent: [B, C, 19, h, w] newest latent frames, oldest first; zeros where the film is younger than that.
        window: latent frames to be denoised.
        positions: [1 + 19 + W] RoPE indices of start, recent and window, see `rope`; FramePack's 0, 1, 2, ... if None.

    Raises:
        ValueError: `recent` does not hold exactly 19 frames, or there are not as many positions as frames.
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
    """Slide the window over a finished section: the newest 19 of [recent | latents], [B, C, 19, h, w]."""
    return torch.cat([recent, latents], dim=2)[:, :, -RECENT:]


def empty_history(start: Tensor) -> Tensor:
    """`recent` of a film not begun: 18 empty frames and the start latent, [B, C, 19, h, w] (as FramePack-F1 begins)."""
    b, c, _, h, w = start.shape
    return torch.cat([start.new_zeros(b, c, RECENT - 1, h, w), start], dim=2)
