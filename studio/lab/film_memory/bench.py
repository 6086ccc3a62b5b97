"""Carries out the comparison: trains what is not trained yet, measures it, and keeps the results beside the checkpoints."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch

from studio.backbones.animatic.parts import animatic_parts
from studio.backbones.animatic.place_memory import PlaceMemory
from studio.backbones.film_model import FilmModel
from studio.disk import atomic_write
from studio.lab.film_memory.arms import ARMS, Answers, MapAnswers, NoAnswers
from studio.lab.film_memory.evaluation import Costs, HeldOut, Score, ceilings, evaluate, held_out_films, measure_costs
from studio.lab.film_memory.training import Run, train
from studio.lab.panorama.arms import count_parameters
from studio.lab.train.recipe import RecipeError, read_recipe
from studio.memory.scene_map import MapSqueeze
from studio.tables import table

log = logging.getLogger(__name__)

PLAN = Path(__file__).with_name("plan.toml")


@table
class Plan:
    """What is compared."""

    question: str
    expected: str                                   # written before the runs
    arms: tuple[str, ...]
    seeds: tuple[int, ...] = (0,)
    films: tuple[int, ...] = (10, 5)               # that are measured, of each length
    sections: tuple[int, ...] = (10, 40)            # lengths


@dataclass(frozen=True)
class ArmResult:
    """What came out of one arm with one seed."""

    arm: str
    seed: int
    parameters: int                                 # that were trained
    steps: int
    losses: list[float]
    costs: Costs
    scores: dict[int, list[Score]]                  # by the films' length in sections


def read_plan(path: Path = PLAN) -> Plan:
    """The plan that comes with the lab, or another one.

    Raises:
        RecipeError: it cannot be used.
    """
    plan = read_recipe(path, Plan)
    if strangers := set(plan.arms) - set(ARMS):
        raise RecipeError(f"{path}: there is no arm '{sorted(strangers)[0]}'; the arms are {', '.join(ARMS)}.")
    if len(plan.films) != len(plan.sections):
        raise RecipeError(f"{path}: films and sections must be as many.")
    return plan


def map_memory(model: FilmModel) -> PlaceMemory:
    """The map of the embedded model.

    Raises:
        ValueError: the model has none.
    """
    try:
        memory = animatic_parts(model).place_memory
    except TypeError:
        memory = None
    if memory is None or not isinstance(memory.pack.squeeze, MapSqueeze):
        raise ValueError(f"The memory of '{model.card.name}' is no map: choose a model like memorypack-mini.")
    return memory


def carry_out(
    plan: Plan, memory: PlaceMemory, folder: Path, only: Sequence[str] = (), seeds: Sequence[int] = (), threads: int = 1
) -> list[ArmResult]:
    """The results of all arms and seeds of a plan.

    Args:
        plan: what is compared.
        memory: the embedded model's.
        folder: where checkpoints, films and results lie.
        only: arms; empty: all.
        seeds: empty: the plan's.
        threads: of torch.

    Raises:
        RunError: a checkpoint there is of another run.
    """
    torch.set_num_threads(threads)
    settings = Run("map")
    lengths = list(zip(plan.sections, plan.films, strict=True))
    films = cache(lambda: [held_out_films(memory, settings, sections, count, folder) for sections, count in lengths])
    results: list[ArmResult] = []
    for seed in seeds or plan.seeds:
        for arm in only or plan.arms:
            if arm in ("map", "none") and any(result.arm == arm for result in results):
                continue                            # what is not trained has no seeds
            path = folder / f"{arm}-{seed}" / "result.json"
            if path.is_file():
                results.append(read_result(path))
                continue
            found = _carry_out_arm(Run(**{**asdict(settings), "arm": arm, "seed": seed}), memory, folder, plan, films())
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(path) as temporary:
                temporary.write_text(json.dumps(asdict(found)) + "\n", "utf-8")
            results.append(found)
    return results


def _carry_out_arm(run: Run, memory: PlaceMemory, folder: Path, plan: Plan, films: list[list[HeldOut]]) -> ArmResult:
    """Train and measure one arm."""
    scores: dict[int, list[Score]] = {}
    answers: Answers
    parameters, steps, losses = 0, 0, list[float]()
    if run.arm == "none":
        answers = NoAnswers(len(memory.cells.stills))
    elif run.arm == "map":
        answers = MapAnswers(memory)
        for sections, some in zip(plan.sections, films, strict=True):
            scores[sections] = ceilings(memory, some)
    else:
        trained = train(memory, run, folder)
        answers, parameters = trained.answers, count_parameters(trained.answers)
        steps, losses = trained.done.steps, trained.done.losses
    for sections, some in zip(plan.sections, films, strict=True):
        log.info("%s: measuring %d films of %d sections", run.name, len(some), sections)
        scores[sections] = scores.get(sections, []) + evaluate(memory, answers, some)
    return ArmResult(run.arm, run.seed, parameters, steps, losses, measure_costs(answers, films[-1][0], plan.sections), scores)


def read_result(path: Path) -> ArmResult:
    """The result that was written for an arm."""
    values: dict[str, Any] = json.loads(path.read_text("utf-8"))
    costs = Costs(**{**values["costs"], "kilobytes": {int(n): size for n, size in values["costs"]["kilobytes"].items()}})
    scores = {int(n): [Score(**score) for score in some] for n, some in values["scores"].items()}
    return ArmResult(**{**values, "costs": costs, "scores": scores})
