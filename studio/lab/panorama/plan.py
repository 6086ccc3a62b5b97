"""Plans of the memory bench: TOML files that say what is asked, what was expected before the runs, and which runs answer it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from studio.backbones.panorama.denoiser import DenoiserConfig
from studio.lab.panorama.arms import ARMS
from studio.lab.panorama.films import Pose
from studio.lab.panorama.forcing import FORCINGS
from studio.lab.panorama.training import Run
from studio.lab.panorama.world import World
from studio.lab.train.recipe import RecipeError, read_recipe
from studio.tables import table

FOLDER = Path(__file__).parent / "plans"


@table
class Plan:
    """One figure of the bench."""

    question: str
    expected: str                           # written before the runs
    arms: tuple[str, ...]
    seeds: tuple[int, ...] = (0, 1, 2)
    steps: Annotated[int, Field(ge=1)] = 800
    batch: Annotated[int, Field(ge=1)] = 4
    pose: Pose = "known"
    columns: Annotated[int, Field(ge=32, multiple_of=8, description="a multiple of 8 from 32 on")] = 64
    grid: Annotated[int, Field(ge=1, le=4, description="1, 2, 3 or 4")] = 4
    closed: bool = True
    error: Annotated[float, Field(ge=0, description="columns a frame, 0 or more")] = 0.0
    harmonics: Annotated[int, Field(ge=1)] = 8
    query: tuple[float, ...] = (0.0,)       # shares of the steps that ask for frames of the past
    forcings: tuple[str, ...] = ("teacher",)
    films: Annotated[int, Field(ge=16, multiple_of=16, description="a multiple of 16")] = 64
    sections: tuple[int, ...] = (10,)       # lengths of the films that are measured
    alone: int = 0                          # sections of films that go on from their own sections; 0: not measured

    def runs(self) -> list[Run]:
        """All runs, seed by seed, so that an early look compares all arms."""
        world = World(self.columns, self.grid, self.closed, self.error)
        network = DenoiserConfig(harmonics=self.harmonics)
        return [
            Run(arm, seed, self.pose, world, self.steps, self.batch, query=share, forcing=forcing, network=network)
            for seed in self.seeds for arm in self.arms for forcing in self.forcings for share in self.query
            if arm != "window" or share == self.query[0]        # without a memory nothing can be asked for
        ]


def plans() -> list[str]:
    """Names of the plans that come with the bench."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def read_plan(name: str) -> Plan:
    """A plan by its name, or from a TOML file.

    Raises:
        RecipeError: there is no such plan, or it cannot be used.
    """
    path = FOLDER / f"{name}.toml" if name in plans() else Path(name)
    plan = read_recipe(path, Plan)
    if strangers := set(plan.arms) - set(ARMS):
        raise RecipeError(f"{path}: there is no arm '{sorted(strangers)[0]}'; the arms are {', '.join(ARMS)}.")
    if strangers := set(plan.forcings) - set(FORCINGS):
        raise RecipeError(f"{path}: there is no forcing '{sorted(strangers)[0]}'; there are {', '.join(FORCINGS)}.")
    return plan
