"""The latents of panorama films: views of 16 x 16 pixels, and where they were taken.

    channels 0, 1, 2    the view's red, green and blue, -1 to 1
    channel 3           the view's left column in the panorama, a constant plane of a whole number, 0 to W - 1
    channel 4           columns that the camera moved before this view, to the right if positive: likewise

Letters: B films, T frames, V = VIEW, W columns of the panorama, which closes on itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from studio.backbones.panorama.places import CHANNELS

LATENT_CHANNELS = CHANNELS + 2


@dataclass(frozen=True)
class Views:
    """What a camera saw, and where."""

    frames: Tensor      # [B, T, 3, V, V] in [-1, 1]
    columns: Tensor     # [B, T] of the views' left edges, whole numbers
    moves: Tensor       # [B, T] columns that the camera moved before each view, whole numbers


def to_views(latents: Tensor) -> Views:
    """The views in latents [B, 5, T, V, V]."""
    columns, moves = latents[:, CHANNELS:, :, 0, 0].float().round().unbind(1)
    return Views(latents[:, :CHANNELS].float().transpose(1, 2), columns, moves)


def to_latents(views: Views) -> Tensor:
    """Latents [B, 5, T, V, V] of views."""
    planes = torch.stack([views.columns, views.moves], dim=1).to(views.frames)[..., None, None]
    return torch.cat([views.frames.transpose(1, 2), planes.expand(-1, -1, -1, *views.frames.shape[-2:])], dim=1)
