"""How films go wrong that go on from their own sections: what is left of the first section whenever the camera is back there.

Only the first section is true; all else the network has painted itself. So what lies where the first section was is told from its
truth, and everything by its contrast, which errors raise or wash out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from studio.backbones.panorama.places import PATCH, VIEW
from studio.lab.panorama.arms import Network
from studio.lab.panorama.evaluation import BATCH, CHOICES, HELD_OUT, STEPS
from studio.lab.panorama.films import columns_out_of_reach, draw_noise, film_walks
from studio.lab.panorama.forcing import film_alone
from studio.lab.panorama.training import Run
from studio.lab.panorama.world import draw_returns, take_views

PARTS = ((2, 5), (6, 10), (11, 20), (21, 40))
"""Sections, from the first one on, over which figures are taken together."""


@dataclass(frozen=True)
class DriftResult:
    """Of the sections of one part of the films."""

    parts: int          # frames that show a part of the first section which only the memory can know
    identity: float     # share of these parts nearest to their own panorama, of CHOICES
    psnr: float         # dB of them, to the truth
    contrast: float     # deviation of all pixels of a frame over that of true frames


def measure_drift(network: Network, run: Run, films: int, sections: int) -> dict[str, DriftResult]:
    """Films that leave the first section's place and come back, `films` of them (a multiple of 16)."""
    errors, masks, contrasts, device = [], [], [], next(network.parameters()).device
    for index in range(-(-films // BATCH)):
        generator, rng = torch.Generator().manual_seed(HELD_OUT + index), np.random.default_rng(HELD_OUT + index)
        batch = film_walks(draw_returns(BATCH, sections, run.world, rng), run.world, run.pose, run.network.harmonics, generator)
        made = film_alone(network, batch.to(device), STEPS, draw_noise(batch.tokens.shape, generator, device)).cpu()
        walks = torch.from_numpy(batch.walks)
        truths = [take_views(batch.panoramas.roll(shift, dims=0), walks) for shift in range(CHOICES)]
        errors.append(torch.stack([(made - truth).square().mean(dim=(3, 4)) for truth in truths]))
        contrasts.append(made.std(dim=(3, 4, 5)) / batch.frames.std(dim=(3, 4, 5)).mean())           # [B, N, T]
        columns = (walks[..., None] + torch.arange(VIEW)) % run.world.columns                           # [B, N, T, V]
        first = (columns[..., None] == columns[:, :1, :, :].flatten(1)[:, None, None, None]).any(dim=-1)
        masks.append(first & columns_out_of_reach(batch)[1])
    error, mask, contrast = torch.cat(errors, dim=1), torch.cat(masks), torch.cat(contrasts)
    results = {}
    for first_section, last in PARTS:
        part = mask[:, first_section - 1 : last]
        use = part.sum(dim=3) >= PATCH
        if not use.any():
            continue
        own = error[:, :, first_section - 1 : last]
        nearest = ((own * part).sum(dim=4)[:, use] / part.sum(dim=3)[use]).argmin(dim=0)
        kept = part & use[..., None]
        results[f"{first_section}-{last}"] = DriftResult(
            len(nearest), (nearest == 0).double().mean().item(), float(10 * torch.log10(4 / ((own[0] * kept).sum() / kept.sum()))),
            contrast[:, first_section - 1 : last].mean().item())
    return results
