"""The recipe of a forcing run: what is in its TOML file, and whether it makes sense. It knows no model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from studio.lab.train.forcing import ARMS
from studio.lab.train.keeping import RecipeError
from studio.lab.world import AWAY

PARTS = ("output", "all", "lora")


@dataclass(frozen=True)
class Recipe:
    """How a model is forced. Lengths in optimizer steps, sizes in pixels."""

    run: str
    model: str                                               # folder of the model to begin with
    arms: list[str]                                          # of forcing.ARMS
    seeds: list[int]
    curriculum: list[list[int]]                              # [sections, steps], one after the other
    part: str = "output"                                     # what is trained: norm_out and proj_out, all, or a LoRA; psi always
    rank: int = 16                                           # of the LoRA
    small: dict[str, int] = field(default_factory=dict)      # shape of a new small FramePack, instead of the folder's transformer
    memory: dict[str, Any] = field(default_factory=dict)     # config of a new SemanticPack, for a model with a velocity
    before: list[list[int]] = field(default_factory=list)    # [sections, steps] of the stage before
    before_part: str = "all"                                 # what is trained there: all, or the same as `part`
    before_rate: float = 1.0e-3
    width: int = 160
    height: int = 96
    sections: int = 8                                        # of a film
    films: int = 64
    away: float = 0.0                                        # share of the world's films that need a memory, see world.plan
    footage: str = ""                                        # folder of videos with captions, instead of the procedural world
    batch: int = 1                                           # films a step, one by one; processes share them out
    rate: float = 1.0e-4
    memory_rate: float = 1.0                                 # of the rate, for SemanticPack
    warmup: int = 20
    average: float = 0.99
    shift: float = 3.0                                       # of the sigmas of a model with a velocity
    noisy: float = 0.2                                       # see forcing.Settings, for this and the next three
    student_steps: int = 5
    level: float = 0.0
    reach: int = 4
    held_out: int = 8                                        # films that drift is measured on; 0: it is not
    drift_steps: int = 0                                     # of the sampler there; 0: the card's
    save_every: int = 20
    bfloat16: bool = False
    checkpointing: bool = False                              # activations are computed again: slower, a fraction of the memory
    threads: int = 1
    device: str = ""                                         # "cpu", "cuda"; "": the best there is


def checked(recipe: Recipe) -> Recipe:
    """The recipe itself.

    Raises:
        RecipeError: it asks for what there is not.
    """
    if strangers := sorted(set(recipe.arms) - set(ARMS)):
        raise RecipeError(f"There is no arm '{strangers[0]}'; there are {', '.join(ARMS)}.")
    if recipe.part not in PARTS:
        raise RecipeError(f"part is '{recipe.part}'; it must be one of {', '.join(PARTS)}.")
    if recipe.before_part not in ("all", recipe.part):
        raise RecipeError(f"before_part is '{recipe.before_part}'; it must be 'all', or '{recipe.part}' as part is.")
    for name, stages in (("curriculum", recipe.curriculum), ("before", recipe.before)):
        for stage in stages:
            if len(stage) != 2 or min(stage) < 1 or stage[0] > recipe.sections:
                raise RecipeError(
                    f"{name} holds {stage}: each entry is [sections, steps], with at most the {recipe.sections} sections of a film."
                )
    if not 0 <= recipe.away <= 1 or (recipe.away and recipe.sections < AWAY + 3):
        raise RecipeError(f"away is a share, and needs films of {AWAY + 3} sections at least: it is {recipe.away}.")
    if not recipe.curriculum or not recipe.arms or not recipe.seeds or min(recipe.films, recipe.batch) < 1:
        raise RecipeError("A run needs arms, seeds, a curriculum, films and a batch.")
    return recipe


def length(curriculum: Sequence[Sequence[int]], step: int) -> int:
    """How many sections of each film are gone through at this step."""
    for sections, steps in curriculum:
        if step < steps:
            return sections
        step -= steps
    return curriculum[-1][0]
