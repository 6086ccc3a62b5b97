"""The long-term memory of large films: psi is the scene as a picture, from the first moment on.

The paper's psi_0 comes from the prompt and the reference image (2510.01784, section 3.2). Here psi_0 is the whole reference image,
also what lies outside the frame: one token for each patch of 16 x 16 pixels, which holds the patch's still channels of the
autoencoder. What the artist marked on the picture is there too (`scene_tokens`). A view is looked up in the decoded picture at the
camera's pose, so a place looks the same, and as sharp, whenever it is seen.
Letters: B batch, C scene channels, F flows, K still channels, M memory tokens, V view factor (see `film_size`), h and w latent
height and width, H and W pixel height and width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.backbones.animatic.autoencoder import GROUP, LappedAutoencoder
from studio.backbones.animatic.film_size import PATCH, view_factor
from studio.backbones.animatic.scene_tokens import (
    Extent,
    flow_tokens,
    is_layout,
    read_extent,
    read_flows,
    split_tokens,
)
from studio.backbones.animatic.state import split_latents
from studio.diffusion.backbone import SceneConditioning, ScenePicture
from studio.memory.protocol import AnswersPlaces, ConditioningFeatures, EditsPlaces, Memory, MemoryView, RememberedPlace

MOST_PATCHES = 16384
"""Largest number of patches in psi. Of a larger picture only the part around the frame is remembered."""
CLEAR = 0.06
"""Alpha below which a subject does not cover, and above 1 minus which it covers wholly: the autoencoder is not exact."""
MOTION_SHARE = 1e-3
"""A basis vector shows motion, and is not memorized, if a larger share of its energy changes within its four frames."""


class PictureMemory(nn.Module):
    """A `Memory` that holds the reference picture with its marks, [B, M, K]; see `scene_tokens`. Exact in float16."""

    stills: Tensor

    holds_places = True

    def __init__(self, autoencoder: LappedAutoencoder) -> None:
        """`autoencoder`: encodes and decodes the patches."""
        super().__init__()
        self.autoencoder = autoencoder
        basis = autoencoder.components.float().unflatten(1, (3, GROUP, -1))
        moving = (basis - basis.mean(dim=2, keepdim=True)).square().sum(dim=(1, 2, 3)) > MOTION_SHARE
        self.register_buffer("stills", (~moving).nonzero()[:, 0], persistent=False)        # [K]
        # psi stays the same through a film, and decoding it takes as long as composing many frames.
        self._newest: tuple[Tensor, Tensor] | None = None

    def holds(self, psi: Tensor) -> bool:
        """Whether psi [B, M, D] is of this memory."""
        return is_layout(psi, len(self.stills))

    def begin(self, conditioning: ConditioningFeatures) -> Tensor:
        """psi_0: the whole reference picture, the subject in front of it, and the flows.

        Raises:
            ValueError: the conditioning has no scene picture.
        """
        if not isinstance(conditioning, SceneConditioning) or conditioning.scene is None:
            raise ValueError("psi_0 of a large film is made from the whole reference picture, which is missing")
        scene = conditioning.scene
        extent, x, y = whole_patches(scene)

        def part(whole: Tensor, cell: int = 1) -> Tensor:
            """What psi holds of a picture, or of a grid with one value for each `cell` x `cell` pixels."""
            rows, columns = (PATCH // cell * count for count in (extent.rows, extent.columns))
            return whole[..., y // cell : y // cell + rows, x // cell : x // cell + columns]

        tokens = []
        if scene.subject is None:
            tokens.append(self._patches(part(scene.picture)))
        else:
            alpha = part(scene.subject.alpha)
            extent = _with_box(extent, alpha, scene.subject.depth, _edges(scene, extent, x, y))
            tokens.append(self._patches(part(scene.subject.ground)))
            if extent.box_columns:
                tokens.extend(self._patches(_box(whole, extent)) for whole in (
                    part(scene.picture), (2 * alpha - 1).expand(-1, 3, -1, -1)))
        if scene.flows is not None:
            extent = replace(extent, flows=scene.flows.shape[1])
            cell = round(scene.picture.shape[3] / scene.flows.shape[-1])
            layers = part(scene.flows, cell)[: extent.flow_shape[0]]
            velocity = F.adaptive_avg_pool2d(layers.flatten(0, 1), (extent.rows, extent.columns))
            tokens.append(flow_tokens(velocity, len(self.stills)).to(tokens[0]))
        header = extent.header(len(self.stills)).to(tokens[0])
        return torch.cat([header, *tokens]).half().float().unsqueeze(0)

    def _patches(self, picture: Tensor) -> Tensor:
        """The still channels [rows * columns, K] of a picture [1, 3, 16 rows, 16 columns]."""
        still = picture.to(self.autoencoder.components).unsqueeze(2).expand(-1, -1, GROUP, -1, -1)
        return self.autoencoder.encode_group(still)[0, self.stills].float().flatten(1).T

    def update(self, psi: Tensor, latents: Tensor) -> Tensor:
        """psi_{n+1} = psi_n: the camera stays within what psi_0 holds, new ground included, so a section shows nothing else."""
        return psi

    def view(self, psi: Tensor, recent: Tensor) -> MemoryView:
        """The whole picture, with the camera's view in the newest of `recent` [1, C + 10, T, h, w]."""
        extent, picture = read_extent(psi), self.picture(psi)
        if extent.box_columns:
            colours, alpha = self.subject(psi)
            picture = picture.clone()
            behind = _box(picture, extent)
            behind.copy_(torch.lerp(behind, colours, alpha))
        x, y, zoom = split_latents(recent[:, :, -1:])[1].pose[0, 0]
        half_w, half_h = (side / 2 * float((-zoom).exp()) for side in (recent.shape[-1], recent.shape[-2]))
        scale, (left, top, _, _) = PATCH * extent.factor, extent.bounds
        window = (
            scale * (float(x) - half_w - left), scale * (float(y) - half_h - top),
            scale * (float(x) + half_w - left), scale * (float(y) + half_h - top))
        return MemoryView(picture[0], torch.ones_like(picture[0, 0]), window)

    def picture(self, psi: Tensor) -> Tensor:
        """The ground that psi [B, M, K] holds, [B, 3, 16 rows, 16 columns]: the picture, without the subject if one is marked.

        The picture of the newest psi is kept for the next call; do not change it.
        """
        if self._newest is None or not (self._newest[0].shape == psi.shape and torch.equal(self._newest[0], psi)):
            extent = read_extent(psi)
            self._newest = psi, self._decode(split_tokens(psi, extent)[0], extent.rows, extent.columns)
        return self._newest[1]

    def subject(self, psi: Tensor) -> tuple[Tensor, Tensor]:
        """Colours [B, 3, H, W] and alpha [B, 1, H, W] of the subject that psi [B, M, K] holds, in its box."""
        extent = read_extent(psi)
        _, colours, alpha, _ = split_tokens(psi, extent)
        shape = extent.box_rows, extent.box_columns
        cover = (self._decode(alpha, *shape).mean(dim=1, keepdim=True) + 1) / 2
        return self._decode(colours, *shape), ((cover - CLEAR) / (1 - 2 * CLEAR)).clamp(0, 1)

    def flows(self, psi: Tensor) -> Tensor:
        """Velocities [layers, F, 2, rows, columns] of psi's flows, in pixels in a frame of the trained rate; the ground's first."""
        extent = read_extent(psi)
        return read_flows(split_tokens(psi, extent)[3], extent)

    def _decode(self, tokens: Tensor, rows: int, columns: int) -> Tensor:
        """The picture [B, 3, 16 rows, 16 columns] of patches [B, rows * columns, K]."""
        patches = tokens.transpose(1, 2).unflatten(2, (rows, columns))
        scene = patches.new_zeros(len(patches), self.autoencoder.channels, rows, columns)
        scene[:, self.stills] = patches
        return self.autoencoder.decode_group(scene.to(self.autoencoder.components))[:, :, -1].float()


