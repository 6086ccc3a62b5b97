"""Training a learned memory on one task: to say what lies at places that it was shown earlier and not in the newest section."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from studio.backbones.animatic.autoencoder import VALUES
from studio.backbones.animatic.place_memory import PlaceMemory
from studio.lab.film_memory.arms import LearnedAnswers
from studio.lab.film_memory.films import Batch, prepare, shoot_film
from studio.lab.film_memory.pictures import load_or_draw, picture_names
from studio.lab.film_memory.walks import Stage, draw_walk
from studio.lab.train.checkpoints import load_checkpoint, save_checkpoint
from studio.lab.train.resumable import Course, Done, train_on

log = logging.getLogger(__name__)

SHORTEST, LONGEST = 8, 10
"""Sections of a film in training."""
STAY = 5
"""Sections that a film in training stays away, at most."""
EVERY = 50
"""Steps between checkpoints."""
WARM_UP = 30
"""Steps over which the rate rises."""
DECAY = 0.99
"""Of the average of the weights, which is what is measured."""


@dataclass(frozen=True)
class Run:
    """One arm with one seed: everything that its weights depend on, beside the embedded model."""

    arm: str
    seed: int = 0
    steps: int = 120
    batch: int = 2
    rate: float = 5e-4
    scenes: int = 44            # beside the photographs
    films: int = 192            # that training chooses from
    picture: tuple[int, int] = (640, 384)
    view: tuple[int, int] = (160, 96)

    @property
    def name(self) -> str:
        """The run's folder."""
        return f"{self.arm}-{self.seed}"

    @property
    def stage(self) -> Stage:
        """The sizes of pictures and views."""
        return Stage(self.picture, self.view)


@dataclass(frozen=True)
class Trained:
    """A memory with the average of its weights, and what it cost."""

    answers: LearnedAnswers
    done: Done


def load_or_make_batch(memory: PlaceMemory, run: Run, folder: Path) -> Batch:
    """The films that training chooses from, the same for all arms and seeds: read from the folder, or made and written there."""
    path = folder / f"films-{run.films}-{run.scenes}-{run.view[0]}x{run.view[1]}-{run.picture[0]}x{run.picture[1]}.pt"
    saved = load_checkpoint(path)
    if saved is None:
        names, rng = picture_names(run.scenes, held_out=False), np.random.default_rng(1)
        films = []
        for number in range(run.films):
            picture = load_or_draw(names[number % len(names)], run.picture, folder / "pictures")
            films.append(shoot_film(memory, picture, draw_walk(LONGEST, STAY, run.stage, rng), run.stage))
        saved = vars(prepare(memory, films))
        save_checkpoint(path, saved)
        log.info("%d films made", run.films)
    return Batch(**saved)


def make_answers(memory: PlaceMemory, run: Run) -> LearnedAnswers:
    """An arm's network with its first weights, and the deviations of the channels not yet known."""
    torch.manual_seed(run.seed)
    cells = (run.view[0] // 16 + 2) * (run.view[1] // 16 + 2)
    return LearnedAnswers(run.arm, len(memory.cells.stills), cells)


def train(memory: PlaceMemory, run: Run, folder: Path) -> Trained:
    """Train a run to its end, or go on with it; its checkpoint lies in folder/NAME/checkpoint.pt.

    Raises:
        RunError: the checkpoint there is of another run.
    """
    answers = make_answers(memory, run)
    films = cache(lambda: load_or_make_batch(memory, run, folder))
    path = folder / run.name / "checkpoint.pt"
    if not path.is_file():
        answers.deviation.copy_(films().truth.float().flatten(0, 2).square().mean(dim=0).sqrt())
    scale = memory.cells.autoencoder.scale[memory.cells.stills]

    def step_loss(step: int) -> tuple[Tensor, bool]:
        """The loss of a step, and that it counts."""
        rng = np.random.default_rng([run.seed, step])        # a step's films are the same in all arms, and after a stop
        chosen = torch.from_numpy(rng.integers(0, run.films, run.batch))
        batch = films().of(chosen, int(rng.integers(SHORTEST, LONGEST + 1)))
        return memory_loss(answers, batch, scale), True

    course = Course(run.name, asdict(run), run.steps, run.rate, DECAY, EVERY, WARM_UP)
    return Trained(answers, train_on(answers, path, course, step_loss))


def memory_loss(answers: LearnedAnswers, films: Batch, scale: Tensor) -> Tensor:
    """Mean squared error of the cells that only memory can know, in squares of a pixel's value, which is from -1 to 1.

    The autoencoder's basis is orthonormal, so this is the error in pixels, as far as the memorized channels show them.

    Args:
        answers: the network.
        films: what it is shown and asked.
        scale: of the memorized channels in the autoencoder, [K].
    """
    wanted = films.truth / answers.deviation
    error = ((answers(films) - wanted) * answers.deviation * scale).square().sum(dim=-1) / VALUES
    return (error * films.weight).sum() / films.weight.sum().clamp(min=1)
