"""Walks through scenes, as the long-term memory is given them: whole cells, where they lie, how the film begins. No networks.

Letters: n sections, K channels kept, h and w cells, S side of the image encoder's picture.
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
from studio.lab.train.keeping import restore, save
from studio.lab.world import CELL, FRAMES, SPEEDS, Section, caption, shoot

log = logging.getLogger(__name__)

WANDER = ("left", "right", "up", "down")
FIRST = 700_000_000
"""Walks from this number on are for training."""
HELD_OUT = 800_000_000
"""Walks from this number on are for measuring only."""


@dataclass(frozen=True)
class Walks:
    """Many walks of one size."""

    kept: Tensor       # [N, n, K + 1, h, w] float16: what is memorized after each section, see `recollection.Films`
    low: Tensor        # [N, n, 2] the first cell: column, row
    picture: Tensor    # [N, 3, S, S] float16 in [-1, 1]: the first frame
    captions: list[str]      # of the first section


class Shots(Dataset[tuple[Tensor, Tensor, Tensor, str]]):
    """Walk number n."""

    def __init__(
        self, autoencoder: LappedAutoencoder, first: int, size: tuple[int, int], sections: int, side: int, kept: int
    ) -> None:
        self.cells = SceneCells(autoencoder, kept)
        self.first, self.size, self.sections, self.side, self.kept = first, size, sections, side, kept

    @torch.no_grad()
    def __getitem__(self, index: int) -> tuple[Tensor, Tensor, Tensor, str]:
        torch.set_num_threads(1)
        number = self.first + index
        rng = np.random.default_rng([number, 5])
        film = shoot(script(rng, self.sections), *self.size, number)
        frames = film.scene[::FRAMES].float() / 127.5 - 1                                       # [1 + n, 3, H, W]
        pose = film.pose[::FRAMES].float()
        pose = torch.cat([(pose[:, :2] - pose[:1, :2]) / CELL, pose[:, 2:]], dim=1)
        made = self.cells.encode(Source(frames[1:], pose[1:]))[:, : self.kept + 1, 0]
        small = F.interpolate(frames[:1], (self.side, self.side), mode="bilinear", antialias=True, align_corners=False)
        low = self.cells.first_cell(Source(frames[1:], pose[1:])).long()
        return made.half(), low, small[0].half(), caption(rng, film.sections[0])


def script(rng: np.random.Generator, sections: int) -> list[Section]:
    """Wandering about: mostly pans that go on and turn, now and then a hold or a zoom and back."""
    made: list[Section] = []
    while len(made) < sections:
        form = rng.random()
        speed = SPEEDS[int(rng.integers(len(SPEEDS)))]
        if form < 0.75:
            made += [Section(str(rng.choice(WANDER)), speed)] * int(rng.integers(1, 3))
        elif form < 0.9:
            made.append(Section("hold"))
        else:
            made += [Section("in", speed), Section("out", speed)]
    return made[:sections]


def walks(
    folder: Path, autoencoder: LappedAutoencoder, count: int, size: tuple[int, int], sections: int, side: int, first: int, keep: int
) -> Walks:
    """So many walks, from the folder if they were made before."""
    path = folder / f"memorized-{first}-{count}-{size[0]}x{size[1]}-{sections}-{keep}.pt"
    kept = restore(path)
    if kept is None:
        begun = time.monotonic()
        shots = Shots(autoencoder, first, size, sections, side, keep)
        made = list(DataLoader(shots, batch_size=None, sampler=range(count), num_workers=2))
        memorized, low, picture = (torch.stack([row[k] for row in made]) for k in range(3))
        kept = {"kept": memorized, "low": low, "picture": picture, "captions": [row[3] for row in made]}
        save(path, kept)
        log.info("%d walks at %d x %d, %.0f s", count, *size, time.monotonic() - begun)
    return Walks(kept["kept"], kept["low"], kept["picture"], kept["captions"])
