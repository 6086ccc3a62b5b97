"""A pool of encoded films that new films enter and old ones leave, and random batches of their sections.

Letters: B batch, C channels of the scene that the network sees, S side of the image encoder's picture, h and w latent height and
width.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from studio.backbones.animatic.autoencoder import LappedAutoencoder
from studio.lab.train.encoding import WINDOW, EncodedFilm, FilmSource, Truth, encode_film
from studio.memory.context_sizes import RECENT
from studio.tables import table


@table
class TrainingStage:
    """A part of the training with films of its own. Films and steps take turns with the sizes."""

    steps: Annotated[int, Field(ge=1, description="a whole number, at least 1")]
    sizes: Annotated[tuple[tuple[int, int], ...], Field(min_length=1, description="a list of [width, height] in pixels")]
    batch: Annotated[int, Field(ge=1, description="a whole number, at least 1")]       # sections a step
    calm: bool = False                                                                 # only the camera moves


@dataclass(frozen=True)
class SectionBatch:
    """Sections to learn from, with their histories."""

    truth: Truth                       # each field with a batch dimension in front
    start: Tensor                      # [B, C + 10, 1, h, w]
    recent: Tensor                     # [B, C + 10, 19, h, w]
    picture: Tensor                    # [B, 3, S, S] in [-1, 1]
    captions: list[str]

    def to(self, device: torch.device) -> SectionBatch:
        """The same batch on a device."""
        truth = Truth(*(getattr(self.truth, f.name).to(device) for f in fields(Truth)))
        return SectionBatch(truth, self.start.to(device), self.recent.to(device), self.picture.to(device), self.captions)


class FilmSchedule:
    """Which stage each step and each film belongs to, and how many films the pool must have taken in before a step."""

    def __init__(self, stages: Sequence[TrainingStage], pool: int, warm: int, pace: float) -> None:
        """
        Args:
            stages: in their order.
            pool: films of a stage that are kept, the newest.
            warm: films to take in before the first step.
            pace: films to take in at each step.
        """
        self.stages, self.pool, self.warm, self.pace = stages, pool, warm, pace
        ends = torch.tensor([stage.steps for stage in stages]).cumsum(0).tolist()
        self.step_ends: list[int] = ends
        # The films of the next stage are made before its steps begin, so that its first step finds `warm` films.
        self.film_ends = [self.films_before(end) - warm for end in ends[:-1]] + [self.films_before(ends[-1])]

    def films_before(self, step: int) -> int:
        """How many films must have been taken in before this step."""
        return self.warm + int(step * self.pace)

    def stage_of_step(self, step: int) -> int:
        """The index of the stage that a step belongs to."""
        return next((k for k, end in enumerate(self.step_ends) if step < end), len(self.stages) - 1)

    def stage_of_film(self, number: int) -> int:
        """The index of the stage that a film belongs to."""
        return next((k for k, end in enumerate(self.film_ends) if number < end), len(self.stages) - 1)

    def size(self, number: int) -> tuple[int, int]:
        """Width and height of a film in pixels."""
        sizes = self.stages[self.stage_of_film(number)].sizes
        return sizes[number % len(sizes)]

    def first_film(self, step: int) -> int:
        """The oldest film that is still in the pool at this step: a resumed run makes films from this one on."""
        stage = self.stage_of_step(step)
        begin = self.film_ends[stage - 1] if stage else 0
        return max(begin, min(self.film_ends[stage], self.films_before(step)) - self.pool)


class FilmDataset(Dataset[EncodedFilm]):
    """Item n is film number n, made and encoded."""

    def __init__(self, autoencoder: LappedAutoencoder, schedule: FilmSchedule, source: FilmSource, image_size: int) -> None:
        self.autoencoder, self.schedule, self.source, self.image_size = autoencoder, schedule, source, image_size

    def __getitem__(self, index: int) -> EncodedFilm:
        width, height = self.schedule.size(index)
        calm = self.schedule.stages[self.schedule.stage_of_film(index)].calm
        return encode_film(self.source(index, width, height, calm), self.autoencoder, self.image_size)


class FilmPool:
    """The newest films of each stage, and batches drawn from them; `number` is the next film to be taken in."""

    def __init__(self, films: FilmDataset, schedule: FilmSchedule, step: int, workers: int = 1) -> None:
        """
        Args:
            films: where films come from.
            schedule: which films are needed when.
            step: the first step that batches will be drawn for.
            workers: processes that make films; 0: this one does.
        """
        self.schedule = schedule
        self.number = schedule.first_film(step)
        numbers = range(self.number, schedule.films_before(schedule.step_ends[-1]))
        self._films: Iterator[EncodedFilm] = iter(DataLoader(
            films, batch_size=None, sampler=numbers, num_workers=workers, prefetch_factor=8 if workers else None,
        ))
        self._stages: list[deque[tuple[int, EncodedFilm]]] = [deque(maxlen=schedule.pool) for _ in schedule.stages]

    def batch(self, step: int, rng: torch.Generator) -> SectionBatch:
        """The batch of a step, drawn with `rng`; takes in the films that are due before. Steps must be asked for in order."""
        while self.number < self.schedule.films_before(step):
            self._stages[self.schedule.stage_of_film(self.number)].append((self.number, next(self._films)))
            self.number += 1
        index = self.schedule.stage_of_step(step)
        stage = self.schedule.stages[index]
        size = stage.sizes[step % len(stage.sizes)]
        choice = [film for number, film in self._stages[index] if self.schedule.size(number) == size]
        # A film may be drawn more than once for a batch: section, history and noise are drawn anew each time.
        return collate([draw_section(choice[_draw(len(choice), rng)], rng) for _ in range(stage.batch)])


def _draw(count: int, rng: torch.Generator) -> int:
    return int(torch.randint(count, (), generator=rng))


def draw_section(film: EncodedFilm, rng: torch.Generator) -> SectionBatch:
    """A random section of a film as a batch of one. The film begins at a random section up to this one, so histories differ."""
    section = _draw(len(film.sections), rng)
    begin = section if section == 0 or bool(torch.rand((), generator=rng) < 0.3) else _draw(section, rng)
    start = film.stills[:, begin : begin + 1].float()
    history = torch.cat([start, film.latents[:, 1 + WINDOW * begin : 1 + WINDOW * section].float()], dim=1)[:, -RECENT:]
    truth = film.truths[section]
    return SectionBatch(
        truth=Truth(*(getattr(truth, f.name).float()[None] for f in fields(Truth))),
        start=start[None],
        recent=F.pad(history, (0, 0, 0, 0, RECENT - history.shape[1], 0))[None],
        picture=film.pictures[begin].float()[None],
        captions=[film.sections[section].caption],
    )


def collate(parts: list[SectionBatch]) -> SectionBatch:
    """Several batches as one."""
    return SectionBatch(
        truth=Truth(*(torch.cat([getattr(part.truth, f.name) for part in parts]) for f in fields(Truth))),
        start=torch.cat([part.start for part in parts]),
        recent=torch.cat([part.recent for part in parts]),
        picture=torch.cat([part.picture for part in parts]),
        captions=[caption for part in parts for caption in part.captions],
    )
