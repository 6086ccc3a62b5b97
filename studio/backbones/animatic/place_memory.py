"""The embedded model's long-term memory: psi is written with cells of the scene and queried by place.

psi is SemanticPack's. The first and last frame of a section are memorized on the grid of the scene's whole cells at magnification
1, so that a place is the same cell whenever it is seen. psi is read as "Pretraining Frame Preservation" (2512.23851) reads its
history,
by a query: here for the cells that no frame in the snapshot shows.
Letters: B batch, C scene channels, T latent frames, K memorized channels, h and w latent height and width, M memory tokens,
D their width.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.backbones.animatic.autoencoder import GROUP, LappedAutoencoder
from studio.backbones.animatic.composition import CELL, Source, inside_weight, sample, source_coordinates
from studio.backbones.animatic.state import split_latents
from studio.memory.protocol import ConditioningFeatures, MapPart, MemoryView, RememberedPlace
from studio.memory.recall import Recall
from studio.memory.scene_map import MapSqueeze
from studio.memory.scene_positions import POSITION_FEATURES, encode_positions
from studio.memory.semantic_pack import SemanticPack

EXTRA_CHANNELS = 1 + POSITION_FEATURES
"""Channels of the memory's input after the K scene channels: how well a cell was seen, and its position."""
RIM_LEVEL, MIRRORED_LEVEL = 0.5, 0.2
"""How well a cell at the frame's rim, and a mirrored cell just outside it, count as seen."""
MAX_CELLS = 4096
"""Largest number of cells in one query."""
KNOWN = 0.5
"""Trust from which on psi holds a cell."""
MOTION_SHARE = 1e-3
"""A basis vector shows motion, and is not memorized, if a larger share of its energy changes within its four frames."""


class PlaceMemory(nn.Module):
    """A `Memory` of what the scene shows at each place."""

    holds_places = True

    def __init__(self, pack: SemanticPack, recall: Recall, autoencoder: LappedAutoencoder) -> None:
        """`pack` writes psi, `recall` queries it, `autoencoder` encodes and decodes the cells."""
        super().__init__()
        self.pack, self.recall = pack, recall
        self.cells = SceneCells(autoencoder, recall.config.channels)

    def begin(self, conditioning: ConditioningFeatures) -> Tensor:
        """psi_0, [B, M, D]."""
        return self.pack.begin(conditioning)

    def update(self, psi: Tensor, latents: Tensor) -> Tensor:
        """psi_{n+1} from psi_n [B, M, D] and the first and last of the section's latents [B, C + 10, T, h, w]."""
        return self.pack.update(psi, self.written_cells(latents))

    def written_cells(self, latents: Tensor) -> Tensor:
        """What is written of a section's latents [B, C + 10, T, h, w]: see `SceneCells.encode`, of its first and last frame.

        Returns [B, K + EXTRA_CHANNELS, 2, h + 2, w + 2].
        """
        scene, state = split_latents(latents[:, :, [0, -1]])
        views = []
        for at in range(2):
            frame = self.cells.autoencoder.decode_group(scene[:, :, at])[:, :, -1]
            views.append(self.cells.encode(Source(frame, state.pose[:, at])))
        return torch.cat(views, dim=2)

    def recall_source(self, psi: Tensor, pose: Tensor, h: int, w: int) -> Source:
        """The cells that frames of h x w cells at `pose` [B, T, 3] show, as psi remembers them, with their trust.

        The query is one rectangle, of the same size for all films of a batch. Beyond `MAX_CELLS` it is cut at the right and the
        bottom.
        """
        low, size = cell_range(pose, h, w)
        return self._recall_cells(psi, low, size)

    @torch.no_grad()
    def view(self, psi: Tensor, recent: Tensor) -> MemoryView:
        """All that psi [1, M, D] holds, as a picture around the camera's view in the newest of `recent` [1, C + 10, T, h, w]."""
        pose = split_latents(recent[:, :, -1:])[1].pose[:, 0].to(psi.device)
        h, w = recent.shape[-2:]
        rows, columns = self.pack.config.slots if self.pack.config.structure == "map" else (2 * h, 2 * w)
        low = (pose[:, :2] - pose.new_tensor([(columns - 1) / 2, (rows - 1) / 2])).round()
        source = self._recall_cells(psi, low, (rows, columns))
        assert source.trust is not None, "a recalled source has a trust"
        middle_x, middle_y = ((pose[0, :2] - low[0] + 0.5) * CELL).tolist()
        half_x, half_y = (side * CELL / 2 / float(pose[0, 2].exp()) for side in (w, h))
        window = (middle_x - half_x, middle_y - half_y, middle_x + half_x, middle_y + half_y)
        left, top = (low[0] - 0.5).tolist()
        part = MapPart(rows, columns, left, top, columns, rows) if self.is_map(psi) else None
        return _crop(MemoryView(source.frame[0], source.trust[0, 0], window, part))

    def answers(self, psi: Tensor) -> bool:
        """Always: `FilmMemory` asks this one only for psi that it wrote."""
        return True

    @torch.no_grad()
    def answer(self, psi: Tensor, latent: Tensor) -> RememberedPlace:
        """See `AnswersPlaces`: the recalled cells at the pose of a latent [1, C + 10, 1, h, w]."""
        pose, (h, w) = split_latents(latent)[1].pose.to(psi.device), latent.shape[-2:]                 # [1, 1, 3]
        source = self.recall_source(psi, pose, h, w)
        assert source.trust is not None, "a recalled source has a trust"
        at = source_coordinates(pose, source.pose, h * CELL, w * CELL)
        return RememberedPlace(sample(source.frame, at)[0, :, 0], sample(source.trust, at)[0, 0, 0])

    def is_map(self, psi: Tensor) -> bool:
        """Whether psi [B, M, D] is a map."""
        return isinstance(self.pack.squeeze, MapSqueeze) and psi.shape[1:] == self.pack.squeeze.empty_maps(1).shape[1:]

    def forget(self, psi: Tensor, cells: Sequence[int]) -> Tensor:
        """psi [B, M, D], a map, with these cells as in psi_0: empty."""
        assert isinstance(self.pack.squeeze, MapSqueeze), "asked only where psi is a map"
        empty = self.pack.squeeze.empty_maps(len(psi)).to(psi)
        forgotten = torch.zeros(psi.shape[1], dtype=torch.bool, device=psi.device)
        forgotten[[cell for cell in cells if cell < len(forgotten)]] = True
        return empty.where(forgotten[None, :, None], psi)

    @torch.no_grad()
    def shown_cells(self, psi: Tensor, latents: Tensor) -> Tensor:
        """[M] the cells of a map psi [1, M, D] whose middle latents [1, C + 10, T, h, w] show, and that psi holds."""
        rows, columns = self.pack.config.slots
        pose = split_latents(latents)[1].pose.to(psi.device)                                           # [1, T, 3]
        h, w = latents.shape[-2:]
        low, size = cell_range(pose, h, w)
        places = cell_grid(low, *size)[0].flatten(0, 1)                                                # [Q, 3]
        half = torch.tensor([w / 2, h / 2], device=psi.device) * (-pose[0, :, None, 2:]).exp()         # [T, 1, 2]
        inside = ((places[None, :, :2] - pose[0, :, None, :2]).abs() <= half).all(dim=2).any(dim=0)
        inside &= self.recall.trust(self.recall(psi, places[None]))[0] > KNOWN
        column, row = places[inside, :2].round().long().T
        shown = torch.zeros(rows * columns, dtype=torch.bool, device=psi.device)
        shown[row % rows * columns + column % columns] = True
        return shown

    def _recall_cells(self, psi: Tensor, low: Tensor, size: tuple[int, int]) -> Source:
        """psi's answer for rows and columns (`size`) of whole cells from `low` [B, 2] on, decoded."""
        places = cell_grid(low, *size)                                                                # [B, r, c, 3]
        found = self.recall(psi, places.flatten(1, 2))
        trust = feather(self.recall.trust(found).unflatten(1, size)[:, None])
        return self.cells.picture(found.values.transpose(1, 2).unflatten(2, size), low, trust)


