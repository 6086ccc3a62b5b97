"""The camera stops at the picture's edge: it slows down before it, and never shows what lies outside.

Letters: B batch, W window, h and w latent height and width.
"""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Tensor

from studio.backbones.animatic.heads import Heads

BRAKING = 2.0
"""Cells before the edge over which the camera slows down."""
ZOOM_BRAKING = 0.1
"""Log of the magnification over which zooming out slows down."""


def stop_at_edges(heads: Heads, pose: Tensor, bounds: tuple[float, float, float, float], h: int, w: int) -> Heads:
    """The prediction with a camera path that stays inside the picture.

    Args:
        heads: the prediction; its camera moves in cells of the newest frame.
        pose: [B, 3] of the newest frame, which lies inside the picture.
        bounds: left, top, right and bottom edge of the picture, in cells from the middle of the film's first frame.
        h, w: cells of a frame.
    """
    left, top, right, bottom = bounds
    least_zoom = math.log(max(w / (right - left), h / (bottom - top)))
    zoom = pose[:, None, 2] + heads.camera[..., 2]                                                        # [B, W]
    zoom = -brake(-zoom, -pose[:, None, 2], zoom.new_tensor(-least_zoom), ZOOM_BRAKING)
    width, height = (side / 2 * (-zoom).exp() for side in (w, h))                                         # [B, W] half the view
    newest = pose[:, None, 2].exp()
    path = []
    for axis, (half, low, high) in enumerate(((width, left, right), (height, top, bottom))):
        at, start = pose[:, None, axis] + heads.camera[..., axis] / newest, pose[:, None, axis]
        at = brake(at, start, high - half, BRAKING)
        at = -brake(-at, -start, -(low + half), BRAKING)
        at = torch.minimum(torch.maximum(at, low + half), high - half)       # where both edges are near, each brake pushes back
        path.append((at - start) * newest)
    return replace(heads, camera=torch.stack([*path, zoom - pose[:, None, 2]], dim=-1))


def brake(at: Tensor, start: Tensor, limit: Tensor, distance: float) -> Tensor:
    """A path that slows down over `distance` before the limit and does not pass it. Up to there it is as it was.

    Args:
        at: [B, W] where the path leads.
        start: [B, 1] where it begins. A path that begins within the distance slows down over what is left.
        limit: [B, W] or [].
        distance: over which it slows down.
    """
    room = (limit - start).clamp(min=0)
    soft = room.clamp(max=distance).clamp(min=1e-6)
    beyond = (at - (limit - soft)).clamp(min=0)
    return torch.minimum(torch.minimum(at, limit - soft) + soft * (1 - (-beyond / soft).exp()), limit)
