"""What a network of the bench is trained to go on from: true sections, noisy ones, or its own; and films it makes all by itself.

A network that was only ever given true sections goes on from its own, with their errors, when it films: errors add up. The arms are
those of 2510.01784, section 3.3: teacher forcing, noise on the history (2407.01392), Direct Forcing, whose history is the network's
estimate of the clean section from one step, and student forcing, whose history was sampled.

Letters: B films, N sections, T frames of a section, L tokens of a section.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from studio.backbones.panorama.denoiser import Context
from studio.backbones.panorama.places import Places, to_frames, to_tokens
from studio.lab.panorama.arms import Network
from studio.lab.panorama.films import Films, draw_noise, draw_uniform
from studio.lab.panorama.learning import NOISY, film_sections
from studio.memory.learned import Question, SectionTokens

NOISE = 0.3
"""Most noise on a history, in standard deviations."""
STUDENT_STEPS = 4
"""Euler steps of a sampled history."""


def teacher(network: Network, films: Films, generator: torch.Generator) -> Tensor:
    """The true frames, [B, N, T, 3, V, V]."""
    return films.frames


def noise(network: Network, films: Films, generator: torch.Generator) -> Tensor:
    """The true frames with noise, of another strength for each section."""
    device = films.frames.device
    level = NOISE * draw_uniform((*films.frames.shape[:2], 1, 1, 1, 1), generator, device)
    return films.frames + level * draw_noise(films.frames.shape, generator, device)


@torch.no_grad()
def direct(network: Network, films: Films, generator: torch.Generator) -> Tensor:
    """The network's estimates of all sections from one step, each from its true past."""
    clean = films.tokens
    time = draw_uniform(clean.shape[:2], generator, clean.device) ** NOISY
    at = time[..., None, None]
    noisy = at * clean + (1 - at) * draw_noise(clean.shape, generator, clean.device)
    memory = network.read_memory(films, films.frames, films.places)
    return _keep_first(films, network.denoiser(noisy, time, films.places, network.newest(films), memory))


@torch.no_grad()
def student(network: Network, films: Films, generator: torch.Generator) -> Tensor:
    """The network's samples of all sections, each from its true past."""
    drawn = draw_noise(films.tokens.shape, generator, films.frames.device)
    remembered = None if network.memory is None else films.frames
    return _keep_first(films, film_sections(network, films, remembered, STUDENT_STEPS, drawn))


Forcing = Callable[[Network, Films, torch.Generator], Tensor]
FORCINGS: dict[str, Forcing] = {"teacher": teacher, "noise": noise, "direct": direct, "student": student}


def _keep_first(films: Films, tokens: Tensor) -> Tensor:
    """Frames of tokens [B, N, L, PIXELS], with the true first section: a film begins with its reference."""
    frames = to_frames(tokens)
    return torch.cat([films.frames[:, :1], frames[:, 1:]], dim=1)


def forced_loss(network: Network, films: Films, forcing: Forcing, drop: float, generator: torch.Generator) -> Tensor:
    """Mean squared error of all sections' clean tokens, each from a history that `forcing` makes."""
    history = replace(films, frames=forcing(network, films, generator))
    clean = films.tokens
    time = draw_uniform(clean.shape[:2], generator, clean.device) ** NOISY
    kept, at = draw_uniform(clean.shape[:1], generator, clean.device) >= drop, time[..., None, None]
    noisy = at * clean + (1 - at) * draw_noise(clean.shape, generator, clean.device)
    memory = network.read_memory(history, history.frames, films.places, kept)
    return (network.denoiser(noisy, time, films.places, network.newest(history), memory) - clean).square().mean()


@torch.no_grad()
def film_alone(network: Network, films: Films, steps: int, drawn: Tensor) -> Tensor:
    """Films that go on from their own sections, as a studio makes them: only the first section is true.

    Args:
        steps: Euler steps. drawn: noise [B, N, L, PIXELS].

    Returns:
        Frames [B, N, T, 3, V, V].
    """
    memory, count = network.memory, films.frames.shape[1]
    made, newest, psi = films.frames[:, :1], None, None if memory is None else memory.begin(len(films.frames))
    frames = [made]
    for n in range(count - 1):
        place, after = _section(films.places, n), _section(films.places, n + 1)
        placed = network.denoiser.place(place.features)
        tokens = network.denoiser.clean(to_tokens(made)) + placed
        newest, read = Context(tokens), None
        if memory is not None and psi is not None:
            section = SectionTokens(made.flatten(0, 1).transpose(1, 2), tokens[:, 0], placed[:, 0], network.key(place)[:, 0])
            psi = memory.update(psi, section)
            question = Question(network.denoiser.place(after.features)[:, 0], network.key(after)[:, 0])
            read = Context(memory.read(psi, question)[:, None])
        x = drawn[:, n + 1 : n + 2]
        for step in range(steps):
            clean = network.denoiser(x, torch.full(x.shape[:2], step / steps, device=x.device), after, newest, read)
            x = x + (clean - x) / (steps - step)
        made = to_frames(x)
        frames.append(made)
    return torch.cat(frames, dim=1)


def _section(places: Places, n: int) -> Places:
    return Places(places.known[:, n : n + 1], places.situation[:, n : n + 1])
