"""What a camera sees of layers and a figure among them: the frames. It knows the camera's way, no kinds of scenes.

Letters: T frames, N points, H and W height and width of a frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from studio.lab.world.acting import Actor
from studio.lab.world.camera import SWAY, Way, sway
from studio.lab.world.noise import Area
from studio.lab.world.sheet import Layer

AT_ONCE = 12
"""Frames composed together: few enough to stay in the processor's cache."""


@dataclass(frozen=True)
class Seen:
    """A layer as the camera sees it."""

    layer: Layer
    place: Tensor          # [T, 2] float64: middle of the view on the layer, in pixels from its origin
    scale: Tensor          # [T] float64: magnification
    gust: Tensor           # [T] long
    size: tuple[int, int]  # width and height of the frame

    def inward(self, points: Tensor, frames: Tensor) -> Tensor:
        blown = points.clone()
        if bool((self.gust[frames] != 0).any()):
            blown[..., 0] += sway(self.gust[frames].to(points)[:, None], points, self.size[1])
        scale = self.scale[frames].to(points)[:, None, None]
        return self.place[frames].to(points)[:, None] + (blown - self._middle(points)) / scale

    def outward(self, points: Tensor, frames: Tensor, like: Tensor) -> Tensor:
        """For frames without wind only; layers do not turn."""
        moved = points - self.place[frames].to(points)[:, None]
        return moved * self.scale[frames].to(points)[:, None, None] + self._middle(points)

    def cover(self, points: Tensor, frames: Tensor) -> Tensor:
        if len(self.layer.sheet) == 3:
            return torch.ones(points.shape[:2], dtype=torch.float32, device=points.device)
        return _taken(self.layer.sheet[3:], points - self._corner(points))[0]

    def same(self, frames: Tensor, base: Tensor) -> Tensor:
        return torch.ones(len(frames), dtype=torch.bool)

    def picture(self, frames: Tensor) -> Tensor:
        """What frames [T] see of it, [T, 3 or 4, H, W]."""
        (width, height), sheet = self.size, self.layer.sheet
        place, scale = self.place[frames], self.scale[frames]
        first = place - torch.tensor([width / 2, height / 2]) - self._corner(place)
        if bool((self.gust[frames] != 0).any()):
            y, x = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
            screen = torch.stack([x, y], dim=-1).view(1, -1, 2).to(sheet).expand(len(frames), -1, -1)
            points = self.inward(screen, frames) - self._corner(screen)
            return _taken(sheet, points).transpose(0, 1).unflatten(2, (height, width))
        if bool((scale == 1).all()) and bool((first == first.round()).all()) and self._inside(first):
            return torch.stack([sheet[:, int(y) : int(y) + height, int(x) : int(x) + width] for x, y in first.tolist()])
        return self._straight(place, scale)

    def _inside(self, first: Tensor) -> bool:
        tall, wide = self.layer.sheet.shape[1:]
        return bool((first >= 0).all()) and bool((first + torch.tensor(self.size) <= torch.tensor([wide, tall])).all())

    def _straight(self, place: Tensor, scale: Tensor) -> Tensor:
        """Magnified and moved."""
        _, tall, wide = self.layer.sheet.shape
        (width, height), corner = self.size, self._corner(place)
        x = (place[:, :1] - corner[0] + (torch.arange(width) + 0.5 - width / 2) / scale[:, None]) / wide * 2 - 1
        y = (place[:, 1:] - corner[1] + (torch.arange(height) + 0.5 - height / 2) / scale[:, None]) / tall * 2 - 1
        sheet = self.layer.sheet.expand(len(scale), -1, -1, -1)
        x, y = x.to(sheet)[:, None].expand(-1, height, -1), y.to(sheet)[:, :, None].expand(-1, -1, width)
        return F.grid_sample(sheet, torch.stack([x, y], dim=-1), padding_mode="reflection", align_corners=False)

    def _middle(self, like: Tensor) -> Tensor:
        return torch.tensor([self.size[0] / 2, self.size[1] / 2], dtype=like.dtype, device=like.device)

    def _corner(self, like: Tensor) -> Tensor:
        return torch.tensor(self.layer.corner, dtype=like.dtype, device=like.device)


