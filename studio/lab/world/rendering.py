"""Renders frames: what a camera sees on its path of a scene's layers, and of a figure among them.

Letters: T frames, N points, H and W height and width of a frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from studio.lab.world.acting import VisibleFigure
from studio.lab.world.camera import SWAY, CameraPath, sway
from studio.lab.world.canvas import Layer
from studio.lab.world.noise import Area

AT_ONCE = 12
"""Frames that are composed together: few enough to stay in the processor's cache."""


@dataclass(frozen=True)
class VisibleLayer:
    """A layer as the camera sees it: a `truth.ScenePart`."""

    layer: Layer
    position: Tensor       # [T, 2] float64: middle of the view on the layer, in pixels from its origin
    scale: Tensor          # [T] float64: magnification
    gust: Tensor           # [T] long: frames since the wind began to blow, 0 without wind
    size: tuple[int, int]  # width and height of the frame

    def to_part(self, points: Tensor, frames: Tensor) -> Tensor:
        """See `truth.ScenePart.to_part`. The layer's own units are its pixels, from the origin."""
        shifted = points.clone()
        if bool((self.gust[frames] != 0).any()):
            shifted[..., 0] += sway(self.gust[frames].to(points)[:, None], points, self.size[1])
        scale = self.scale[frames].to(points)[:, None, None]
        return self.position[frames].to(points)[:, None] + (shifted - self._middle(points)) / scale

    def to_frame(self, points: Tensor, frames: Tensor, like: Tensor) -> Tensor:
        """See `truth.ScenePart.to_frame`. Only for frames without wind; layers do not turn, so `like` is not used."""
        moved = points - self.position[frames].to(points)[:, None]
        return moved * self.scale[frames].to(points)[:, None, None] + self._middle(points)

    def coverage(self, points: Tensor, frames: Tensor) -> Tensor:
        """See `truth.ScenePart.coverage`: the layer's alpha."""
        if len(self.layer.pixels) == 3:
            return torch.ones(points.shape[:2], dtype=torch.float32, device=points.device)
        return _sample(self.layer.pixels[3:], points - self._corner(points))[0]

    def same_side(self, frames: Tensor, base: Tensor) -> Tensor:
        """See `truth.ScenePart.same_side`: always, for layers do not turn."""
        return torch.ones(len(frames), dtype=torch.bool)

    def render(self, frames: Tensor) -> Tensor:
        """Returns what frames [T] show of the layer, [T, 3 or 4, H, W]."""
        (width, height), pixels = self.size, self.layer.pixels
        position, scale = self.position[frames], self.scale[frames]
        first = position - torch.tensor([width / 2, height / 2]) - self._corner(position)
        if bool((self.gust[frames] != 0).any()):
            y, x = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
            screen = torch.stack([x, y], dim=-1).view(1, -1, 2).to(pixels).expand(len(frames), -1, -1)
            points = self.to_part(screen, frames) - self._corner(screen)
            return _sample(pixels, points).transpose(0, 1).unflatten(2, (height, width))
        if bool((scale == 1).all()) and bool((first == first.round()).all()) and self._inside(first):
            return torch.stack([pixels[:, int(y) : int(y) + height, int(x) : int(x) + width] for x, y in first.tolist()])
        return self._resample(position, scale)

    def _inside(self, first: Tensor) -> bool:
        tall, wide = self.layer.pixels.shape[1:]
        return bool((first >= 0).all()) and bool((first + torch.tensor(self.size) <= torch.tensor([wide, tall])).all())

    def _resample(self, position: Tensor, scale: Tensor) -> Tensor:
        """The layer magnified and moved, where no wind blows."""
        _, tall, wide = self.layer.pixels.shape
        (width, height), corner = self.size, self._corner(position)
        x = (position[:, :1] - corner[0] + (torch.arange(width) + 0.5 - width / 2) / scale[:, None]) / wide * 2 - 1
        y = (position[:, 1:] - corner[1] + (torch.arange(height) + 0.5 - height / 2) / scale[:, None]) / tall * 2 - 1
        pixels = self.layer.pixels.expand(len(scale), -1, -1, -1)
        x, y = x.to(pixels)[:, None].expand(-1, height, -1), y.to(pixels)[:, :, None].expand(-1, -1, width)
        return F.grid_sample(pixels, torch.stack([x, y], dim=-1), padding_mode="reflection", align_corners=False)

    def _middle(self, like: Tensor) -> Tensor:
        return torch.tensor([self.size[0] / 2, self.size[1] / 2], dtype=like.dtype, device=like.device)

    def _corner(self, like: Tensor) -> Tensor:
        return torch.tensor(self.layer.corner, dtype=like.dtype, device=like.device)


def _sample(pixels: Tensor, points: Tensor) -> Tensor:
    """Samples a picture [C, h, w] at points [T, N, 2] in its pixels, mirrored beyond its edges; returns [C, T, N]."""
    _, tall, wide = pixels.shape
    grid = (points / torch.tensor([wide, tall], dtype=points.dtype, device=points.device) * 2 - 1).to(pixels.dtype)
    return F.grid_sample(pixels[None], grid[None], padding_mode="reflection", align_corners=False)[0]


