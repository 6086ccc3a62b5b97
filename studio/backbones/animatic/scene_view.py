"""The scene that psi holds, seen from any pose: the ground, the subject in front of it, and what flows.

Letters: B batch, F flows, T frames, H and W pixel height and width, h and w latent height and width.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from studio.backbones.animatic.composition import edge_distance, sample, sample_where, source_coordinates
from studio.backbones.animatic.film_size import PATCH
from studio.backbones.animatic.flow_views import DETAIL, FlowField, blend_phases, sample_grid
from studio.backbones.animatic.same_sums import bilinear
from studio.backbones.animatic.scene_picture import PictureMemory, reduce
from studio.backbones.animatic.scene_tokens import read_extent
from studio.backbones.animatic.shifts import corners, shift_each

COARSE = 8
"""Pixels of a frame for which the flows' offsets, which are smooth, are looked up once."""
SMALLEST = 1e-3
"""Log of the magnification below which the picture is not reduced."""


@dataclass(frozen=True)
class Moment:
    """When and from where the scene is seen, for T frames."""

    pose: Tensor                  # [B, T, 3], see `state.FilmState`
    dolly: Tensor | None = None   # [B, T] log of the ground's magnification that came from going forward
    times: Tensor | None = None   # [1, T, F] of the flows
    sway: Tensor | None = None    # [B, T, 2, h, w] the wind's offset in cells


class View:
    """A picture to look at from any pose: at its own size, and reduced by half for when the camera zooms out."""

    def __init__(self, picture: Tensor, left: float, top: float, cell: int) -> None:
        """A view of a picture [B, N, H, W] whose upper left corner lies at `left`, `top` in cells of `cell` pixels."""
        middle = picture.new_tensor([left + picture.shape[3] / cell / 2, top + picture.shape[2] / cell / 2, 0.0])
        self.picture = picture
        self.pose = middle.expand(len(picture), -1)
        self._half = F.interpolate(picture, scale_factor=0.5, mode="bilinear", antialias=True, align_corners=False)
        self.cell = cell

    def coordinates(self, pose: Tensor, height: int, width: int, sway: Tensor | None = None) -> Tensor:
        """Where the pixels of frames at `pose` [B, T, 3] lie, in pixels from the picture's middle, [B, T, H, W, 2]."""
        at = source_coordinates(pose, self.pose, height, width, self.cell)
        if sway is None:
            return at
        large = bilinear(self.cell * sway.flatten(0, 1), height, width)
        return at + large.unflatten(0, sway.shape[:2]).movedim(2, -1)

    def frames(self, pose: Tensor, height: int, width: int, sway: Tensor | None = None) -> Tensor:
        """Frames [B, N, T, H, W] at `pose` [B, T, 3]. Where the camera only pans or tilts, they are shifted, see `shifts`."""
        if sway is None and len(pose) == 1 and bool((pose[..., 2] == self.pose[:, None, 2]).all()):
            size = self.picture.shape[2], self.picture.shape[3]
            shifted = shift_each(
                self.picture, corners(pose[0, :, :2], self.pose[0, :2], size, (height, width), self.cell), height, width)
            if shifted is not None:
                return shifted
        return self.look_up(self.coordinates(pose, height, width, sway), pose)

    def look_up(self, at: Tensor, pose: Tensor) -> Tensor:
        """Colours [B, N, T, H, W] at coordinates [B, T, H, W, 2], which are seen at `pose` [B, T, 3]."""
        out = sample(self.picture, at)
        share = (-pose[..., 2] / math.log(2)).clamp(0, 1)                 # of the reduced picture, which has no finer detail
        if bool((share > SMALLEST).any()):
            ratio = at.new_tensor([side / whole for side, whole in zip(
                self._half.shape[:1:-1], self.picture.shape[:1:-1], strict=True)])
            out = torch.lerp(out, sample(self._half, at * ratio), share[:, None, :, None, None])
        return out


