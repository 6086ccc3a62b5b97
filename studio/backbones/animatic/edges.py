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
STOP_OVER = 4.0
"""Latents over which the camera slows down before it would see where the picture's edge cuts the subject."""
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


def stop_before(heads: Heads, exposure: Tensor) -> Heads:
    """The prediction with a camera that slows down and stops on its way before something is seen that is not there.

    Args:
        heads: the prediction.
        exposure: [B, 1 + W] how much of it the camera would see, from the newest frame on. What the newest frame sees is allowed.
    """
    seen = exposure > exposure[:, :1].clamp(min=0) + 1e-3
    if not bool(seen.any()):
        return heads
    window = heads.camera.shape[1]
    allowed = exposure[:, :1].clamp(min=0)
    at = torch.where(seen.any(dim=1), seen.float().argmax(dim=1), window + 1).clamp(min=1)               # [B] the first one
    before, after = (exposure.gather(1, (at - back).clamp(max=window).unsqueeze(1)) for back in (1, 0))
    share = ((allowed - before) / (after - before).clamp(min=1e-6)).clamp(0, 1)
    limit = torch.where(seen.any(dim=1, keepdim=True), (at.unsqueeze(1) - 1 + share).to(exposure), float(2 * window))
    steps = torch.arange(1, window + 1, device=exposure.device).expand(len(exposure), -1).to(exposure)
    steps = brake(steps, torch.zeros_like(limit), limit, STOP_OVER)
    path = torch.cat([torch.zeros_like(heads.camera[:, :1]), heads.camera], dim=1)
    low = steps.floor().long().clamp(max=window - 1)
    first, last = (path.gather(1, (low + ahead).unsqueeze(-1).expand(-1, -1, path.shape[2])) for ahead in (0, 1))
    return replace(heads, camera=torch.lerp(first, last, (steps - low).unsqueeze(-1)))


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
