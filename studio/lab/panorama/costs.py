"""What a memory of the bench costs: time to take a section in and to read, and bytes of psi, from the first section to the last."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from studio.lab.panorama.arms import Network
from studio.lab.panorama.films import draw_films
from studio.lab.panorama.training import LONGEST, Run
from studio.memory.learned import Question, SectionTokens

SECTIONS, LOOK = 200, 20
"""Sections that a film has, and over how many at its beginning and end times are taken."""


@dataclass(frozen=True)
class Costs:
    """Of one film, section by section. Zeros without a memory."""

    tokens_first: int       # read by the second section
    tokens_last: int        # read by the last of SECTIONS
    bytes_first: int        # of psi after the first section, in float32
    bytes_last: int
    early: float            # milliseconds of a read and an update, medians of LOOK sections, after a warm-up
    late: float


def measure_costs(network: Network, run: Run) -> Costs:
    """One film of SECTIONS sections goes through the memory, one after the other."""
    memory = network.memory
    if memory is None:
        return Costs(0, 0, 0, 0, 0.0, 0.0)
    films, _ = draw_films(1, LONGEST, 0, run.world, run.pose, run.network.harmonics)
    films = films.to(next(network.parameters()).device)
    places, placed = network.key(films.places), network.denoiser.place(films.places.features)
    tokens = network.denoiser.clean(films.tokens) + placed
    psi, times, counts, sizes = memory.begin(1), list[float](), list[int](), list[int]()
    for n in range(SECTIONS):
        at = n % LONGEST
        began = time.perf_counter()
        read = memory.read(psi, Question(placed[:, at], places[:, at]))
        section = SectionTokens(films.frames[:, at].transpose(1, 2), tokens[:, at], placed[:, at], places[:, at])
        psi = memory.update(psi, section)
        times.append(1000 * (time.perf_counter() - began))
        counts.append(read.shape[1])
        sizes.append(psi.numel() * psi.element_size())
    early, late = times[LOOK : 2 * LOOK], times[-LOOK:]
    return Costs(counts[1], counts[-1], sizes[0], sizes[-1], float(np.median(early)), float(np.median(late)))


