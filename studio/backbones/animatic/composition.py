"""Composing frames from frames that were seen: where each was looking, and how the scene itself has moved. It knows no network.

The warping of video prediction (spatial transformers, 1506.02025; flow with several sources, 1605.08110): every pixel is looked up
in the newest frame, in the sharpest one when the film has zoomed out meanwhile, where these did not look in older ones, and where
none of them did in what is remembered.
Letters: B batch, T frames, H and W height and width in pixels, h = H / 16, w = W / 16.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

CELL = 16
FEATHER = 8.0
"""Pixels over which one source gives way to the next."""
FADE = 24.0
"""Pixels from the frame's edge over which the scene's own movement fades."""
SHARPER_ZOOM = 0.1
"""A source magnified by this much more (a logarithm) than the newest frame is looked at before it."""


@dataclass(frozen=True, eq=False)
class Source:
    """A frame that was seen."""

    frame: Tensor                    # [B, 3, H, W]
    pose: Tensor                     # [B, 3], see `state.FilmState`
    trust: Tensor | None = None      # [B, 1, H, W] how far it is to be trusted; None: wholly


def source_coordinates(pose: Tensor, source: Tensor, height: int, width: int) -> Tensor:
    """Where what is seen at `pose` [B, T, 3] lies in a frame seen at `source` [B, 3]: pixels from its middle, [B, T, H, W, 2]."""
    ys, xs = torch.meshgrid(
        torch.arange(height, device=pose.device) - (height - 1) / 2, torch.arange(width, device=pose.device) - (width - 1) / 2,
        indexing="ij",
    )
    screen = torch.stack([xs, ys], dim=-1)                                          # [H, W, 2]
    source = source.unsqueeze(1)
    size = (source[..., 2] - pose[..., 2]).exp()                                    # [B, T]
    shift = CELL * source[..., 2:].exp() * (pose[..., :2] - source[..., :2])         # [B, T, 2]
    return screen * size[..., None, None, None] + shift[:, :, None, None]


def sample(frame: Tensor, at: Tensor) -> Tensor:
    """The frame [B, 3, H, W] at places [B, T, H, W, 2] in pixels from its middle; mirrored beyond its edges. [B, 3, T, H, W]"""
    b, t = at.shape[:2]
    grid = at * at.new_tensor([2 / frame.shape[3], 2 / frame.shape[2]])
    many = frame.unsqueeze(1).expand(-1, t, -1, -1, -1).flatten(0, 1)
    out = F.grid_sample(many, grid.flatten(0, 1), mode="bicubic", padding_mode="reflection", align_corners=False)
    return out.unflatten(0, (b, t)).transpose(1, 2)


def inside_weight(at: Tensor, frame: Tensor, feather: float = FEATHER) -> Tensor:
    """How far inside a frame [B, 3, h, w] places [B, T, H, W, 2] are: 0 outside, 1 from `feather` pixels within. [B, 1, T, H, W]"""
    half = at.new_tensor([frame.shape[3] / 2, frame.shape[2] / 2])
    return ((half - at.abs()) / feather).clamp(0, 1).amin(dim=-1).unsqueeze(1)


def distance_outside(at: Tensor, frame: Tensor) -> Tensor:
    """Pixels by which places [B, T, H, W, 2] lie beyond the edge of a frame [B, 3, h, w], 0 within. [B, 1, T, H, W]"""
    half = at.new_tensor([frame.shape[3] / 2, frame.shape[2] / 2])
    return (at.abs() - half).clamp(min=0).amax(dim=-1).unsqueeze(1)


def compose(
    newest: Source, older: list[Source], pose: Tensor, flow: Tensor, remembered: Callable[[], Source] | None = None
) -> tuple[Tensor, Tensor]:
    """Frames seen at `pose`, from sources.

    Args:
        newest: the newest frame. What no source shows is the mirror image of the one whose edge is nearest.
        older: more sources, to be asked in this order.
        pose: [B, T, 3].
        remembered: the source of last resort, of any size, made only if something is to be seen that no other shows.
        flow: [B, T, 2, h, w] how far, in cells, each place of the frame must be looked up beside the place that the pose says.

    Returns:
        frames [B, 3, T, H, W], and how much of each cell is known rather than mirrored, [B, 1, T, h, w].
    """
    height, width = newest.frame.shape[-2:]
    if not bool(flow.any()) and bool((pose == newest.pose.unsqueeze(1)).all()):
        known = newest.frame.new_ones(len(pose), 1, pose.shape[1], height // CELL, width // CELL)
        return newest.frame.unsqueeze(2).expand(-1, -1, pose.shape[1], -1, -1), known
    beside = F.interpolate(CELL * flow.flatten(0, 1), (height, width), mode="bilinear", align_corners=False)
    near = source_coordinates(pose, newest.pose, height, width) + beside.unflatten(0, flow.shape[:2]).movedim(2, -1)
    shown = mirrored = sample(newest.frame, near)
    away = distance_outside(near, newest.frame)
    sharper = [s for s in older if bool((s.pose[:, 2] - newest.pose[:, 2] > SHARPER_ZOOM).all())]
    others = [s for s in older if not any(s is other for other in sharper)]
    colour, known = torch.zeros_like(mirrored), torch.zeros_like(mirrored[:, :1])
    covered = known
    for source in [*reversed(sharper), newest, *others]:
        if bool((known == 1).all()):
            break
        at = near if source is newest else source_coordinates(pose, source.pose, height, width)
        share = inside_weight(at, source.frame) * (1 - known)
        if bool(share.any()):
            colour = colour + share * (shown if source is newest else sample(source.frame, at))
            known = known + share
            covered = torch.maximum(covered, inside_weight(at, source.frame, 0.5))
        beyond = distance_outside(at, source.frame)
        if bool((beyond < away)[known < 1].any()):
            # The mirror image goes on from the nearest edge of what is known, whichever frame's it is: else a seam shows.
            mirrored = torch.lerp(mirrored, sample(source.frame, at), ((away - beyond) / FEATHER).clamp(0, 1))
            away = torch.minimum(away, beyond)
    if remembered is not None and bool((known < 1).any()):
        source = remembered()
        at = source_coordinates(pose, source.pose, height, width)
        trusted = inside_weight(at, source.frame)
        if source.trust is not None:
            trusted = trusted * sample(source.trust, at).clamp(0, 1)
        colour = colour + trusted * (1 - known) * sample(source.frame, at)
        known = known + trusted * (1 - known)
        covered = torch.maximum(covered, trusted)
    # Sources give way to each other, not to the mirror image: what one of them shows to its very edge is shown.
    frames = torch.lerp(mirrored, colour / known.clamp(min=1e-6), covered)
    return frames, F.avg_pool2d(known[:, 0], CELL).unsqueeze(1)
