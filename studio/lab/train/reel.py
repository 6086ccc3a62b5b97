"""Films drawn from a pool that keeps moving on, and batches of their sections. It knows neither network nor how films are made.

Letters: B batch, C channels of the scene that the network sees, h and w latent height and width.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, fields

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from studio.backbones.animatic.autoencoder import LappedAutoencoder
from studio.lab.train.encoded import WINDOW, Encoded, Shoot, Truth, encoded
from studio.memory.context_sizes import RECENT


@dataclass(frozen=True)
class Stage:
    """So many steps at these sizes (width, height in pixels)."""

    steps: int
    sizes: tuple[tuple[int, int], ...]
    batch: int
    calm: bool = False                 # only the camera moves


@dataclass(frozen=True)
class Batch:
    """Sections to learn."""

    truth: Truth                       # each field with a batch dimension in front
    start: Tensor                      # [B, C + 10, 1, h, w]
    recent: Tensor                     # [B, C + 10, 19, h, w]
    picture: Tensor                    # [B, 3, S, S] in [-1, 1]
    captions: list[str]

    def to(self, device: torch.device) -> Batch:
        truth = Truth(*(getattr(self.truth, f.name).to(device) for f in fields(Truth)))
        return Batch(truth, self.start.to(device), self.recent.to(device), self.picture.to(device), self.captions)


class Schedule:
    """Which film belongs to which stage, and how many films there must be at a step."""

    def __init__(self, stages: list[Stage], pool: int, warm: int, pace: float) -> None:
        self.stages, self.pool, self.warm, self.pace = stages, pool, warm, pace
        ends = torch.tensor([stage.steps for stage in stages]).cumsum(0).tolist()
        self.step_ends: list[int] = ends
        # The films of the next stage begin before its steps do, so that its pool is warm in time.
        self.film_ends = [self.needed(end) - warm for end in ends[:-1]] + [self.needed(ends[-1])]

    def needed(self, step: int) -> int:
        """Films to have taken in before this step."""
        return self.warm + int(step * self.pace)

    def stage_of_step(self, step: int) -> int:
        return next((k for k, end in enumerate(self.step_ends) if step < end), len(self.stages) - 1)

    def stage_of_film(self, number: int) -> int:
        return next((k for k, end in enumerate(self.film_ends) if number < end), len(self.stages) - 1)

    def size(self, number: int) -> tuple[int, int]:
        sizes = self.stages[self.stage_of_film(number)].sizes
        return sizes[number % len(sizes)]

    def first(self, step: int) -> int:
        """The oldest film that a run resumed at this step can still see."""
        stage = self.stage_of_step(step)
        begin = self.film_ends[stage - 1] if stage else 0
        return max(begin, min(self.film_ends[stage], self.needed(step)) - self.pool)


class Reel(Dataset[Encoded]):
    """Film number n, encoded."""

    def __init__(self, autoencoder: LappedAutoencoder, schedule: Schedule, shoot: Shoot, image_size: int) -> None:
        self.autoencoder, self.schedule, self.shoot, self.image_size = autoencoder, schedule, shoot, image_size

    def __getitem__(self, index: int) -> Encoded:
        width, height = self.schedule.size(index)
        calm = self.schedule.stages[self.schedule.stage_of_film(index)].calm
        return encoded(self.shoot(index, width, height, calm), self.autoencoder, self.image_size)


class Pool:
    """The newest films of each stage, and batches drawn from them."""

    def __init__(self, reel: Reel, schedule: Schedule, step: int, workers: int = 1) -> None:
        self.schedule = schedule
        self.number = schedule.first(step)
        numbers = range(self.number, schedule.needed(schedule.step_ends[-1]))
        self._films: Iterator[Encoded] = iter(DataLoader(
            reel, batch_size=None, sampler=numbers, num_workers=workers, prefetch_factor=8 if workers else None,
        ))
        self._kept: list[deque[tuple[int, Encoded]]] = [deque(maxlen=schedule.pool) for _ in schedule.stages]

    def batch(self, step: int, rng: torch.Generator) -> Batch:
        """The batch of this step: the same whenever it is asked for."""
        while self.number < self.schedule.needed(step):
            kept = next(self._films)
            self._kept[self.schedule.stage_of_film(self.number)].append((self.number, kept))
            self.number += 1
        index = self.schedule.stage_of_step(step)
        stage = self.schedule.stages[index]
        size = stage.sizes[step % len(stage.sizes)]
        choice = [film for number, film in self._kept[index] if self.schedule.size(number) == size]
        # One film may be drawn more than once: its sections and noise differ.
        return collate([cut(choice[_draw(len(choice), rng)], rng) for _ in range(stage.batch)])


def _draw(count: int, rng: torch.Generator) -> int:
    return int(torch.randint(count, (), generator=rng))


def cut(kept: Encoded, rng: torch.Generator) -> Batch:
    """One section of a film with a history: none (sometimes), or the sections before it back to some start."""
    section = _draw(len(kept.sections), rng)
    begin = section if section == 0 or bool(torch.rand((), generator=rng) < 0.3) else _draw(section, rng)
    start = kept.stills[:, begin : begin + 1].float()
    history = torch.cat([start, kept.latents[:, 1 + WINDOW * begin : 1 + WINDOW * section].float()], dim=1)[:, -RECENT:]
    truth = kept.truths[section]
    return Batch(
        truth=Truth(*(getattr(truth, f.name).float()[None] for f in fields(Truth))),
        start=start[None],
        recent=F.pad(history, (0, 0, 0, 0, RECENT - history.shape[1], 0))[None],
        picture=kept.pictures[begin].float()[None],
        captions=[kept.sections[section].caption],
    )


def collate(parts: list[Batch]) -> Batch:
    """One batch of several."""
    return Batch(
        truth=Truth(*(torch.cat([getattr(part.truth, f.name) for part in parts]) for f in fields(Truth))),
        start=torch.cat([part.start for part in parts]),
        recent=torch.cat([part.recent for part in parts]),
        picture=torch.cat([part.picture for part in parts]),
        captions=[caption for part in parts for caption in part.captions],
    )
