"""What a trained network of the bench remembers: the part of a frame that only the memory can know, by how long it was out of view.

The network films sections of new films, each from its true newest section, with its own memory, with the memory of another film
walked the same way, and with none. A part is identified by the nearest of four panoramas at that place: its own and three others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from studio.backbones.panorama.places import PATCH, to_frames
from studio.lab.panorama.arms import Network
from studio.lab.panorama.films import Films, columns_out_of_reach, draw_films, draw_noise, film_walks
from studio.lab.panorama.learning import film_sections
from studio.lab.panorama.training import LONGEST, Run
from studio.lab.panorama.world import draw_returns, take_views

Memory = Literal["own", "other", "none"]
GAPS = {
    "1": (1, 1), "2": (2, 2), "3-4": (3, 4), "5-8": (5, 8), "9-16": (9, 16), "17-32": (17, 32), "33-64": (33, 64), "new": (0, 0),
}
"""Sections since a part was last in view; "new" was never."""
CHOICES = 4
"""Panoramas that a part is compared with; the chance of the right one is 1 / CHOICES."""
STEPS = 8
"""Euler steps."""
HELD_OUT = 2**31
"""Seeds of films that no training sees begin here."""
BATCH = 16


@dataclass(frozen=True)
class GapResult:
    """What was remembered of the parts of one range of gaps."""

    parts: int
    identity: float         # share of parts nearest to their own panorama
    error: float            # standard error of it over films
    other: float            # share nearest to the panorama whose memory "other" has
    psnr: float             # dB, to the truth, over all pixels of the parts


Results = dict[str, dict[str, GapResult]]
"""By memory, then by gap."""


def evaluate(
    network: Network, run: Run, films: int, sections: int = 10, memories: Sequence[Memory] = ("own", "other", "none")
) -> Results:
    """Measure a network on `films` (a multiple of 16) films of `sections` sections."""
    device = next(network.parameters()).device
    errors: dict[Memory, list[Tensor]] = {memory: [] for memory in memories}
    masks = []
    for index in range(-(-films // BATCH)):
        batch, generator = _held_out(run, sections, HELD_OUT + index)
        truths = _truths(batch)
        masks.append(columns_out_of_reach(batch))
        batch, noise = batch.to(device), draw_noise(batch.tokens.shape, generator, device)
        for memory in memories:
            remembered = {"own": truths[0].to(device), "other": truths[1].to(device), "none": None}[memory]
            made = to_frames(film_sections(network, batch, remembered, STEPS, noise)).cpu()
            errors[memory].append(torch.stack([(made - truth).square().mean(dim=(3, 4)) for truth in truths]))
    gap, far = (torch.cat(mask) for mask in zip(*masks, strict=True))                       # [B, N, T, V]
    return {memory: _by_gap(torch.cat(errors[memory], dim=1), gap, far) for memory in memories}


def _held_out(run: Run, sections: int, seed: int) -> tuple[Films, torch.Generator]:
    """Films that no training sees: as long as those walked alike, longer ones with returns from far away."""
    if sections <= LONGEST:
        return draw_films(BATCH, sections, seed, run.world, run.pose, run.network.harmonics)
    generator, rng = torch.Generator().manual_seed(seed), np.random.default_rng(seed)
    walks = draw_returns(BATCH, sections, run.world, rng)
    return film_walks(walks, run.world, run.pose, run.network.harmonics, generator), generator


def _truths(films: Films) -> list[Tensor]:
    """What the films' walks show in their own panoramas, and in those of three other films."""
    walks = torch.from_numpy(films.walks)
    return [take_views(films.panoramas.roll(shift, dims=0), walks) for shift in range(CHOICES)]


def _by_gap(error: Tensor, gap: Tensor, far: Tensor) -> dict[str, GapResult]:
    """Results of mean squared errors [CHOICES, B, N, T, V] of columns, against each panorama."""
    results = {}
    for label, (least, most) in GAPS.items():
        part = (gap >= least) & (gap <= most)
        if label != "1":
            part &= far                                     # what was seen in the newest section is never far from it
        if label == "new":
            part[:, 0] = False                              # of the first section, all is new
        size = part.sum(dim=3)
        use = size >= PATCH
        if not use.any():
            continue
        nearest = ((error * part).sum(dim=4)[:, use] / size[use]).argmin(dim=0)
        film = use.nonzero()[:, 0]
        right = (nearest == 0).double()
        by_film = torch.stack([right[film == index].mean() for index in film.unique()])
        squared = (error[0] * part * use[..., None]).sum() / (part * use[..., None]).sum()
        results[label] = GapResult(
            len(nearest), right.mean().item(), float(by_film.std() / np.sqrt(len(by_film))) if len(by_film) > 1 else 0.0,
            (nearest == 1).double().mean().item(), float(10 * torch.log10(4 / squared)))
    return results
