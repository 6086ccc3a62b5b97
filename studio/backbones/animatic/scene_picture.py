"""The long-term memory of large films: psi is the scene as a picture, cell by cell, from the first moment on.

The paper's psi_0 comes from the prompt and the reference image (2510.01784, section 3.2). Here psi_0 is the whole reference image,
also what lies outside the frame: one token for each cell of 16 x 16 pixels, which holds the cell's still channels of the
autoencoder. The first token holds where the picture lies. A view is decoded from psi and looked up at the camera's pose, so places
look the same, and as sharp, whenever they are seen.
Letters: B batch, C scene channels, K still channels, M memory tokens, h and w latent height and width.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from studio.backbones.animatic.autoencoder import GROUP, LappedAutoencoder
from studio.backbones.animatic.composition import CELL, Source
from studio.backbones.animatic.state import split_latents
from studio.diffusion.backbone import ScenePicture
from studio.memory.protocol import ConditioningFeatures, MemoryView

MOST_CELLS = 16384
"""Largest number of cells in psi. Of a larger picture only the part around the frame is remembered."""
MOTION_SHARE = 1e-3
"""A basis vector shows motion, and is not memorized, if a larger share of its energy changes within its four frames."""


@dataclass(frozen=True)
class Extent:
    """Where the picture lies in the scene, in cells from the middle of the film's first frame."""

    left: float
    top: float
    columns: int
    rows: int

    @property
    def right(self) -> float:
        """The picture's right edge."""
        return self.left + self.columns

    @property
    def bottom(self) -> float:
        """The picture's lower edge."""
        return self.top + self.rows


class PictureMemory(nn.Module):
    """A `Memory` that holds the reference picture, [1, 1 + rows * columns, K]."""

    stills: Tensor

    def __init__(self, autoencoder: LappedAutoencoder) -> None:
        """`autoencoder`: encodes and decodes the cells."""
        super().__init__()
        self.autoencoder = autoencoder
        basis = autoencoder.components.float().unflatten(1, (3, GROUP, -1))
        moving = (basis - basis.mean(dim=2, keepdim=True)).square().sum(dim=(1, 2, 3)) > MOTION_SHARE
        self.register_buffer("stills", (~moving).nonzero()[:, 0], persistent=False)        # [K]

    def begin(self, conditioning: ConditioningFeatures) -> Tensor:
        """psi_0: the whole reference picture.

        Raises:
            ValueError: the conditioning has no scene picture.
        """
        scene = getattr(conditioning, "scene", None)
        if not isinstance(scene, ScenePicture):
            raise ValueError("psi_0 of a large film is made from the whole reference picture, which is missing")
        extent, picture = _whole_cells(scene)
        still = picture.to(self.autoencoder.components).unsqueeze(2).expand(-1, -1, GROUP, -1, -1)
        cells = self.autoencoder.encode_group(still)[0, self.stills].float()                # [K, rows, columns]
        header = cells.new_zeros(1, len(cells))
        header[0, :4] = cells.new_tensor([extent.left, extent.top, extent.columns, extent.rows])
        return torch.cat([header, cells.flatten(1).T]).unsqueeze(0)

    def update(self, psi: Tensor, latents: Tensor) -> Tensor:
        """psi_{n+1} = psi_n: the camera does not leave the picture, so a section shows nothing that psi does not hold."""
        return psi

    def view(self, psi: Tensor, recent: Tensor) -> MemoryView:
        """The whole picture, with the camera's view in the newest of `recent` [1, C + 10, T, h, w]."""
        extent, frame = read_extent(psi), self.frame(psi)
        x, y, zoom = split_latents(recent[:, :, -1:])[1].pose[0, 0].tolist()
        half_h, half_w = (side / 2 / float(torch.tensor(zoom).exp()) for side in recent.shape[-2:])
        window = tuple(CELL * at for at in (x - half_w - extent.left, y - half_h - extent.top,
                                            x + half_w - extent.left, y + half_h - extent.top))
        left, top, right, bottom = window
        return MemoryView(frame[0], torch.ones_like(frame[0, 0]), (left, top, right, bottom))

    def frame(self, psi: Tensor) -> Tensor:
        """psi [1, M, K] as a picture, [1, 3, 16 rows, 16 columns]."""
        extent = read_extent(psi)
        cells = psi[:, 1:].transpose(1, 2).unflatten(2, (extent.rows, extent.columns))
        scene = cells.new_zeros(len(cells), self.autoencoder.channels, extent.rows, extent.columns)
        scene[:, self.stills] = cells
        return self.autoencoder.decode_group(scene.to(self.autoencoder.components))[:, :, -1].float()

    def source(self, psi: Tensor) -> Source:
        """psi as a source of pixels, with its pose."""
        extent = read_extent(psi)
        middle = [extent.left + extent.columns / 2, extent.top + extent.rows / 2, 0.0]
        return Source(self.frame(psi), psi.new_tensor([middle]).expand(len(psi), -1))


def read_extent(psi: Tensor) -> Extent:
    """Where the picture lies, from psi's first token. All films of a batch have the same."""
    left, top, columns, rows = psi[0, 0, :4].tolist()
    return Extent(left, top, int(columns), int(rows))


def _whole_cells(scene: ScenePicture) -> tuple[Extent, Tensor]:
    """The part of the picture that is whole cells, counted from the frame's corner; at most `MOST_CELLS` of them."""
    height, width = scene.picture.shape[-2:]
    columns, rows = scene.width // CELL, scene.height // CELL

    def outside(room: int, cells: int, most: int) -> int:
        return min(room // CELL, max(0, most - cells) // 2)

    most_columns = max(columns, MOST_CELLS // max(rows, min(height // CELL, 2 * rows)))
    left, right = (outside(room, columns, most_columns) for room in (scene.left, width - scene.left - scene.width))
    most_rows = max(rows, MOST_CELLS // (left + columns + right))
    top, bottom = (outside(room, rows, most_rows) for room in (scene.top, height - scene.top - scene.height))
    extent = Extent(-columns / 2 - left, -rows / 2 - top, left + columns + right, top + rows + bottom)
    y, x = scene.top - CELL * top, scene.left - CELL * left
    return extent, scene.picture[:, :, y : y + CELL * extent.rows, x : x + CELL * extent.columns]
