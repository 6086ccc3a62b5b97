"""Composition of frames from frames of the film so far, by camera pose and the scene's own motion.

The warping of video prediction (spatial transformers, 1506.02025; flow with several sources, 1605.08110): every pixel is looked up
in the newest frame; where the film has zoomed out since, first in the sharpest older frame; where these do not show it, in older
frames; and where none of them does, in what the long-term memory recalls.
Letters: B batch, T frames, H and W height and width in pixels, h = H / 16, w = W / 16.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional as F

from studio.backbones.animatic.same_sums import bilinear

CELL = 16
"""Pixels of a cell, which is one latent pixel."""
FEATHER = 8.0
"""Pixels over which one source blends into the next."""
FADE = 24.0
"""Pixels from the frame's edge over which the scene's own motion fades."""
AT_ONCE = 6
"""Frames composed at a time: their arrays fit the processor's cache, and memory is used again instead of asked for."""
SHARPER_ZOOM = 0.1
"""A source whose log magnification is larger than the newest frame's by this much is used before it."""


@dataclass(frozen=True, eq=False)
class Source:
    """A frame to look pixels up in."""

    frame: Tensor                    # [B, 3, H, W]
    pose: Tensor                     # [B, 3], see `state.FilmState`
    trust: Tensor | None = None      # [B, 1, H, W] weight of each pixel, 0 to 1; None: 1 everywhere


def source_coordinates(pose: Tensor, source: Tensor, height: int, width: int, cell: int = CELL) -> Tensor:
    """Coordinates of the pixels of frames at `pose` [B, T, 3] in a frame at `source` [B, 3], in pixels from its middle.

    Returns [B, T, H, W, 2]: x, y. A cell of the pose is `cell` pixels wide.
    """
    ys, xs = torch.meshgrid(
        torch.arange(height, device=pose.device) - (height - 1) / 2, torch.arange(width, device=pose.device) - (width - 1) / 2,
        indexing="ij",
    )
    screen = torch.stack([xs, ys], dim=-1)                                          # [H, W, 2]
    source = source.unsqueeze(1)
    size = (source[..., 2] - pose[..., 2]).exp()                                    # [B, T]
    shift = cell * source[..., 2:].exp() * (pose[..., :2] - source[..., :2])        # [B, T, 2]
    return screen * size[..., None, None, None] + shift[:, :, None, None]


def sample(frame: Tensor, at: Tensor) -> Tensor:
    """Colours of a frame [B, 3, H, W] at coordinates [B, T, H, W, 2], as [B, 3, T, H, W].

    Coordinates are in pixels from the frame's middle. Beyond its edges the frame is mirrored.
    """
    b, t = at.shape[:2]
    grid = at * at.new_tensor([2 / frame.shape[3], 2 / frame.shape[2]])
    many = frame.unsqueeze(1).expand(-1, t, -1, -1, -1).flatten(0, 1)
    out = F.grid_sample(many, grid.flatten(0, 1), mode="bicubic", padding_mode="reflection", align_corners=False)
    return out.unflatten(0, (b, t)).transpose(1, 2)


def sample_where(needed: Tensor, frame: Tensor, at: Tensor) -> Tensor:
    """`sample`, but only in the box of frames, rows and columns outside which `needed` [B, 1, T, H, W] is 0; there it gives 0.

    Most sources show a strip in some of the frames, and looking pixels up is what composing spends its time on.
    """
    out = frame.new_zeros(len(at), frame.shape[1], *at.shape[1:4])
    mask = needed.amax(dim=(0, 1)) > 0
    if bool(mask.any()):
        places = [mask.amax(dim=others).nonzero() for others in ((1, 2), (0, 2), (0, 1))]      # along T, H and W
        t, y, x = (slice(int(along[0]), int(along[-1]) + 1) for along in places)
        out[:, :, t, y, x] = sample(frame, at[:, t, y, x])
    return out


def edge_distance(at: Tensor, frame: Tensor) -> Tensor:
    """Pixels by which coordinates [B, T, H, W, 2] lie inside the nearest edge of a frame [B, 3, h, w]: [B, 1, T, H, W].

    Negative outside the frame, where it is the distance to the farther of two edges.
    """
    x, y = at.abs().unbind(dim=-1)
    return torch.minimum(frame.shape[3] / 2 - x, frame.shape[2] / 2 - y).unsqueeze(1)


def inside_weight(at: Tensor, frame: Tensor, feather: float = FEATHER) -> Tensor:
    """Weight [B, 1, T, H, W] of coordinates [B, T, H, W, 2] by their distance from the edge of a frame [B, 3, h, w].

    0 outside the frame, 1 from `feather` pixels inside it, linear between.
    """
    return (edge_distance(at, frame) / feather).clamp(0, 1)


