"""The codec of panorama films: pictures to views of 16 x 16 pixels, and views to film that slides from one to the next.

Letters: B films, C = 5 latent channels, n latent frames, V = VIEW, F frames of a latent, P pixels of film along a side of a view's
pixel, H = W = P V.
"""

from __future__ import annotations

import torch
from torch import Tensor

from studio.backbones.panorama.conditioner import view_of
from studio.backbones.panorama.folder import PIXELS_PER_LATENT
from studio.backbones.panorama.latents import Views, to_latents, to_views
from studio.backbones.panorama.places import CHANNELS, VIEW
from studio.diffusion.codec import FrameStream

PREVIEW = 4
"""Pixels of a preview along a side of a view's pixel."""


class PanoramaCodec:
    """Views as pixel art. Nothing is learned here."""

    pixels_per_latent = PIXELS_PER_LATENT

    def __init__(self, frames: int) -> None:
        """`frames`: F."""
        self.frames = frames

    def latent_size(self, width: int, height: int) -> tuple[int, int]:
        """Height and width of the latents of frames of width x height pixels."""
        return height // self.pixels_per_latent, width // self.pixels_per_latent

    def encode(self, picture: Tensor) -> Tensor:
        """Start latent [1, 5, 1, V, V] of a picture [1, 3, H, W] in [-1, 1], which lies at the panorama's column 0."""
        nowhere = torch.zeros(len(picture), 1)
        return to_latents(Views(view_of(picture)[:, None].half().float(), nowhere, nowhere))

    def stream(self, recent: Tensor, sections: int, psi: Tensor | None = None) -> FrameStream:
        """A stream that continues after the newest latent of `recent` [1, 5, T, V, V]."""
        return PanoramaStream(recent[:, :CHANNELS, -1], self.frames)

    def preview(self, latents: Tensor) -> Tensor:
        """Small pictures [n, 3, 4 V, 4 V] in [-1, 1] of latents [1, 5, n, V, V]."""
        return enlarge(latents[0, :CHANNELS].movedim(0, 1).clamp(-1, 1), PREVIEW)


class PanoramaStream:
    """Decodes a film latent by latent; its only memory is the newest view."""

    piece: int | None = 1

    def __init__(self, newest: Tensor, frames: int) -> None:
        """Continue after the view `newest` [1, 3, V, V]."""
        self._newest, self._frames = newest.float().cpu(), frames

    def push(self, latents: Tensor) -> Tensor:
        """Frames [1, 3, F n, H, W] in [-1, 1] of the next n latents [1, 5, n, V, V]."""
        views, shown = to_views(latents.cpu()), []
        for frame, move in zip(views.frames.unbind(1), views.moves[0].tolist(), strict=True):
            shown.append(slide(self._newest, frame, int(move), self._frames))
            self._newest = frame
        return torch.cat(shown, dim=2).clamp(-1, 1)


def slide(before: Tensor, after: Tensor, move: int, frames: int) -> Tensor:
    """The camera's way from one view to the next.

    A frame shows a place as the view that shows it; where both do, the first one fades into the second. The camera goes whole
    pixels of the film, which are sixteenths of a view's pixel.

    Args:
        before, after: [B, 3, V, V] views.
        move: columns from the first to the second, -V to V.
        frames: F.

    Returns:
        [B, 3, F, H, W] frames, the last of which is the second view.
    """
    side, way = VIEW * PIXELS_PER_LATENT, move * PIXELS_PER_LATENT
    first, second = (enlarge(view, PIXELS_PER_LATENT) for view in (before, after))
    made = first.new_empty(*first.shape[:2], frames, side, side)
    for index, at in enumerate(left_edges(move, frames)):
        share = (index + 1) / frames
        place = torch.arange(at, at + side)                 # of the frame's columns
        in_first, in_second = (place >= 0) & (place < side), (place >= way) & (place < way + side)
        old, new = in_first * (1 - share), in_second * share
        old, new = old / (old + new), new / (old + new)
        made[:, :, index] = old * first[..., place.clamp(0, side - 1)] + new * second[..., (place - way).clamp(0, side - 1)]
    return made


def left_edges(move: int, frames: int) -> list[int]:
    """Left edges of the `frames` frames from one view to the next, `move` columns away, in pixels of film from the first view's."""
    return [round(move * PIXELS_PER_LATENT * (index + 1) / frames) for index in range(frames)]


def shown_columns(views: Views, frames: int, world: int) -> Tensor:
    """The column of a world of `world` columns that each pixel of film shows, [F T, W], for the places of views [1, T]."""
    shown = []
    for column, move in zip(views.columns[0].tolist(), views.moves[0].tolist(), strict=True):
        begin = (int(column) - int(move)) * PIXELS_PER_LATENT
        shown += [torch.arange(VIEW * PIXELS_PER_LATENT) + begin + at for at in left_edges(int(move), frames)]
    return torch.stack(shown).div(PIXELS_PER_LATENT, rounding_mode="floor") % world


def enlarge(views: Tensor, times: int) -> Tensor:
    """Pictures [B, C, h, w] with each pixel as a square of `times` x `times`."""
    return views.repeat_interleave(times, dim=2).repeat_interleave(times, dim=3)
