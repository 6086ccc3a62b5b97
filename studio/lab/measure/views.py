"""What a camera sees of a wide flat picture, and which part of it no other view has shown. It knows no films and no models.

A pose is x and y of the view's middle in the wide picture's pixels, and the log of the magnification, as `Film.pose` has them.
Letters: N views, H and W height and width of a frame.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F


def view(canvas: Tensor, pose: Tensor, width: int, height: int) -> Tensor:
    """The wide picture [3, Hc, Wc] seen at `pose` [3]: [3, H, W]; mirrored beyond its edges, as the world's films are."""
    tall, wide = canvas.shape[1:]
    x, y = _places(pose, width, height)
    grid = torch.stack([x / wide * 2 - 1, y / tall * 2 - 1], dim=-1).to(canvas)
    return F.grid_sample(canvas[None], grid[None], padding_mode="reflection", align_corners=False)[0]


def unseen(pose: Tensor, seen: Tensor, width: int, height: int) -> Tensor:
    """Which pixels of the view at `pose` [3] none of the views at `seen` [N, 3] shows, [H, W] bool."""
    x, y = _places(pose, width, height)
    new = torch.ones(height, width, dtype=torch.bool)
    for px, py, swell in torch.unique(seen.double(), dim=0).tolist():
        size = math.exp(swell)
        new &= ((x - px).abs() * size > width / 2) | ((y - py).abs() * size > height / 2)
    return new


def _places(pose: Tensor, width: int, height: int) -> tuple[Tensor, Tensor]:
    """Where the pixels' middles lie in the wide picture: x and y, [H, W] both, float64."""
    px, py, swell = pose.double().tolist()
    size = math.exp(swell)
    x = px + (torch.arange(width).double() + 0.5 - width / 2) / size
    y = py + (torch.arange(height).double() + 0.5 - height / 2) / size
    return x.expand(height, -1), y[:, None].expand(-1, width)