class FilmMemory(nn.Module):
    """A `Memory` for films of every size: a `PictureMemory` for large ones, another for those of the trained size."""

    holds_places = True

    def __init__(self, small: Memory, large: PictureMemory) -> None:
        """`small`: for films of the trained size; its tokens of psi have another width."""
        super().__init__()
        self.small, self.large = small, large

    def begin(self, conditioning: ConditioningFeatures) -> Tensor:
        """psi_0, [B, M, D]. A film is large if its conditioning has a scene picture."""
        return (self.large if isinstance(conditioning, SceneConditioning) else self.small).begin(conditioning)

    def update(self, psi: Tensor, latents: Tensor) -> Tensor:
        """psi_{n+1} from psi_n [B, M, D] and the section's latents [B, C + 10, T, h, w]."""
        return self._memory(psi).update(psi, latents)

    def view(self, psi: Tensor, recent: Tensor) -> MemoryView | None:
        """See `Memory.view`."""
        return self._memory(psi).view(psi, recent)

    def answers(self, psi: Tensor) -> bool:
        """See `AnswersPlaces`: a large film's psi is its picture, which does not change."""
        return not self.large.holds(psi) and isinstance(self.small, AnswersPlaces) and self.small.answers(psi)

    def answer(self, psi: Tensor, latent: Tensor) -> RememberedPlace:
        """See `AnswersPlaces`."""
        assert isinstance(self.small, AnswersPlaces), "asked only where psi answers"
        return self.small.answer(psi, latent)

    def is_map(self, psi: Tensor) -> bool:
        """See `EditsPlaces`: never that of a large film."""
        return not self.large.holds(psi) and isinstance(self.small, EditsPlaces) and self.small.is_map(psi)

    def forget(self, psi: Tensor, cells: Sequence[int]) -> Tensor:
        """See `EditsPlaces`."""
        assert isinstance(self.small, EditsPlaces), "asked only where psi is a map"
        return self.small.forget(psi, cells)

    def shown_cells(self, psi: Tensor, latents: Tensor) -> Tensor:
        """See `EditsPlaces`."""
        assert isinstance(self.small, EditsPlaces), "asked only where psi is a map"
        return self.small.shown_cells(psi, latents)

    def _memory(self, psi: Tensor) -> Memory:
        return self.large if self.large.holds(psi) else self.small


