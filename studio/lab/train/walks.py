"""Films of a wandering camera, prepared for the study of the long-term memory: what is memorized of each section, and where.

Letters: N walks, n sections, K channels memorized, h and w cells, S side of the image encoder's picture.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from studio.backbones.animatic.autoencoder import LappedAutoencoder
from studio.backbones.animatic.composition import Source
from studio.backbones.animatic.place_memory import SceneCells
from studio.lab.train.checkpoints import load_checkpoint, save_checkpoint
from studio.lab.world import CELL, FRAMES, SPEEDS, Section, caption, shoot

log = logging.getLogger(__name__)

MOVES = ("left", "right", "up", "down")
FIRST = 700_000_000
"""Number of the first walk for training."""
HELD_OUT = 800_000_000
"""Number of the first walk for measuring only."""
FEW = 8
"""Up to so many walks are made by this process: to start others takes longer."""


@dataclass(frozen=True)
class Walks:
    """Several walks of one size."""

    cells: Tensor            # [N, n, K + 1, h, w] float16: what is memorized after each section, see `recollection.MemoryFilms`
    corner: Tensor           # [N, n, 2] column and row of the first cell
    picture: Tensor          # [N, 3, S, S] float16 in [-1, 1]: the first frame
    captions: list[str]      # of the first section


class WalkDataset(Dataset[tuple[Tensor, Tensor, Tensor, str]]):
    """Item n is walk number `first` + n: cells, corner, picture and caption, as in `Walks`."""

    def __init__(
        self, autoencoder: LappedAutoencoder, first: int, size: tuple[int, int], sections: int, side: int, channels: int
    ) -> None:
        self.scene_cells = SceneCells(autoencoder, channels)
        self.first, self.size, self.sections, self.side, self.channels = first, size, sections, side, channels

    @torch.no_grad()
    def __getitem__(self, index: int) -> tuple[Tensor, Tensor, Tensor, str]:
        torch.set_num_threads(1)
        number = self.first + index
        rng = np.random.default_rng([number, 5])
        film = shoot(draw_script(rng, self.sections), *self.size, number)
        frames = film.scene[::FRAMES].float() / 127.5 - 1                                       # [1 + n, 3, H, W]
        pose = film.pose[::FRAMES].float()
        pose = torch.cat([(pose[:, :2] - pose[:1, :2]) / CELL, pose[:, 2:]], dim=1)
        cells = self.scene_cells.encode(Source(frames[1:], pose[1:]))[:, : self.channels + 1, 0]
        small = F.interpolate(frames[:1], (self.side, self.side), mode="bilinear", antialias=True, align_corners=False)
        corner = self.scene_cells.first_cell(Source(frames[1:], pose[1:])).long()
        return cells.half(), corner, small[0].half(), caption(rng, film.sections[0])


def draw_script(rng: np.random.Generator, sections: int) -> list[Section]:
    """A random script of so many sections: mostly pans, now and then a camera at rest, or a zoom in and out again."""
    script: list[Section] = []
    while len(script) < sections:
        form = rng.random()
        speed = SPEEDS[int(rng.integers(len(SPEEDS)))]
        if form < 0.75:
            script += [Section(str(rng.choice(MOVES)), speed)] * int(rng.integers(1, 3))
        elif form < 0.9:
            script.append(Section("hold"))
        else:
            script += [Section("in", speed), Section("out", speed)]
    return script[:sections]


def load_or_make_walks(
    folder: Path, autoencoder: LappedAutoencoder, count: int, size: tuple[int, int], sections: int, side: int, first: int,
    channels: int,
) -> Walks:
    """Walks `first` to `first` + `count` - 1, from a file in the folder, or made and written there.

    Args:
        folder: of the file.
        autoencoder: encodes the frames.
        count: how many walks.
        size: width and height of the frames in pixels.
        sections: of each walk.
        side: of the image encoder's picture, S.
        first: number of the first walk.
        channels: of a cell that are memorized, K.
    """
    path = folder / f"memorized-{first}-{count}-{size[0]}x{size[1]}-{sections}-{channels}.pt"
    table = load_checkpoint(path)
    if table is None:
        begun = time.monotonic()
        dataset = WalkDataset(autoencoder, first, size, sections, side, channels)
        workers = 2 if count > FEW else 0
        rows = list(DataLoader(dataset, batch_size=None, sampler=range(count), num_workers=workers))
        cells, corner, picture = (torch.stack([row[k] for row in rows]) for k in range(3))
        table = {"kept": cells, "low": corner, "picture": picture, "captions": [row[3] for row in rows]}
        save_checkpoint(path, table)
        log.info("%d walks at %d x %d, %.0f s", count, *size, time.monotonic() - begun)
    return Walks(table["kept"], table["low"], table["picture"], table["captions"])
