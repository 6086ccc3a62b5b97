"""Procedural films as latents, rendered beside the training and drawn from a pool that keeps moving on. It knows no model but
the autoencoder.

Letters: C latent channels, n sections of a film, h and w latent height and width, W the window (9).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from studio.diffusion.autoencoder import PatchVideoAutoencoder
from studio.memory.framepack import RECENT
from studio.training.world import FRAMES, film

WINDOW = FRAMES // 4


@dataclass(frozen=True)
class Encoded:
    """A film as latents."""

    latents: Tensor                # [C, 1 + 9 n, h, w] float16
    stills: Tensor                 # [C, n, h, w] float16: the frame before each section as a film's first frame
    pictures: Tensor               # [n, 3, S, S] float16: the same frames for the image encoder
    captions: tuple[str, ...]


@dataclass(frozen=True)
class Stage:
    """So many steps at these sizes (width, height in pixels)."""

    steps: int
    sizes: tuple[tuple[int, int], ...]
    batch: int
    calm: bool = False             # only the camera moves


@dataclass(frozen=True)
class Batch:
    """Sections to learn."""

    target: Tensor                 # [B, C, 9, h, w]
    start: Tensor                  # [B, C, 1, h, w]
    recent: Tensor                 # [B, C, 19, h, w]
    picture: Tensor                # [B, 3, S, S] in [-1, 1]
    captions: list[str]


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
        return next(k for k, end in enumerate(self.step_ends) if step < end)

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

    def __init__(
        self, autoencoder: PatchVideoAutoencoder, schedule: Schedule, seed: int, image_size: int, sections: int = 3
    ) -> None:
        self.autoencoder, self.schedule, self.seed = autoencoder, schedule, seed
        self.image_size, self.sections = image_size, sections

    @torch.no_grad()
    def __getitem__(self, index: int) -> Encoded:
        width, height = self.schedule.size(index)
        calm = self.schedule.stages[self.schedule.stage_of_film(index)].calm
        made = film(self.seed * 100_000_000 + index, width, height, self.sections, calm)
        frames = made.frames.float() / 127.5 - 1                                        # [T, 3, H, W]
        groups = frames[1:].unflatten(0, (-1, 4)).transpose(1, 2)                         # [9 n, 3, 4, H, W]
        before = frames[: -1 : FRAMES]                                                    # [n, 3, H, W]
        groups = torch.cat([groups, before.unsqueeze(2).expand(-1, -1, 4, -1, -1)])
        latents = torch.cat([self.autoencoder.encode_group(part) for part in groups.split(6)]).half().transpose(0, 1)
        stills = latents[:, -self.sections :]
        size = (self.image_size, self.image_size)
        return Encoded(
            latents=torch.cat([stills[:, :1], latents[:, : -self.sections]], dim=1).contiguous(),
            stills=stills.contiguous(),
            pictures=F.interpolate(before, size, mode="bilinear", antialias=True, align_corners=False).half(),
            captions=tuple(section.caption for section in made.sections),
        )


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
    """One section of a film with a history: none (half of the time), or the sections before it back to some start."""
    sections = len(kept.captions)
    section = _draw(sections, rng)
    begin = section if section == 0 or bool(torch.rand((), generator=rng) < 0.35) else _draw(section, rng)
    start = kept.stills[:, begin : begin + 1].float()
    history = torch.cat([start, kept.latents[:, 1 + WINDOW * begin : 1 + WINDOW * section].float()], dim=1)[:, -RECENT:]
    recent = F.pad(history, (0, 0, 0, 0, RECENT - history.shape[1], 0))
    return Batch(
        target=kept.latents[:, 1 + WINDOW * section : 1 + WINDOW * (section + 1)].float()[None],
        start=start[None],
        recent=recent[None],
        picture=kept.pictures[begin].float()[None],
        captions=[kept.captions[section]],
    )


def collate(parts: list[Batch]) -> Batch:
    """One batch of several."""
    return Batch(
        target=torch.cat([part.target for part in parts]),
        start=torch.cat([part.start for part in parts]),
        recent=torch.cat([part.recent for part in parts]),
        picture=torch.cat([part.picture for part in parts]),
        captions=[caption for part in parts for caption in part.captions],
    )