class SceneCells:
    """Converts between frames and the K memorized channels of the scene's cells."""

    def __init__(self, autoencoder: LappedAutoencoder, channels: int) -> None:
        """`channels`: K. The memorized channels are the coarsest ones without motion."""
        self.autoencoder = autoencoder
        basis = autoencoder.components.float().unflatten(1, (3, GROUP, -1))
        moving = (basis - basis.mean(dim=2, keepdim=True)).square().sum(dim=(1, 2, 3)) > MOTION_SHARE
        self.stills = moving.int().argsort(stable=True)[:channels]   # coarsest first; the first K if all basis vectors move

    def encode(self, view: Source) -> Tensor:
        """The memory's input for a frame, [B, K + EXTRA_CHANNELS, 1, h + 2, w + 2]: scene, how well it was seen, position.

        A cell was seen to 1 if everything was seen that its lapped filters touch, to `RIM_LEVEL` if only the cell itself was, to
        `MIRRORED_LEVEL` if its content is mirrored from a neighbour (cells at the rim cannot be decoded without it), and else to 0.
        """
        low, h, w = self.first_cell(view), *(side // CELL + 2 for side in view.frame.shape[-2:])
        # A cell more on each side, for the filters.
        at = source_coordinates(center_pose(low - 1, h + 2, w + 2).unsqueeze(1), view.pose, (h + 2) * CELL, (w + 2) * CELL)
        frame = sample(view.frame, at)                                                            # [B, 3, 1, H + 64, W + 64]
        scene = self.autoencoder.encode_group(frame.expand(-1, -1, GROUP, -1, -1).to(self.autoencoder.components))
        visible = (inside_weight(at, view.frame, 0.5)[:, :, 0] > 0).to(frame)                     # [B, 1, H + 64, W + 64]
        cell = -F.max_pool2d(-visible, CELL)                            # [B, 1, h + 2, w + 2] 1 where all of the cell was seen
        support = -F.max_pool2d(-visible, 2 * CELL, CELL, CELL // 2)[..., : h + 2, : w + 2]      # all that its filters touch
        level = torch.maximum(MIRRORED_LEVEL * F.max_pool2d(cell, 3, 1, 1), RIM_LEVEL * cell + (1 - RIM_LEVEL) * cell * support)
        features = torch.cat([scene[:, self.stills], level], dim=1)[..., 1:-1, 1:-1]
        positions = encode_positions(cell_grid(low, h, w)).movedim(-1, 1)
        return torch.cat([features, positions.to(features)], dim=1).unsqueeze(2)

    def first_cell(self, view: Source) -> Tensor:
        """Column and row [B, 2] of the first cell that `encode` gives: one before the whole cell nearest to the frame's first."""
        h, w = (side // CELL for side in view.frame.shape[-2:])
        return (view.pose[:, :2] - view.pose.new_tensor([(w - 1) / 2, (h - 1) / 2])).round() - 1

    def decode(self, stills: Tensor) -> Tensor:
        """The scene's channels [B, C, h, w] from the memorized ones [B, K, h, w]; the others are 0."""
        scene = stills.new_zeros(len(stills), self.autoencoder.channels, *stills.shape[2:])
        scene[:, self.stills] = stills
        return scene

    def picture(self, stills: Tensor, low: Tensor, trust: Tensor | None = None) -> Source:
        """The picture of memorized channels [B, K, r, c] of whole cells from `low` [B, 2] (column, row) on.

        `trust`: of its pixels, [B, 1, 16 r, 16 c].
        """
        frame = self.autoencoder.decode_group(self.decode(stills))[:, :, -1]
        return Source(frame.float(), center_pose(low, *stills.shape[2:]), trust)


def _crop(view: MemoryView) -> MemoryView:
    """The view without margins that are neither known nor in the camera's view."""
    height, width = view.known.shape
    known = (view.known > 0.5).nonzero()
    left, top, right, bottom = view.window
    if len(known):
        (first_y, first_x), (last_y, last_x) = known.amin(0).tolist(), known.amax(0).tolist()
        left, top, right, bottom = min(left, first_x), min(top, first_y), max(right, last_x + 1), max(bottom, last_y + 1)
    x0, y0, x1, y1 = max(0, math.floor(left)), max(0, math.floor(top)), min(width, math.ceil(right)), min(height, math.ceil(bottom))
    window = (view.window[0] - x0, view.window[1] - y0, view.window[2] - x0, view.window[3] - y0)
    part = view.part and replace(
        view.part, left=view.part.left + x0 / CELL, top=view.part.top + y0 / CELL, width=(x1 - x0) / CELL, height=(y1 - y0) / CELL)
    return MemoryView(view.frame[:, y0:y1, x0:x1], view.known[y0:y1, x0:x1], window, part)


def feather(trust: Tensor) -> Tensor:
    """Trust of cells [B, 1, h, w] as trust of their pixels, [B, 1, 16 h, 16 w], smooth.

    The smooth edge lies outside the trusted cells, where the decoded frame shows mirrored content at most.
    """
    wide, half = CELL + 1, CELL // 2
    trust = trust.repeat_interleave(CELL, 2).repeat_interleave(CELL, 3)
    for pool in (F.max_pool2d, F.avg_pool2d):
        for kernel, pad in (((wide, 1), (half, 0)), ((1, wide), (0, half))):
            trust = pool(F.pad(trust, (pad[1], pad[1], pad[0], pad[0]), mode="replicate"), kernel, 1)
    return trust


def cell_grid(low: Tensor, rows: int, columns: int) -> Tensor:
    """Positions [B, rows, columns, 3] of the scene's whole cells from `low` [B, 2] (column, row) on."""
    y, x = torch.meshgrid(
        torch.arange(rows, device=low.device), torch.arange(columns, device=low.device), indexing="ij")
    at = low[:, None, None] + torch.stack([x, y], dim=-1)
    return torch.cat([at, torch.zeros_like(at[..., :1])], dim=-1)


def center_pose(low: Tensor, rows: int, columns: int) -> Tensor:
    """Pose [B, 3] of a frame that shows rows x columns whole cells from `low` [B, 2] on."""
    at = low + low.new_tensor([(columns - 1) / 2, (rows - 1) / 2])
    return torch.cat([at, torch.zeros_like(at[:, :1])], dim=1)


def cell_range(pose: Tensor, h: int, w: int) -> tuple[Tensor, tuple[int, int]]:
    """The whole cells that frames of h x w cells at `pose` [B, T, 3] show.

    Returns the first cell [B, 2] (column, row), and the number of rows and columns.
    """
    half = torch.tensor([w / 2, h / 2], device=pose.device) * (-pose[..., 2:]).exp()
    low = (pose[..., :2] - half).amin(dim=1).floor()
    high = (pose[..., :2] + half).amax(dim=1).ceil()
    columns, rows = (int(n) + 1 for n in (high - low).amax(dim=0))
    columns = min(columns, MAX_CELLS)
    return low, (max(1, min(rows, MAX_CELLS // columns)), columns)