def reduce(picture: Tensor, factor: int) -> Tensor:
    """A picture [B, 3, H, W] reduced V times, its last rows and columns repeated to whole pixels."""
    height, width = picture.shape[-2:]
    whole = F.pad(picture, (0, -width % factor, 0, -height % factor), mode="replicate")
    return F.avg_pool2d(whole, factor)


def whole_patches(scene: ScenePicture) -> tuple[Extent, int, int]:
    """The part of the picture that is whole patches, counted from the frame's corner; at most `MOST_PATCHES` of them.

    Returns its extent, and the column and row of its first pixel.
    """
    height, width = scene.picture.shape[-2:]
    columns, rows = scene.width // PATCH, scene.height // PATCH
    left, right = scene.left // PATCH, (width - scene.left - scene.width) // PATCH
    top, bottom = scene.top // PATCH, (height - scene.top - scene.height) // PATCH
    while (left + columns + right) * (top + rows + bottom) > MOST_PATCHES and left + right + top + bottom:
        if left + columns + right > 2 * (top + rows + bottom):      # the longer direction, counted in frames
            left, right = min(left, max(left, right) - 1), min(right, max(left, right) - 1)
        else:
            top, bottom = min(top, max(top, bottom) - 1), min(bottom, max(top, bottom) - 1)
    extent = Extent(
        left + columns + right, top + rows + bottom, left, top, view_factor(scene.width, scene.height), columns, rows)
    return extent, scene.left - PATCH * left, scene.top - PATCH * top


def _edges(scene: ScenePicture, extent: Extent, x: int, y: int) -> tuple[int, int, int, int]:
    """Left, top, right and bottom edge of the artist's picture, in patches of the part that psi holds, which begins at x, y."""
    height, width = scene.picture.shape[-2:]
    left, top, right, bottom = scene.own or (0, 0, width, height)
    return (max(0, -((x - left) // PATCH)), max(0, -((y - top) // PATCH)),
            min(extent.columns, (right - x) // PATCH), min(extent.rows, (bottom - y) // PATCH))


def _with_box(extent: Extent, alpha: Tensor, depth: float, edges: tuple[int, int, int, int]) -> Extent:
    """The extent with the box of whole patches around alpha [1, 1, H, W]; without one where the subject is nowhere.

    `edges`: of the artist's picture, in patches: left, top, right, bottom. There the subject may be cut.
    """
    covers = F.max_pool2d(alpha, PATCH)[0, 0] > CLEAR
    if not bool(covers.any()):
        return extent
    spans = []
    for axis, (first, last) in ((0, (edges[0], edges[2])), (1, (edges[1], edges[3]))):
        along = covers.any(dim=axis).nonzero()
        spans.append((max(first, int(along[0]) - 1), min(last, int(along[-1]) + 2)))      # a patch around: patches are lapped
    (left, right), (top, bottom) = spans
    cut = (left == edges[0] and covers[:, left].any(), top == edges[1] and covers[top].any(),
           right == edges[2] and covers[:, right - 1].any(), bottom == edges[3] and covers[bottom - 1].any())
    return replace(
        extent, box_left=left, box_top=top, box_columns=right - left, box_rows=bottom - top, depth=depth,
        **{f"cut_{side}": int(is_cut) for side, is_cut in zip(("left", "top", "right", "bottom"), cut, strict=True)})


def _box(whole: Tensor, extent: Extent) -> Tensor:
    """The subject's box in a picture [..., 16 rows, 16 columns]."""
    x, y = PATCH * extent.box_left, PATCH * extent.box_top
    return whole[..., y : y + PATCH * extent.box_rows, x : x + PATCH * extent.box_columns]