def _taken(sheet: Tensor, points: Tensor) -> Tensor:
    """A sheet [C, h, w] at points [T, N, 2] in its pixels, [C, T, N]; mirrored beyond its edges."""
    _, tall, wide = sheet.shape
    grid = (points / torch.tensor([wide, tall], dtype=points.dtype, device=points.device) * 2 - 1).to(sheet.dtype)
    return F.grid_sample(sheet[None], grid[None], padding_mode="reflection", align_corners=False)[0]


def seen_area(path: Way, near: float, width: int, height: int) -> Area:
    """The part of a layer that the camera sees on its way, in the film's pixels."""
    place, scale = path.view(near)
    half = torch.tensor([width / 2, height / 2], dtype=torch.float64)
    blown = torch.tensor([SWAY if bool(path.gust.any()) else 0.0, 0.0], dtype=torch.float64)
    reach = (half + blown) / scale[:, None]
    low, high = (place - reach).amin(0).floor().long(), (place + reach).amax(0).ceil().long()
    return Area(int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]), height / 128)


def see(path: Way, layers: Sequence[Layer], width: int, height: int, device: str | torch.device = "cpu") -> list[Seen]:
    """Layers, farthest first, as the camera sees them on its way."""
    made = []
    for layer in layers:
        place, scale = path.view(layer.near)
        on = Layer(layer.sheet.to(device), layer.corner, layer.near)
        made.append(Seen(on, place.round(decimals=6), scale, path.gust, (width, height)))
    return made


def compose(parts: Sequence[Seen], frames: Tensor) -> Tensor:
    """Frames of opaque parts, [T, 3, H, W], or of clear ones, [T, 4, H, W], with colours multiplied by alpha."""
    done: Tensor | None = None
    for part in parts:
        picture = part.picture(frames)
        first = done is None or picture.shape[1] == 3
        done = picture if first or done is None else picture[:, : done.shape[1]] + done * (1 - picture[:, 3:])
    if done is None:
        raise ValueError("there is no layer to see")
    return done


def expose(parts: Sequence[Seen], path: Way, figure: Actor | None = None, behind: int = 0) -> tuple[Tensor, Tensor]:
    """All frames, [T, 3, H, W] uint8, and the figure's box in them, [T, 4], NaN where it is not seen.

    A figure stands behind the last `behind` parts. What stays the same for several frames is composed once.
    """
    _, which = torch.unique(path.states(), dim=0, return_inverse=True)
    width, height = parts[0].size
    film = torch.empty(len(which), 3, height, width, dtype=torch.uint8, device=parts[0].layer.sheet.device)
    boxes = torch.full((len(which), 4), torch.nan)
    cut = len(parts) - (behind if figure is not None else 0)
    order = torch.argsort(which, stable=True)
    starts = torch.cat([torch.tensor([True]), which[order][1:] != which[order][:-1]])
    for some in order[starts].sort().values.split(AT_ONCE):
        done = compose(parts[:cut], some)
        front = compose(parts[cut:], some) if cut < len(parts) else None
        for k, index in enumerate(some.tolist()):
            same = (which == which[index]).nonzero().flatten()
            if figure is None:
                film[same] = _bytes(done[k])
                continue
            for number in same.split(AT_ONCE):
                shown, box = _peopled(done[k], None if front is None else front[k], figure, number)
                film[number], boxes[number] = _bytes(shown), box
    return film, boxes


def _bytes(frames: Tensor) -> Tensor:
    return (frames.clamp(0, 1) * 255 + 0.5).to(torch.uint8)


def _peopled(back: Tensor, front: Tensor | None, figure: Actor, numbers: Tensor) -> tuple[Tensor, Tensor]:
    """One view, [3, H, W], with the figure as in frames `numbers` and what is in front of it: [T, 3, H, W], boxes [T, 4]."""
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
