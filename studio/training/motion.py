"""Teaching the continuation how far and where each prompt moves the picture: by the error of the moved latents, nothing else."""

from __future__ import annotations

import logging
from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from studio.diffusion.autoencoder import PatchVideoAutoencoder
from studio.diffusion.continuation import Continuation, move
from studio.training.reel import Batch, Encoded, Reel, Schedule, Stage

log = logging.getLogger(__name__)

WEIGHTS = (1.0, 0.5, 0.3, 0.2, 0.15, 0.12, 0.1, 0.1, 0.1)
"""Of the latent frames ahead: pans are found in the near ones, zooms in the far ones."""
AHEAD = len(WEIGHTS)
SIZES = ((192, 128), (128, 192), (160, 160))
COARSE = 32
"""Channels looked at: fine ones do not tell a direction."""


def clips(autoencoder: PatchVideoAutoencoder, seed: int, count: int, workers: int, size: tuple[int, int]) -> list[Encoded]:
    """Small films of one section in which only the camera moves, as latents."""
    plan = Schedule([Stage(1, (size,), 1, calm=True)], pool=1, warm=count, pace=0.0)
    reel = Reel(autoencoder, plan, seed + 40, image_size=16, sections=1)
    return list(DataLoader(reel, batch_size=None, sampler=range(count), num_workers=workers))


def teach_motion(
    continuation: Continuation, pooled: Callable[[list[str]], Tensor], autoencoder: PatchVideoAutoencoder, seed: int,
    steps: int = 3000, films: int = 330, batch: int = 12, workers: int = 2, sizes: tuple[tuple[int, int], ...] = SIZES,
) -> float:
    """Train `continuation` in place; returns its error on the last tenth of the films, against 1 for a frame that stands still.

    The velocity is shaken, less and less: a small step the wrong way blurs, which is better than standing still, and the
    bilinear sampling shows the slope on one side only. Without that the ways to the left and up are not found.
    """
    reels = [_reel(clips(autoencoder, seed + k - 1, films, workers, size), pooled) for k, size in enumerate(sizes)]
    held = max(1, films // 10)
    weights = torch.tensor(WEIGHTS).view(1, 1, -1, 1, 1)
    optimizer = torch.optim.AdamW(continuation.parameters(), lr=3e-3, weight_decay=0.0)
    draw = torch.Generator().manual_seed(seed - 1)
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = 3e-3 * min(1.0, 2 * (1 - step / steps))
        text, newest, target = reels[step % len(reels)]
        at = torch.randint(films - held, (batch,), generator=draw)
        shaken = max(0.0, 1 - step / (0.75 * steps)) * torch.tensor([1.0, 1.0, 5.0])
        velocity = continuation.velocity(text[at]) + shaken * torch.randn(batch, 3, generator=draw)
        loss = ((move(newest[at, :COARSE], velocity, AHEAD) - target[at, :COARSE]).square() * weights).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        left = sum(float((continuation(n[-held:], t[-held:], AHEAD) - x[-held:]).square().mean()) for t, n, x in reels)
        still = sum(float((n[-held:] - x[-held:]).square().mean()) for _, n, x in reels)
    log.info("the continuation leaves %.1f %% of a standing frame's error", 100 * left / still)
    return left / still


@torch.no_grad()
def _reel(kept: list[Encoded], pooled: Callable[[list[str]], Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    """Pooled captions [N, P], newest latents [N, C, 1, h, w] and those ahead [N, C, 9, h, w] of films."""
    text = torch.cat([pooled([film.captions[0] for film in kept[at : at + 64]]) for at in range(0, len(kept), 64)]).float()
    newest = torch.stack([film.stills[:, :1].float() for film in kept])
    return text, newest, torch.stack([film.latents[:, 1 : 1 + AHEAD].float() for film in kept])


@torch.no_grad()
def deviation(continuation: Continuation, batches: list[Batch], pooled: Callable[[list[str]], Tensor]) -> Tensor:
    """Deviation of (latent - continuation) over the window, per channel, [C]."""
    squares = []
    for batch in batches:
        base = continuation(batch.recent[:, :, -1:], pooled(batch.captions).float(), batch.target.shape[2])
        squares.append((batch.target - base).square().mean(dim=(0, 2, 3, 4)))
    return torch.stack(squares).mean(0).sqrt()
