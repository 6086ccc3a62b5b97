"""Teaching the continuation how far and where each prompt moves the picture: by the error of the moved latents, nothing else."""

from __future__ import annotations

import logging
from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from studio.diffusion.autoencoder import PatchVideoAutoencoder
from studio.diffusion.continuation import Continuation, move, places
from studio.training.reel import Batch, Encoded, Reel, Schedule, Stage

log = logging.getLogger(__name__)

AHEAD = 4
"""Latent frames looked at: later ones show little of the picture at full speed."""
WEIGHTS = (1.0, 0.5, 0.3, 0.2)
SHAKEN = 0.6
"""Share of the steps that are shaken and look at what was in view; the rest look at everything, which zooms need."""
COARSE = 32
"""Channels looked at: fine ones do not tell a direction."""


def clips(autoencoder: PatchVideoAutoencoder, seed: int, count: int, workers: int, size: tuple[int, int]) -> list[Encoded]:
    """Small films of one section in which only the camera moves, as latents."""
    plan = Schedule([Stage(1, (size,), 1, calm=True)], pool=1, warm=count, pace=0.0)
    reel = Reel(autoencoder, plan, seed + 40, image_size=16, sections=1)
    return list(DataLoader(reel, batch_size=None, sampler=range(count), num_workers=workers))


def teach_motion(
    continuation: Continuation, pooled: Callable[[list[str]], Tensor], autoencoder: PatchVideoAutoencoder, seed: int,
    steps: int = 3000, films: int = 1600, batch: int = 12, workers: int = 2, size: tuple[int, int] = (144, 112),
) -> float:
    """Train `continuation` in place; returns its error on the last tenth of the films, against 1 for a frame that stands still.

    The velocity is shaken, less and less: a small step the wrong way blurs, which is better than standing still, and the
    bilinear sampling shows the slope on one side only. Without that the ways to the left and up are not found. Only places
    that were in view count.
    """
    kept = clips(autoencoder, seed, films, workers, size)
    newest = torch.stack([film.stills[:, :1].float() for film in kept])
    target = torch.stack([film.latents[:, 1 : 1 + AHEAD].float() for film in kept])
    with torch.no_grad():
        text = torch.cat([pooled([film.captions[0] for film in kept[at : at + 64]]) for at in range(0, films, 64)]).float()
    held = max(1, films // 10)
    weights = torch.tensor(WEIGHTS).view(1, 1, -1, 1, 1)
    optimizer = torch.optim.AdamW(continuation.parameters(), lr=3e-3, weight_decay=0.0)
    draw = torch.Generator().manual_seed(seed)
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = 3e-3 * min(1.0, 2 * (1 - step / steps))
        at = torch.randint(films - held, (batch,), generator=draw)
        shaken = max(0.0, 1 - step / (SHAKEN * steps))
        velocity = continuation.velocity(text[at]) + shaken * torch.tensor([1.0, 1.0, 5.0]) * torch.randn(batch, 3, generator=draw)
        made = move(newest[at, :COARSE], velocity, AHEAD)
        inside = (places(velocity, AHEAD, *made.shape[-2:]).abs().amax(dim=-1) < 1).float().detach().unsqueeze(1)
        if not shaken:
            inside = torch.ones_like(inside)
        loss = ((made - target[at, :COARSE]).square() * weights * inside).mean() / (weights * inside).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        still = (newest[-held:] - target[-held:]).square().mean()
        error = float((continuation(newest[-held:], text[-held:], AHEAD) - target[-held:]).square().mean() / still)
    log.info("the continuation leaves %.1f %% of a standing frame's error", 100 * error)
    return error


@torch.no_grad()
def deviation(continuation: Continuation, batches: list[Batch], pooled: Callable[[list[str]], Tensor]) -> Tensor:
    """Deviation of (latent - continuation) over the window, per channel, [C]."""
    squares = []
    for batch in batches:
        base = continuation(batch.recent[:, :, -1:], pooled(batch.captions).float(), batch.target.shape[2])
        squares.append((batch.target - base).square().mean(dim=(0, 2, 3, 4)))
    return torch.stack(squares).mean(0).sqrt()
