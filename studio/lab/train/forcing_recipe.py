"""The recipe of a forcing run, and the checks that need more than one of its keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Annotated, Any

from pydantic import Field

from studio.lab.train.forcing import ARMS
from studio.lab.train.recipe import RecipeError
from studio.lab.train.shapes import CoarseShape
from studio.lab.world import RECENT_SECTIONS
from studio.tables import table

AtLeastOne = Annotated[int, Field(ge=1, description="at least 1")]
PARTS = ("output", "all", "lora")
NEXT, QUERY = "next", "query"
Stages = tuple[tuple[int, ...], ...]
"""Pairs of sections and steps: so many optimizer steps with films of so many sections, one stage after the other."""


@table
class ForcingRecipe:
    """How a model is forced. Lengths in optimizer steps, sizes in pixels."""

    run: str                                                 # folder of the run
    model: str                                               # folder of the model to begin with
    arms: tuple[str, ...]                                    # of forcing.ARMS
    seeds: tuple[int, ...]
    curriculum: Stages
    part: str = "output"                                     # what is trained: norm_out and proj_out, all, or a LoRA; psi always
    rank: int = 16                                           # of the LoRA
    small: CoarseShape | None = None                         # of a new small FramePack, instead of the folder's transformer
    memory: dict[str, Any] = field(default_factory=dict)     # config of a new SemanticPack; empty: the model's own memory or none
    # with kind = "frame-preservation": config of a new history encoder
    before: Stages = ()                                      # the stage before: teacher forcing
    before_task: str = NEXT                                  # learned there: the next section, or in its place frames asked for
    before_part: str = "all"                                 # what is trained there: all, or the same as `part`
    before_rate: float = 1.0e-3
    width: int = 160
    height: int = 96
    sections: int = 8                                        # of a film
    films: AtLeastOne = 64
    away: float = 0.0                                        # share of the world's films that need a memory, see `random_script`
    footage: str = ""                                        # folder of videos with captions, instead of the procedural world
    batch: AtLeastOne = 1                                    # films a step; processes share them
    rate: float = 1.0e-4
    memory_rate: float = 1.0                                 # learning rate of SemanticPack, in multiples of `rate`
    warmup: int = 20
    average: float = 0.99                                                # decay of the weights' moving average
    shift: float = 3.0                                                   # of the sigmas of a model with a velocity
    noisy: Annotated[float, Field(ge=0, description="0 or more")] = 0.2  # these four: see forcing.ForcingSettings
    student_steps: AtLeastOne = 5
    level: float = 0.0
    reach: AtLeastOne = 4
    held_out: int = 8                                        # films that drift is measured on; 0: it is not measured
    drift_steps: int = 0                                     # of the sampler there; 0: the card's
    save_every: int = 20
    bfloat16: bool = False
    checkpointing: bool = False                              # gradient checkpointing: slower, in a fraction of the memory
    threads: int = 1
    device: str = ""                                         # "cpu", "cuda"; empty: the best there is


def check_recipe(recipe: ForcingRecipe) -> ForcingRecipe:
    """The recipe itself, if its values fit together.

    Raises:
        RecipeError: they do not.
    """
    if unknown := sorted(set(recipe.arms) - set(ARMS)):
        raise RecipeError(f"There is no arm '{unknown[0]}'; there are {', '.join(ARMS)}.")
    if recipe.part not in PARTS:
        raise RecipeError(f"part is '{recipe.part}'; it must be one of {', '.join(PARTS)}.")
    if recipe.before_part not in ("all", recipe.part):
        raise RecipeError(f"before_part is '{recipe.before_part}'; it must be 'all', or '{recipe.part}' as part is.")
    if recipe.before_task not in (NEXT, QUERY):
        raise RecipeError(f"before_task is '{recipe.before_task}'; it must be '{NEXT}' or '{QUERY}'.")
    if recipe.before_task == QUERY and not (recipe.before and recipe.memory):
        raise RecipeError(f"before_task '{QUERY}' trains a new memory in the stage before: give [memory] and before.")
    for name, stages in (("curriculum", recipe.curriculum), ("before", recipe.before)):
        for stage in stages:
            if len(stage) != 2 or min(stage) < 1 or stage[0] > recipe.sections:
                limit = f"at most the {recipe.sections} sections of a film"
                raise RecipeError(f"{name} holds {list(stage)}: each entry is [sections, steps], with {limit}.")
    if not 0 <= recipe.away <= 1 or (recipe.away and recipe.sections < RECENT_SECTIONS + 3):
        raise RecipeError(f"away is a share, and needs films of {RECENT_SECTIONS + 3} sections at least: it is {recipe.away}.")
    if not recipe.curriculum or not recipe.arms or not recipe.seeds:
        raise RecipeError("A run needs arms, seeds and a curriculum.")
    return recipe


def sections_at(curriculum: Sequence[Sequence[int]], step: int) -> int:
    """How many sections of each film are gone through at a step."""
    for sections, steps in curriculum:
        if step < steps:
            return sections
        step -= steps
    return curriculum[-1][0]
