"""Training one arm of the bench with one seed. A run can be stopped at any moment and goes on where it was."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from studio.backbones.panorama.denoiser import DenoiserConfig
from studio.lab.panorama.arms import Network
from studio.lab.panorama.films import Pose, draw_films
from studio.lab.panorama.forcing import FORCINGS, forced_loss
from studio.lab.panorama.learning import frame_query_loss, next_section_loss
from studio.lab.panorama.world import Columns, World, draw_walks
from studio.lab.train.resumable import Course, RunError, train_on

__all__ = ["Run", "RunError", "Trained", "train"]

SHORTEST, LONGEST = 8, 10
"""Sections of a film in training."""
BANK = 2048
"""Walks that training chooses from."""
EVERY = 200
"""Steps between checkpoints."""
DECAY = 0.999
"""Of the average of the weights, which is what is measured."""


@dataclass(frozen=True)
class Run:
    """One arm with one seed: everything that its weights depend on."""

    arm: str
    seed: int = 0
    pose: Pose = "known"
    world: World = field(default_factory=World)
    steps: int = 800
    batch: int = 4
    rate: float = 1e-3
    query: float = 0.0          # share of the steps that ask for frames of the past
    drop: float = 0.1           # share of the films without a memory
    forcing: str = "teacher"    # what sections go on from in the second half of the steps, see `forcing`
    network: DenoiserConfig = field(default_factory=DenoiserConfig)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Run:
        """The run that `asdict` gave."""
        return cls(**{**values, "world": World(**values["world"]), "network": DenoiserConfig(**values["network"])})

    @property
    def name(self) -> str:
        """The run's folder."""
        world = [f"w{self.world.columns}"] * (self.world.columns != 64) + [f"g{self.world.grid}"] * (self.world.grid != 4)
        parts = [self.arm, *([] if self.pose == "known" else [self.pose]), *world, *([] if self.world.closed else ["strip"]),
                 *([f"e{self.world.error:g}"] if self.world.error else []), *([f"q{self.query:g}"] if self.query else []),
                 *([] if self.forcing == "teacher" else [self.forcing]), *([] if self.steps == 800 else [f"{self.steps}"]),
                 str(self.seed)]
        return "-".join(parts)


@dataclass(frozen=True)
class Trained:
    """A network with the average of its weights, and what it cost."""

    network: Network
    steps: int
    seconds: float
    losses: list[float]         # means of EVERY steps


def train(run: Run, folder: Path, threads: int = 1, device: str = "cpu") -> Trained:
    """Train a run to its end, or go on with it; its checkpoint lies in folder/NAME/checkpoint.pt.

    Raises:
        RunError: the checkpoint there is of another run.
    """
    torch.set_num_threads(threads)
    torch.manual_seed(run.seed)
    network = Network(run.arm, run.network, run.pose).to(device)

    @cache
    def bank() -> Columns:
        """The walks to choose from, which a run that is at its end does not need."""
        return draw_walks(BANK, LONGEST, run.world, np.random.default_rng([run.seed, 1]))

    def step_loss(step: int) -> tuple[Tensor, bool]:
        """The loss of a step's films, and whether it is of the next section; frame query's is not."""
        rng = np.random.default_rng([run.seed, step])           # a step's films are the same in all arms, and after a stop
        asks = network.memory is not None and rng.random() < run.query
        sections, seed = int(rng.integers(SHORTEST, LONGEST + 1)), int(rng.integers(2**31))
        films, generator = draw_films(run.batch, sections, seed, run.world, run.pose, run.network.harmonics, bank())
        films = films.to(device)
        if asks:
            return frame_query_loss(network, films, generator), False
        if run.forcing != "teacher" and step >= run.steps // 2:
            return forced_loss(network, films, FORCINGS[run.forcing], run.drop, generator), True
        return next_section_loss(network, films, run.drop, generator), True

    path = folder / run.name / "checkpoint.pt"
    course = Course(run.name, asdict(run), run.steps, run.rate, DECAY, EVERY)
    done = train_on(network, path, course, step_loss)
    return Trained(network, done.steps, done.seconds, done.losses)