class SceneView:
    """All layers of the scene. Its frames are those of the picture alone where nothing is marked."""

    def __init__(self, memory: PictureMemory, psi: Tensor, reduction: int = 1) -> None:
        """Read psi [B, M, K]. `reduction`: the frames are so many times smaller than the film's, as the latents' frames are."""
        self.extent = extent = read_extent(psi)
        cell = PATCH * extent.factor // reduction
        self._ground = View(reduce(memory.picture(psi), reduction), *extent.bounds[:2], cell)
        self._subject: View | None = None
        if extent.box_columns:
            layer = torch.cat(memory.subject(psi), dim=1)                                                      # [B, 4, ., .]
            self._subject = View(reduce(layer, reduction), *extent.box_bounds[:2], cell)
        self._flows = [FlowField(velocity / PATCH) for velocity in memory.flows(psi)] if extent.flows else []
        self._patch = PATCH / reduction

    def frames(self, moment: Moment, height: int, width: int) -> Tensor:
        """Frames [B, 3, T, H, W] of the scene at a moment."""
        out = self._ground.frames(moment.pose, height, width, moment.sway)
        if self._flows and moment.times is not None and bool(moment.times.any()):
            at = self._ground.coordinates(moment.pose, height, width, moment.sway)
            out = self._with_flows(out, 0, self._ground, at, moment.pose, moment.times, (0, 0))
        return out if self._subject is None else self._with_subject(out, self._subject, moment)

    def _with_subject(self, behind: Tensor, subject: View, moment: Moment) -> Tensor:
        """Frames with the subject in front of its ground, at its own distance."""
        dolly = moment.dolly if moment.dolly is not None else torch.zeros_like(moment.pose[..., 0])
        pose = subject_pose(moment.pose, dolly, self.extent.depth)
        at = subject.coordinates(pose, behind.shape[-2], behind.shape[-1], moment.sway)
        inside = (edge_distance(at, subject.picture) > 0).to(behind)
        alpha = sample_where(inside, subject.picture[:, 3:], at).clamp(0, 1) * inside
        rows, columns = _span(alpha)
        if rows is None or columns is None:
            return behind
        at, alpha = at[:, :, rows, columns], alpha[..., rows, columns]
        corner = self.extent.box_left, self.extent.box_top
        colours = self._with_flows(subject.look_up(at, pose), 1, subject, at, pose, moment.times, corner)[:, :3]
        out = behind.clone()
        out[..., rows, columns] = torch.lerp(behind[..., rows, columns], colours, alpha)
        return out

    def _with_flows(
        self, still: Tensor, layer: int, view: View, at: Tensor, pose: Tensor, times: Tensor | None, corner: tuple[int, int]
    ) -> Tensor:
        """The colours `still` of a layer at coordinates `at`, moved by its flows.

        `corner`: the upper left corner of the view in patches of the whole picture.
        """
        if not self._flows or times is None or not bool(times.any()) or not bool(self._flows[layer].flowing.any()):
            return still
        size = at.new_tensor([view.picture.shape[3], view.picture.shape[2]])
        some = at[:, :, ::COARSE, ::COARSE]
        cells = (some + size / 2) / self._patch + at.new_tensor(corner)                          # [B, T, ., ., 2] in patches
        maps = sample_grid(self._flows[layer].maps(times[0]), cells[0])                                 # [T, 6, ., .]
        bands = _bands(maps[:, 5:])
        maps = bilinear(maps, COARSE * maps.shape[2], COARSE * maps.shape[3])
        for rows, columns in bands:
            part = at[:, :, rows, columns]                          # perhaps shorter at the end than whole steps
            of_part = maps[..., rows, columns][..., : part.shape[2], : part.shape[3]]
            forward, backward = (
                view.look_up(part + self._patch * offset.movedim(1, -1), pose)[0].transpose(0, 1)
                for offset in (of_part[:, :2], of_part[:, 2:4]))
            still[..., rows, columns] = blend_phases(forward, backward, of_part[:, 4:5]).transpose(0, 1).unsqueeze(0)
        return still


def subject_pose(pose: Tensor, dolly: Tensor, depth: float) -> Tensor:
    """The pose at which the subject's plane is seen when the ground is seen at `pose`.

    With the ground at distance 1 and the subject at 1 / r, r = `depth`: a camera at (x, y) that went forward by d and zooms f times
    sees the ground magnified by f / (1 - d) and the subject by f / (1 - r d); a sideways step shifts the subject r times as far.

    Args:
        pose: [B, T, 3] of the ground.
        dolly: [B, T] -log(1 - d).
        depth: r.
    """
    forward = 1 - (-dolly).exp()
    magnified = pose[..., 2] - dolly - (1 - depth * forward).log()
    return torch.cat([depth * pose[..., :2], magnified.unsqueeze(-1)], dim=-1)


def most_dolly(depth: float, nearest: float = 0.25) -> float:
    """The dolly at which the subject is `nearest` times as far from the camera as at the film's beginning."""
    return -math.log(1 - (1 - nearest) / depth)


def _span(weight: Tensor) -> tuple[slice | None, slice | None]:
    """The rows and columns of [., ., ., H, W] outside which `weight` is 0; None where it is 0 everywhere."""
    mask = weight.flatten(0, -3).amax(dim=0) > 0
    if not bool(mask.any()):
        return None, None
    rows, columns = (mask.any(dim=axis).nonzero()[:, 0] for axis in (1, 0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _bands(flowing: Tensor) -> list[tuple[slice, slice]]:
    """The rows and columns, in pixels, of the parts of frames that flow, one above the other.

    `flowing`: [T, 1, H / 8, W / 8], above 0 where they do. Water and clouds are looked up without what lies between. Each part
    begins at whole squares of `DETAIL` pixels, so that these do not jump with the camera.
    """
    mask = flowing.flatten(0, -3).amax(dim=0) > 0
    edges = F.pad(mask.any(dim=1).int(), (1, 1)).diff().nonzero()[:, 0].tolist()         # where a band begins, and where it ends
    bands = []
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        columns = mask[first:last].any(dim=0).nonzero()[:, 0]
        top, left = (COARSE * at // DETAIL * DETAIL for at in (first, int(columns[0])))
        bands.append((slice(top, COARSE * last), slice(left, COARSE * (int(columns[-1]) + 1))))
    return bands
