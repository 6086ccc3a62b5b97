"""What the networks of the bench are trained on: the next section, and frames of the past that are asked for.

Letters: B films, N sections, T frames of a section, Q tokens in flight.
"""

from __future__ import annotations

import torch
from torch import Tensor

from studio.backbones.panorama.denoiser import Context
from studio.backbones.panorama.places import FRAMES, SIDE, Places
from studio.lab.panorama.arms import Network
from studio.lab.panorama.films import Films, draw_noise, draw_uniform

NOISY = 1.5
"""Times are u^NOISY for uniform u: more of them at the noisy end, where the memory matters."""


def next_section_loss(network: Network, films: Films, drop: float, generator: torch.Generator) -> Tensor:
    """Mean squared error of all sections' clean tokens, each from its true past; gradients go through all updates of the memory.

    Args:
        drop: share of the films that have no memory, so that none is a case the network knows.
    """
    clean = films.tokens
    time = draw_uniform(clean.shape[:2], generator, clean.device) ** NOISY
    noise = draw_noise(clean.shape, generator, clean.device)
    kept = draw_uniform(clean.shape[:1], generator, clean.device) >= drop
    memory = network.read_memory(films, films.frames, films.places, kept)
    at = time[..., None, None]
    made = network.denoiser(at * clean + (1 - at) * noise, time, films.places, network.newest(films), memory)
    return (made - clean).square().mean()


def frame_query_loss(network: Network, films: Films, generator: torch.Generator) -> Tensor:
    """The first stage of 2512.23851: one frame of the past is asked for, and all other frames are hidden behind noise.

    Each other frame is mixed with noise by a level of U(0.2, 1) before the memory sees it. The frame is asked for at its own place,
    without a newest section, after every section that comes later.
    """
    (films_count, sections), device = films.tokens.shape[:2], films.frames.device
    row = torch.arange(films_count, device=device)
    section = torch.randint(sections - 1, (films_count,), generator=generator).to(device)
    frame = torch.randint(FRAMES, (films_count,), generator=generator).to(device)
    level = 0.2 + 0.8 * draw_uniform((films_count, sections, FRAMES, 1, 1, 1), generator, device)
    level[row, section, frame] = 0
    hidden = (1 - level) * films.frames + level * draw_noise(films.frames.shape, generator, device)

    def asked(x: Tensor) -> Tensor:
        """[B, N, L, .] to the asked frame's tokens, for every section, [B, N, Q, .]."""
        frames = x.unflatten(2, (FRAMES, SIDE * SIDE))[row, section, frame]
        return frames[:, None].expand(-1, sections, -1, -1)

    clean, places = asked(films.tokens), Places(asked(films.places.known), asked(films.places.situation))
    time = draw_uniform((films_count, sections), generator, device) ** NOISY
    noise, at = draw_noise(clean.shape, generator, device), time[..., None, None]
    made = network.denoiser(at * clean + (1 - at) * noise, time, places, None, network.read_memory(films, hidden, places))
    later = (torch.arange(sections, device=device) > section[:, None]).float()
    return ((made - clean).square().mean(dim=(2, 3)) * later).sum() / later.sum()


@torch.no_grad()
def film_sections(network: Network, films: Films, remembered: Tensor | None, steps: int, noise: Tensor) -> Tensor:
    """Every section of the films, each from its true newest section, by Euler steps: tokens [B, N, L, PIXELS].

    Args:
        remembered: frames [B, N, T, 3, V, V] that the memory was written from; None: the network has no memory.
        steps: Euler steps. noise: [B, N, L, PIXELS].
    """
    memory: Context | None = None if remembered is None else network.read_memory(films, remembered, films.places)
    newest, x = network.newest(films), noise
    for step in range(steps):
        time = torch.full(x.shape[:2], step / steps, device=x.device)
        clean = network.denoiser(x, time, films.places, newest, memory)
        x = x + (clean - x) / (steps - step)
    return x
