"""What a camera sees of layers: the frames, and for each place of a frame where the same thing was in an earlier one.

Letters: T frames, N points, H and W height and width of a frame. It knows layers and the camera's way, no kinds of scenes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from studio.training.world.camera import SWAY, Way, sway
from studio.training.world.noise import Area
from studio.training.world.section import CELL, FRAMES
from studio.training.world.sheet import Layer

AT_ONCE = 12
"""Frames composed together: few enough to stay in the processor's cache."""


class Part(Protocol):
    """Something of a scene that covers other parts: a layer, or a figure."""

    def inward(self, points: Tensor, frames: Tensor) -> Tensor:
        """Where points [T, N, 2] of frames [T], in pixels, lie on the part; [T, N, 2] in its own measure."""

    def outward(self, points: Tensor, frames: Tensor) -> Tensor:
        """Where points of the part are seen in frames."""

    def cover(self, points: Tensor, frames: Tensor) -> Tensor:
        """How much the part covers there, 0..1, [T, N], given points of the part."""


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
        blown[..., 0] += sway(self.gust[frames][:, None], points, self.size[1])
        return self.place[frames][:, None] + (blown - self._middle(points)) / self.scale[frames][:, None, None]

    def outward(self, points: Tensor, frames: Tensor) -> Tensor:
        """For frames without wind only."""
        return (points - self.place[frames][:, None]) * self.scale[frames][:, None, None] + self._middle(points)

    def cover(self, points: Tensor, frames: Tensor) -> Tensor:
        if len(self.layer.sheet) == 3:
            return torch.ones(points.shape[:2], dtype=torch.float32, device=points.device)
        return _taken(self.layer.sheet[3:], points - self._corner(points))[0]

    def picture(self, frames: Tensor) -> Tensor:
        """What frames [T] see of it, [T, 3 or 4, H, W]."""
        width, height = self.size
        place, scale = self.place[frames], self.scale[frames]
        first = (place - torch.tensor([width / 2, height / 2], dtype=torch.float64) - self._corner(place).cpu()).cpu()
        calm = bool((self.gust[frames] == 0).all())
        if calm and bool((scale == 1).all()) and bool((first == first.round()).all()):
            sheet = self.layer.sheet
            return torch.stack([sheet[:, int(y) : int(y) + height, int(x) : int(x) + width] for x, y in first.tolist()])
        if calm:
            return self._straight(place, scale)
        y, x = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
        screen = torch.stack([x, y], dim=-1).view(1, -1, 2).expand(len(frames), -1, -1)
        points = self.inward(screen, frames) - self._corner(screen)
        return _taken(self.layer.sheet, points.to(self.layer.sheet.device)).transpose(0, 1).unflatten(2, (height, width))

    def _straight(self, place: Tensor, scale: Tensor) -> Tensor:
        """Magnified and moved, by rows and columns."""
        _, tall, wide = self.layer.sheet.shape
        corner = torch.tensor(self.layer.corner)
        theta = torch.zeros(len(scale), 2, 3)
        theta[:, 0, 0], theta[:, 1, 1] = self.size[0] / (wide * scale), self.size[1] / (tall * scale)
        theta[:, 0, 2] = (place[:, 0] - corner[0]) / wide * 2 - 1
        theta[:, 1, 2] = (place[:, 1] - corner[1]) / tall * 2 - 1
        sheet = self.layer.sheet.expand(len(scale), -1, -1, -1)
        grid = F.affine_grid(theta.to(sheet.device), [len(scale), 1, self.size[1], self.size[0]], align_corners=False)
        return F.grid_sample(sheet, grid, padding_mode="reflection", align_corners=False)

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
        if done is None or picture.shape[1] == 3:
            done = picture
        else:
            done = picture[:, : done.shape[1]] + done * (1 - picture[:, 3:])
    if done is None:
        raise ValueError("there is no layer to see")
    return done


def expose(parts: Sequence[Seen], path: Way, finish: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """All frames, [T, 3, H, W] uint8: each view of the scene is composed once, then `finish(frames, numbers)` may add to it."""
    _, which = torch.unique(path.states(), dim=0, return_inverse=True)
    width, height = parts[0].size
    film = torch.empty(len(which), 3, height, width, dtype=torch.uint8, device=parts[0].layer.sheet.device)
    order = torch.argsort(which, stable=True)
    firsts = torch.cat([torch.tensor([True]), which[order][1:] != which[order][:-1]])
    representatives = order[firsts]
    # neighbours in time have the same kind of view more often than neighbours in place
    representatives = representatives.sort().values
    for some in representatives.split(AT_ONCE):
        done = compose(parts, some)
        for index, frame in zip(some.tolist(), done, strict=True):
            same = (which == which[index]).nonzero().flatten()
            for number in same.split(AT_ONCE):
                film[number] = (finish(frame.expand(len(number), -1, -1, -1), number).clamp(0, 1) * 255 + 0.5).to(torch.uint8)
    return film


def trace(parts: Sequence[Part], frames: int, width: int, height: int) -> tuple[Tensor, Tensor]:
    """Flow [T, 2, h, w] and known [T, h, w] of the cells' middles, against the last frame before each frame's section."""
    h, w = height // CELL, width // CELL
    y, x = torch.meshgrid(torch.arange(h) * CELL + CELL / 2, torch.arange(w) * CELL + CELL / 2, indexing="ij")
    now = torch.arange(frames)
    base = ((now - 1).clamp(min=0) // FRAMES) * FRAMES
    middles = torch.stack([x, y], dim=-1).view(1, -1, 2).double().expand(frames, -1, -1)
    was, known = middles.clone(), torch.zeros(frames, h * w, dtype=torch.bool)
    free = torch.ones(frames, h * w, dtype=torch.bool)  # not yet covered by a nearer part
    for number in reversed(range(len(parts))):
        part = parts[number]
        inside = part.inward(middles, now)
        mine = free & (part.cover(inside, now).cpu() >= 0.5)
        free &= ~mine
        before = part.outward(inside, base)
        shown = part.cover(inside, base).cpu() >= 0.5
        for other in parts[number + 1 :]:
            shown &= other.cover(other.inward(before, base), base).cpu() < 0.5
        shown &= (before >= 0).all(-1) & (before[..., 0] < width) & (before[..., 1] < height)
        was = torch.where(mine[..., None], before, was)
        known = torch.where(mine, shown, known)
    flow = (was - middles).transpose(1, 2).reshape(frames, 2, h, w).float()
    return flow, known.view(frames, h, w)
