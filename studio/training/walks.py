"""Walks through scenes, as the long-term memory is given them: coarse latents, where they lie, how the film begins. No networks.

Letters: D drawn channels, T = 1 + 9 n latent frames of n sections, h and w cells, S side of the image encoder's picture.
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

from studio.diffusion.autoencoder import GROUP, LappedAutoencoder
from studio.diffusion.heads import DRAWN
from studio.training.keeping import restore, save
from studio.training.world import CELL, SPEEDS, Section, caption, shoot

log = logging.getLogger(__name__)

WANDER = ("left", "right", "up", "down")
FIRST = 700_000_000
"""Walks from this number on are for training."""
HELD_OUT = 800_000_000
"""Walks from this number on are for measuring only."""


@dataclass(frozen=True)
class Walks:
    """Many walks of one size."""

    scene: Tensor      # [N, D, T, h, w] float16
    pose: Tensor       # [N, T, 3] cells at magnification 1, log of the magnification
    picture: Tensor    # [N, 3, S, S] float16 in [-1, 1]: the first frame
    captions: list[str]      # of the first section


class Shots(Dataset[tuple[Tensor, Tensor, Tensor, str]]):
    """Walk number n."""

    def __init__(self, autoencoder: LappedAutoencoder, first: int, size: tuple[int, int], sections: int, side: int) -> None:
        self.autoencoder, self.first, self.size, self.sections, self.side = autoencoder, first, size, sections, side

    @torch.no_grad()
    def __getitem__(self, index: int) -> tuple[Tensor, Tensor, Tensor, str]:
        torch.set_num_threads(1)
        number = self.first + index
        rng = np.random.default_rng([number, 5])
        film = shoot(script(rng, self.sections), *self.size, number)
        frames = film.scene.float() / 127.5 - 1
        frames = torch.cat([frames[:1].expand(GROUP - 1, -1, -1, -1), frames])
        groups = frames.unflatten(0, (-1, GROUP)).transpose(1, 2)                               # [T, 3, 4, H, W]
        scene = torch.cat([self.autoencoder.encode_group(part, DRAWN) for part in groups.split(9)]).transpose(0, 1)
        pose = film.pose[::GROUP].float()
        pose = torch.cat([(pose[:, :2] - pose[:1, :2]) / CELL, pose[:, 2:]], dim=1)
        small = F.interpolate(frames[:1], (self.side, self.side), mode="bilinear", antialias=True, align_corners=False)
        return scene.half(), pose, small[0].half(), caption(rng, film.sections[0])


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
    folder: Path, autoencoder: LappedAutoencoder, count: int, size: tuple[int, int], sections: int, side: int, first: int
) -> Walks:
    """So many walks, from the folder if they were made before."""
    path = folder / f"walks-{first}-{count}-{size[0]}x{size[1]}-{sections}.pt"
    kept = restore(path)
    if kept is None:
        begun = time.monotonic()
        shots = Shots(autoencoder, first, size, sections, side)
        made = list(DataLoader(shots, batch_size=None, sampler=range(count), num_workers=2))
        scene, pose, picture = (torch.stack([row[k] for row in made]) for k in range(3))
        kept = {"scene": scene, "pose": pose, "picture": picture, "captions": [row[3] for row in made]}
        save(path, kept)
        log.info("%d walks at %d x %d, %.0f s", count, *size, time.monotonic() - begun)
    return Walks(kept["scene"], kept["pose"], kept["picture"], kept["captions"])