def visible_area(path: CameraPath, near: float, width: int, height: int) -> Area:
    """Returns the part of a layer that the camera sees on its path, in pixels of the film."""
    position, scale = path.view(near)
    half = torch.tensor([width / 2, height / 2], dtype=torch.float64)
    wind = torch.tensor([SWAY if bool(path.gust.any()) else 0.0, 0.0], dtype=torch.float64)
    reach = (half + wind) / scale[:, None]
    low, high = (position - reach).amin(0).floor().long(), (position + reach).amax(0).ceil().long()
    return Area(int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]), height / 128)


def visible_layers(
    path: CameraPath, layers: Sequence[Layer], width: int, height: int, device: str | torch.device = "cpu"
) -> list[VisibleLayer]:
    """Returns the layers as the camera sees them on its path, farthest first as they are given."""
    visible = []
    for layer in layers:
        position, scale = path.view(layer.near)
        on = Layer(layer.pixels.to(device), layer.corner, layer.near)
        visible.append(VisibleLayer(on, position.round(decimals=6), scale, path.gust, (width, height)))
    return visible


def compose(parts: Sequence[VisibleLayer], frames: Tensor) -> Tensor:
    """Composes layers, farthest first, into frames [T].

    Returns:
        [T, 3, H, W] if one of the layers is opaque, else [T, 4, H, W] with colours multiplied by alpha.

    Raises:
        ValueError: there are no layers.
    """
    frame: Tensor | None = None
    for part in parts:
        picture = part.render(frames)
        first = frame is None or picture.shape[1] == 3
        frame = picture if first or frame is None else picture[:, : frame.shape[1]] + frame * (1 - picture[:, 3:])
    if frame is None:
        raise ValueError("there is no layer to see")
    return frame


def render(
    parts: Sequence[VisibleLayer], path: CameraPath, figure: VisibleFigure | None = None, behind: int = 0
) -> tuple[Tensor, Tensor]:
    """Renders all frames of a film. Frames that show the same view of the scene are composed once.

    Args:
        parts: the layers, farthest first.
        path: of the camera.
        figure: stands behind the last `behind` layers.
        behind: how many layers are in front of the figure.

    Returns:
        the frames [T, 3, H, W] uint8, and the figure's box in them [T, 4], NaN where it is not visible.
    """
    _, which = torch.unique(path.states(), dim=0, return_inverse=True)
    width, height = parts[0].size
    film = torch.empty(len(which), 3, height, width, dtype=torch.uint8, device=parts[0].layer.pixels.device)
    boxes = torch.full((len(which), 4), torch.nan)
    cut = len(parts) - (behind if figure is not None else 0)
    order = torch.argsort(which, stable=True)
    starts = torch.cat([torch.tensor([True]), which[order][1:] != which[order][:-1]])
    for some in order[starts].sort().values.split(AT_ONCE):
        views = compose(parts[:cut], some)
        front = compose(parts[cut:], some) if cut < len(parts) else None
        for k, index in enumerate(some.tolist()):
            same = (which == which[index]).nonzero().flatten()
            if figure is None:
                film[same] = _to_uint8(views[k])
                continue
            for number in same.split(AT_ONCE):
                shown, box = _add_figure(views[k], None if front is None else front[k], figure, number)
                film[number], boxes[number] = _to_uint8(shown), box
    return film, boxes


def _to_uint8(frames: Tensor) -> Tensor:
    return (frames.clamp(0, 1) * 255 + 0.5).to(torch.uint8)


def _add_figure(back: Tensor, front: Tensor | None, figure: VisibleFigure, numbers: Tensor) -> tuple[Tensor, Tensor]:
    """Returns a view [3, H, W] with the figure as in frames `numbers` and the layers in front of it: [T, 3, H, W], boxes [T, 4]."""
    _, height, width = back.shape
    shown = back.expand(len(numbers), -1, -1, -1).clone()
    patches, corners = figure.patches(numbers)
    boxes = torch.full((len(numbers), 4), torch.nan)
    for k, (patch, (x, y)) in enumerate(zip(patches, corners.tolist(), strict=True)):
        left, top, right, bottom = max(x, 0), max(y, 0), min(x + patch.shape[2], width), min(y + patch.shape[1], height)
        if left >= right or top >= bottom:
            continue
        patch = patch[:, top - y : bottom - y, left - x : right - x]
        shown[k, :, top:bottom, left:right] = patch[:3] + shown[k, :, top:bottom, left:right] * (1 - patch[3:])
        free = patch[3] if front is None else patch[3] * (1 - front[3, top:bottom, left:right])
        rows, columns = (free > 0.5).any(1).nonzero(), (free > 0.5).any(0).nonzero()
        if len(rows):
            boxes[k] = torch.tensor([
                left + int(columns[0]), top + int(rows[0]), left + int(columns[-1]) + 1, top + int(rows[-1]) + 1])
    return (shown if front is None else front[:3] + shown * (1 - front[3:])), boxes
