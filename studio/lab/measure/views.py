"""The view of a camera over a wide flat picture, and which part of it no other view shows.

A pose is x and y of the view's centre in pixels of the wide picture, and the log of the magnification, as in the world's
`Film.pose`. Letters: N views, H and W height and width of a frame.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F


def view(canvas: Tensor, pose: Tensor, width: int, height: int) -> Tensor:
    """The frame [3, H, W] that a camera at `pose` [3] sees of a wide picture [3, Hc, Wc].

    Beyond its edges the picture is mirrored, as in the world's films.
    """
    canvas_height, canvas_width = canvas.shape[1:]
    x, y = _pixel_centres(pose, width, height)
    grid = torch.stack([x / canvas_width * 2 - 1, y / canvas_height * 2 - 1], dim=-1).to(canvas)
    return F.grid_sample(canvas[None], grid[None], padding_mode="reflection", align_corners=False)[0]


def unseen_mask(pose: Tensor, others: Tensor, width: int, height: int) -> Tensor:
    """[H, W] bool: the pixels of the view at `pose` [3] that none of the views at `others` [N, 3] shows."""
    x, y = _pixel_centres(pose, width, height)
    mask = torch.ones(height, width, dtype=torch.bool)
    for px, py, log_scale in torch.unique(others.double(), dim=0).tolist():
        scale = math.exp(log_scale)
        mask &= ((x - px).abs() * scale > width / 2) | ((y - py).abs() * scale > height / 2)
    return mask


def _pixel_centres(pose: Tensor, width: int, height: int) -> tuple[Tensor, Tensor]:
    """x and y of a view's pixels in the wide picture, [H, W] float64 each."""
    px, py, log_scale = pose.double().tolist()
    scale = math.exp(log_scale)
    x = px + (torch.arange(width).double() + 0.5 - width / 2) / scale
    y = py + (torch.arange(height).double() + 0.5 - height / 2) / scale
    return x.expand(height, -1), y[:, None].expand(-1, width)
