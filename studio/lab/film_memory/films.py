"""Films over pictures as the embedded model's latents, what memories are written with, and what truly lies at each place.

Letters: B films, N sections, K memorized channels, h and w cells of a view (latent height and width), L = 2 (h + 2) (w + 2) cells
written of a section, Q = (h + 2) (w + 2) cells asked for, R and C rows and columns of the picture's cells.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from studio.backbones.animatic.autoencoder import GROUP
from studio.backbones.animatic.composition import CELL
from studio.backbones.animatic.place_memory import PlaceMemory
from studio.backbones.animatic.state import FilmState, join_latents
from studio.lab.film_memory.walks import FRAMES, Pixels, Stage, sections_since_shown, written_frames

RIM = 0.1
"""Weight in the loss of cells around those that were seen: the lapped filters need them, and nobody looks at them."""


@dataclass(frozen=True)
class Film:
    """A film over one picture."""

    picture: Tensor         # [3, H, W] uint8
    walk: Pixels            # see `walks.draw_walk`
    stage: Stage
    latents: Tensor         # [N, C + 10, 2, h, w] of each section the first and the last
    gap: Pixels             # [N, R, C], see `sections_since_shown`

    @property
    def sections(self) -> int:
        """N, the sections of the film."""
        return len(self.latents)

    @property
    def origin(self) -> tuple[int, int]:
        """Column and row among the picture's cells of the scene's cell (0, 0)."""
        column, row = ((int(self.walk[0, k]) + self.stage.view[k] // 2 - CELL // 2) // CELL for k in range(2))
        return column, row

    def truth(self, section: int) -> Tensor:
        """The last frame of a section, [3, h 16, w 16] uint8."""
        return crop(self.picture, self.walk[written_frames(section)[1]], self.stage)


def crop(picture: Tensor, at: Pixels, stage: Stage) -> Tensor:
    """The view of a picture [3, H, W] whose left and upper edge are `at`."""
    left, top = at.tolist()
    return picture[:, top : top + stage.view[1], left : left + stage.view[0]]


@torch.no_grad()
def shoot_film(memory: PlaceMemory, picture: Tensor, walk: Pixels, stage: Stage, gap: Pixels | None = None) -> Film:
    """The film of a walk over a picture.

    Args:
        memory: its autoencoder encodes the frames.
        picture: [3, H, W] uint8.
        walk: see `walks.draw_walk`.
        stage: sizes.
        gap: of the walk, if it is known already.
    """
    autoencoder = memory.cells.autoencoder
    sections = range((len(walk) - 1) // FRAMES)
    frames = [frame for n in sections for frame in written_frames(n)]
    groups = torch.stack([
        torch.stack([crop(picture, walk[at], stage) for at in range(frame - GROUP + 1, frame + 1)], dim=1) for frame in frames])
    scene = torch.cat([autoencoder.encode_group(group[None].float() / 127.5 - 1) for group in groups])          # [2 N, C, h, w]
    place = torch.from_numpy((walk[frames] - walk[0]) / CELL).float()
    pose = torch.cat([place, torch.zeros(len(place), 1)], dim=1)[:, None]
    still = pose.new_zeros(len(pose), 1)
    light = still[..., None, None, None].expand(-1, 1, 3, *scene.shape[2:])
    state = FilmState(pose, light, still[..., None].expand(-1, 1, 3), still)
    latents = join_latents(scene[:, :, None], state)[:, :, 0].unflatten(0, (-1, 2)).transpose(1, 2)
    return Film(picture, walk, stage, latents, sections_since_shown(walk, stage) if gap is None else gap)


@torch.no_grad()
def true_cells(memory: PlaceMemory, picture: Tensor) -> Tensor:
    """The memorized channels of all cells of a picture [3, H, W] uint8 that stands still, [K, R, C]."""
    group = (picture[None, :, None].float() / 127.5 - 1).expand(-1, -1, GROUP, -1, -1)
    return memory.cells.autoencoder.encode_group(group)[0, memory.cells.stills]


@dataclass(frozen=True)
class Batch:
    """Films to learn from."""

    cells: Tensor           # [B, N, L, K + 1] written of each section: memorized channels, and how well a cell was seen
    places: Tensor          # [B, N, L, 3] where, see `scene_positions`
    asked: Tensor           # [B, N, Q, 3] places that the last frame of each section shows
    truth: Tensor           # [B, N, Q, K] what lies there
    weight: Tensor          # [B, N, Q] in the loss

    def of(self, films: Tensor, sections: int) -> Batch:
        """Some of the films, shortened, in float32."""
        parts = (getattr(self, name)[films, :sections].float() for name in ("cells", "places", "asked", "truth", "weight"))
        return Batch(*parts)


def prepare(memory: PlaceMemory, films: list[Film]) -> Batch:
    """All that training needs of films of one length, in float16 where that is exact enough."""
    rows = [_prepare_film(memory, film) for film in films]
    return Batch(*(torch.stack(part) for part in zip(*rows, strict=True)))


def _prepare_film(memory: PlaceMemory, film: Film) -> tuple[Tensor, ...]:
    """A film's part of a batch."""
    channels = len(memory.cells.stills)
    written = memory.written_cells(film.latents)                                                     # [N, K + ., 2, h + 2, w + 2]
    cells = written[:, : channels + 1].flatten(2).transpose(1, 2).half()
    h, w = film.latents.shape[3:]
    x, y = torch.meshgrid(torch.arange(w + 2), torch.arange(h + 2), indexing="xy")
    grid = torch.stack([x, y, torch.zeros_like(x)], dim=-1).flatten(0, 1)                           # [Q, 3]
    shown = film.walk[[frame for n in range(film.sections) for frame in written_frames(n)]].reshape(-1, 2, 2)
    middle = torch.from_numpy((shown - film.walk[0]) / CELL)                                        # [N, 2, 2]
    size = torch.tensor([w, h])
    # As `SceneCells.first_cell` and `cell_range` have it.
    first = torch.cat([(middle - (size - 1) / 2).round() - 1, torch.zeros(film.sections, 2, 1)], dim=2)
    low = torch.cat([(middle[:, 1] - size / 2).floor(), torch.zeros(film.sections, 1)], dim=1)
    places = (first[:, :, None] + grid).flatten(1, 2)
    asked = low[:, None] + grid
    truth, weight = _lies_there(true_cells(memory, film.picture), film, asked)
    return cells, places.half(), asked.half(), truth.half(), weight.half()


def _lies_there(cells: Tensor, film: Film, asked: Tensor) -> tuple[Tensor, Tensor]:
    """Truth [N, Q, K] and weight [N, Q] of the asked places [N, Q, 3], from the picture's cells [K, R, C]."""
    rows, columns = film.stage.cells
    column, row = asked[..., 0].long() + film.origin[0], asked[..., 1].long() + film.origin[1]
    inside = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
    column, row = column.clamp(0, columns - 1), row.clamp(0, rows - 1)
    gap = torch.from_numpy(film.gap)[torch.arange(film.sections)[:, None], row, column]
    seen = (gap >= 2) & inside
    around = _around(film.gap >= 2)[torch.arange(film.sections)[:, None], row, column] & inside
    return cells[:, row, column].movedim(0, -1), seen.float() + RIM * (around & ~seen).float()


def _around(seen: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Tensor:
    """[N, R, C] bool: cells that were seen, and their neighbours."""
    wide = torch.nn.functional.max_pool2d(torch.from_numpy(seen)[:, None].float(), 3, 1, 1)
    return wide[:, 0] > 0
