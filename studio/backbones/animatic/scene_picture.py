"""The long-term memory of large films: psi is the scene as a picture, from the first moment on.

The paper's psi_0 comes from the prompt and the reference image (2510.01784, section 3.2). Here psi_0 is the whole reference image,
also what lies outside the frame: one token for each patch of 16 x 16 pixels, which holds the patch's still channels of the
autoencoder. The first token says where the picture lies. A view is looked up in the decoded picture at the camera's pose, so a
place looks the same, and as sharp, whenever it is seen.
Letters: B batch, C scene channels, K still channels, M memory tokens, V view factor (see `film_size`), h and w latent height and
width, H and W pixel height and width.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.backbones.animatic.autoencoder import GROUP, LappedAutoencoder
from studio.backbones.animatic.film_size import PATCH, view_factor
from studio.backbones.animatic.state import split_latents
from studio.diffusion.backbone import SceneConditioning, ScenePicture
from studio.memory.protocol import ConditioningFeatures, Memory, MemoryView

MOST_PATCHES = 16384
"""Largest number of patches in psi. Of a larger picture only the part around the frame is remembered."""
MOTION_SHARE = 1e-3
"""A basis vector shows motion, and is not memorized, if a larger share of its energy changes within its four frames."""


@dataclass(frozen=True)
class Extent:
    """Where a picture lies: counts of patches of 16 x 16 pixels at the film's size."""

    columns: int           # of the picture
    rows: int
    left: int              # between the picture's left edge and the frame's
    top: int
    factor: int            # V: patches along one cell of the latents
    frame_columns: int
    frame_rows: int

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom edge of the picture in cells of the latents, from the middle of the film's first frame."""
        left, top = -self.frame_columns / 2 - self.left, -self.frame_rows / 2 - self.top
        return tuple(at / self.factor for at in (left, top, left + self.columns, top + self.rows))  # type: ignore[return-value]


class PictureMemory(nn.Module):
    """A `Memory` that holds the reference picture, [B, 1 + rows * columns, K]. Its values are exact in float16."""

    stills: Tensor

    def __init__(self, autoencoder: LappedAutoencoder) -> None:
        """`autoencoder`: encodes and decodes the patches."""
        super().__init__()
        self.autoencoder = autoencoder
        basis = autoencoder.components.float().unflatten(1, (3, GROUP, -1))
        moving = (basis - basis.mean(dim=2, keepdim=True)).square().sum(dim=(1, 2, 3)) > MOTION_SHARE
        self.register_buffer("stills", (~moving).nonzero()[:, 0], persistent=False)        # [K]

    def holds(self, psi: Tensor) -> bool:
        """Whether psi [B, M, D] is of this memory."""
        if psi.shape[2] != len(self.stills) or not bool(psi[:, 0].isfinite().all()):
            return False
        columns, rows = (float(count) for count in psi[0, 0, :2])
        return psi.shape[1] == 1 + columns * rows

    def begin(self, conditioning: ConditioningFeatures) -> Tensor:
        """psi_0: the whole reference picture.

        Raises:
            ValueError: the conditioning has no scene picture.
        """
        if not isinstance(conditioning, SceneConditioning):
            raise ValueError("psi_0 of a large film is made from the whole reference picture, which is missing")
        extent, picture = whole_patches(conditioning.scene)
        still = picture.to(self.autoencoder.components).unsqueeze(2).expand(-1, -1, GROUP, -1, -1)
        patches = self.autoencoder.encode_group(still)[0, self.stills].float()             # [K, rows, columns]
        header = patches.new_zeros(1, len(patches))
        header[0, :7] = patches.new_tensor([
            extent.columns, extent.rows, extent.left, extent.top, extent.factor, extent.frame_columns, extent.frame_rows])
        return torch.cat([header, patches.flatten(1).T]).half().float().unsqueeze(0)

    def update(self, psi: Tensor, latents: Tensor) -> Tensor:
        """psi_{n+1} = psi_n: the camera does not leave the picture, so a section shows nothing that psi does not hold."""
        return psi

    def view(self, psi: Tensor, recent: Tensor) -> MemoryView:
        """The whole picture, with the camera's view in the newest of `recent` [1, C + 10, T, h, w]."""
        extent, picture = read_extent(psi), self.picture(psi)
        x, y, zoom = split_latents(recent[:, :, -1:])[1].pose[0, 0]
        half_w, half_h = (side / 2 * float((-zoom).exp()) for side in (recent.shape[-1], recent.shape[-2]))
        scale, (left, top, _, _) = PATCH * extent.factor, extent.bounds
        window = (
            scale * (float(x) - half_w - left), scale * (float(y) - half_h - top),
            scale * (float(x) + half_w - left), scale * (float(y) + half_h - top))
        return MemoryView(picture[0], torch.ones_like(picture[0, 0]), window)

    def picture(self, psi: Tensor) -> Tensor:
        """The picture that psi [B, M, K] holds, [B, 3, 16 rows, 16 columns]."""
        extent = read_extent(psi)
        patches = psi[:, 1:].transpose(1, 2).unflatten(2, (extent.rows, extent.columns))
        scene = patches.new_zeros(len(patches), self.autoencoder.channels, extent.rows, extent.columns)
        scene[:, self.stills] = patches
        return self.autoencoder.decode_group(scene.to(self.autoencoder.components))[:, :, -1].float()


class FilmMemory(nn.Module):
    """A `Memory` for films of every size: a `PictureMemory` for large ones, another for those of the trained size."""

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

    def _memory(self, psi: Tensor) -> Memory:
        return self.large if self.large.holds(psi) else self.small


def read_extent(psi: Tensor) -> Extent:
    """Where the picture lies, from psi's first token. All films of a batch have the same."""
    return Extent(*(int(value) for value in psi[0, 0, :7].tolist()))


def reduce(picture: Tensor, factor: int) -> Tensor:
    """A picture [B, 3, H, W] reduced V times, its last rows and columns repeated to whole pixels."""
    height, width = picture.shape[-2:]
    whole = F.pad(picture, (0, -width % factor, 0, -height % factor), mode="replicate")
    return F.avg_pool2d(whole, factor)


def whole_patches(scene: ScenePicture) -> tuple[Extent, Tensor]:
    """The part of the picture that is whole patches, counted from the frame's corner; at most `MOST_PATCHES` of them."""
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
    y, x = scene.top - PATCH * top, scene.left - PATCH * left
    return extent, scene.picture[:, :, y : y + PATCH * extent.rows, x : x + PATCH * extent.columns]