def compose(
    newest: Source, older: list[Source], pose: Tensor, flow: Tensor, recall: Callable[[], Source] | None = None
) -> tuple[Tensor, Tensor]:
    """Frames as seen at `pose`, composed from sources.

    Args:
        newest: the newest frame. What no source shows is the mirror image of the frame whose edge is nearest.
        older: more sources, used in this order.
        pose: [B, T, 3].
        flow: [B, T, 2, h, w] the scene's own motion: offset in cells of the coordinates in the newest frame.
        recall: makes the last source, of any size; called only if a pixel is not shown by the others.

    Returns:
        frames [B, 3, T, H, W], and the share of each cell that is known rather than mirrored, [B, 1, T, h, w].
    """
    height, width = newest.frame.shape[-2:]
    if not bool(flow.any()) and bool((pose == newest.pose.unsqueeze(1)).all()):
        known = newest.frame.new_ones(len(pose), 1, pose.shape[1], height // CELL, width // CELL)
        return newest.frame.unsqueeze(2).expand(-1, -1, pose.shape[1], -1, -1), known
    recall_once = functools.cache(recall) if recall is not None else None
    parts = [
        _compose_frames(newest, older, pose[:, at : at + AT_ONCE], flow[:, at : at + AT_ONCE], recall_once)
        for at in range(0, pose.shape[1], AT_ONCE)
    ]
    frames, known = (torch.cat(part, dim=2) for part in zip(*parts, strict=True))
    return frames, F.avg_pool2d(known[:, 0], CELL).unsqueeze(1)


def recalled_share(newest: Source, older: list[Source], pose: Tensor, flow: Tensor, recall: Callable[[], Source]) -> Tensor:
    """The share of each pixel of the frames that `compose` makes of these which comes from `recall`, [B, T, H, W].

    It is their red where every frame is black and what is recalled white: the mirror image of black is black as well.
    """
    def painted(source: Source, value: float) -> Source:
        return replace(source, frame=torch.full_like(source.frame, value))

    frames, _ = compose(painted(newest, 0.0), [painted(each, 0.0) for each in older], pose, flow, lambda: painted(recall(), 1.0))
    return frames[:, 0]


def _compose_frames(
    newest: Source, older: list[Source], pose: Tensor, flow: Tensor, recall: Callable[[], Source] | None
) -> tuple[Tensor, Tensor]:
    """As `compose`, for a few frames: the frames, and the share of each pixel that is known [B, 1, T, H, W]."""
    height, width = newest.frame.shape[-2:]
    in_newest = source_coordinates(pose, newest.pose, height, width)
    if bool(flow.any()):
        motion = bilinear(CELL * flow.flatten(0, 1), height, width)
        in_newest = in_newest + motion.unflatten(0, flow.shape[:2]).movedim(2, -1)
    from_newest = mirrored = sample(newest.frame, in_newest)
    distance = (-edge_distance(in_newest, newest.frame)).clamp(min=0)        # pixels to the frame that is mirrored, 0 inside it
    sharper = [s for s in older if bool((s.pose[:, 2] - newest.pose[:, 2] > SHARPER_ZOOM).all())]
    others = [s for s in older if not any(s is other for other in sharper)]
    colour, known = torch.zeros_like(mirrored), torch.zeros_like(mirrored[:, :1])
    covered = known
    for source in [*reversed(sharper), newest, *others]:
        if bool((known == 1).all()):
            break
        at = in_newest if source is newest else source_coordinates(pose, source.pose, height, width)
        inside = edge_distance(at, source.frame)
        weight = (inside / FEATHER).clamp(0, 1) * (1 - known)
        to_edge = (-inside).clamp(min=0)
        # The mirror image continues the frame whose edge is nearest: else there would be a seam.
        nearer = ((distance - to_edge) / FEATHER).clamp(0, 1)
        shows, mirrors = bool(weight.any()), bool((to_edge < distance)[known + weight < 1].any())
        if source is newest:
            looked_up = from_newest
        elif shows or mirrors:
            looked_up = sample_where(torch.maximum(weight, nearer) if mirrors else weight, source.frame, at)
        if shows:
            colour = colour + weight * looked_up
            known = known + weight
            covered = torch.maximum(covered, (inside / 0.5).clamp(0, 1))
        if mirrors:
            mirrored = torch.lerp(mirrored, looked_up, nearer)
            distance = torch.minimum(distance, to_edge)
    if recall is not None and bool((known < 1).any()):
        source = recall()
        at = source_coordinates(pose, source.pose, height, width)
        weight = inside_weight(at, source.frame)
        if source.trust is not None:
            weight = weight * sample_where(weight * (1 - known), source.trust, at).clamp(0, 1)
        colour = colour + weight * (1 - known) * sample_where(weight * (1 - known), source.frame, at)
        known = known + weight * (1 - known)
        covered = torch.maximum(covered, weight)
    # Sources blend into each other, but not into the mirror image: the outermost source is shown up to its edge.
    return torch.lerp(mirrored, colour / known.clamp(min=1e-6), covered), known
