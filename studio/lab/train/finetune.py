"""The loop of a forcing run: trains every arm of a recipe with every seed, resumes where it stopped, and measures the drift.

All arms begin with the same weights and are trained on the same films in the same order with the same noise, for the same number of
optimizer steps. What they cost (forward passes, seconds) is in their curves. A step goes through its films one by one, so a larger
batch takes no more memory. Several processes share the films of a step:

    accelerate launch --multi_gpu --num_processes 4 -m studio.lab train force RECIPE      # four GPUs
    torchrun --nproc_per_node 2 -m studio.lab train force RECIPE                          # two processes on a CPU

Each process holds the complete model, and the steps are the same as one process's.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import nn

from studio.backbones.framepack.backbone import require_framepack
from studio.lab.train.checkpoints import WeightAverage, load_checkpoint, save_checkpoint
from studio.lab.train.curve import Curve
from studio.lab.train.drift_results import DriftResults
from studio.lab.train.film_store import held_out_films, load_or_make_films
from studio.lab.train.forcing import Draws, ForcingLosses, ForcingSettings, force
from studio.lab.train.forcing_recipe import QUERY, ForcingRecipe, check_recipe, sections_at
from studio.lab.train.frame_query import AnswersQueries, query
from studio.lab.train.latent_film import LatentFilm
from studio.lab.train.parts import parameter_count
from studio.lab.train.processes import Processes
from studio.lab.train.recipe import RecipeError, read_recipe
from studio.lab.train.schedules import warm_up
from studio.lab.train.trainee import Trainee, load_memory, load_weights, new_trainee, save_trained

log = logging.getLogger(__name__)

BY_FILM = "by film"
"""Marks a checkpoint whose steps drew the noise of each film separately. Older ones drew it for all films of a step together."""
BASE = "base"
"""Name of the stage before the arms, once for each seed: teacher forcing, or frame queries."""


@dataclass
class ForcingRun:
    """One arm with one seed in training: everything that a checkpoint holds, and what feeds it."""

    recipe: ForcingRecipe
    arm: str
    seed: int
    folder: Path
    trainee: Trainee
    curriculum: Sequence[Sequence[int]]
    optimizer: torch.optim.Optimizer
    average: WeightAverage
    step: int = 0
    spent: float = 0.0         # seconds in all steps so far
    forwards: int = 0          # forward passes of a film so far
    processes: Processes = field(default_factory=Processes)
    queries: AnswersQueries[LatentFilm] | None = None      # the learner, where it is asked for frames and not forced

    @property
    def steps(self) -> int:
        """Steps of the whole run."""
        return sum(steps for _, steps in self.curriculum)

    @property
    def cost(self) -> dict[str, float]:
        """What the steps so far cost, for the results."""
        return {"steps": self.step, "forwards": self.forwards, "seconds": round(self.spent, 1)}

    def advance(self, films: Sequence[LatentFilm]) -> dict[str, float]:
        """Make one optimizer step on films drawn from `films`; returns its losses, the gradient's norm and what it cost.

        All randomness comes from the seed, the step's number and a film's index in the batch.
        """
        draws, recipe, before = Draws(self.seed, self.step), self.recipe, self.forwards
        sections = sections_at(self.curriculum, self.step)
        chosen = draw_films(films, sections, recipe.batch, draws)
        for group in self.optimizer.param_groups:
            group["lr"] = group["share"] * warm_up(self.step, recipe.warmup)
        self.optimizer.zero_grad(set_to_none=True)
        losses = [self._train_on(chosen[k], sections, draws.for_film(k)) for k in self.processes.share(len(chosen))]
        self.processes.sum_gradients(self.trainee.trained.parameters())
        norm = nn.utils.clip_grad_norm_(self.trainee.trained.parameters(), 1.0, error_if_nonfinite=True)
        self.optimizer.step()
        self.average.step(self.trainee.trained)
        self.step += 1
        return {"sections": sections, **self._means(losses), "norm": float(norm), "forwards": self._sum_forwards(before)}

    def _train_on(self, film: LatentFilm, sections: int, draws: Draws) -> ForcingLosses:
        """Add the gradient of one film."""
        if self.queries is not None:
            return query(self.queries, [film], sections, draws, self._backward)
        recipe = self.recipe
        settings = ForcingSettings(recipe.noisy, recipe.student_steps, recipe.level, recipe.reach)
        return force(self.trainee.learner, [film], sections, self.arm, draws, settings, self._backward)

    def _backward(self, loss: torch.Tensor) -> None:
        """Add the gradient of one film's share of the step's loss, which is the mean of its films' losses."""
        self.processes.accelerator.backward(loss / self.recipe.batch)

    def _means(self, losses: Sequence[ForcingLosses]) -> dict[str, float]:
        """Means over the films of all processes, from the losses of this process's films."""
        names = ("loss", "first", "last", *losses[0].parts)
        rows = [(sum(one.losses) / len(one.losses), one.losses[0], one.losses[-1], *one.parts.values()) for one in losses]
        sums = self.processes.sum([sum(column) for column in zip(*rows, strict=True)])
        return {name: total / self.recipe.batch for name, total in zip(names, sums, strict=True)}

    def _sum_forwards(self, before: int) -> int:
        """Forward passes of all processes in this step; `before` is their number before it. Corrects `forwards`."""
        (count,) = self.processes.sum([self.forwards - before])
        self.forwards = before + int(count)
        return int(count)

    def save(self) -> None:
        """Write the checkpoint, `last.pt` in the arm's folder."""
        save_checkpoint(self.folder / "last.pt", {
            "model": self.trainee.trained.state_dict(), "optimizer": self.optimizer.state_dict(),
            "average": self.average.state_dict(), "step": self.step, "spent": self.spent, "forwards": self.forwards,
            "drawn": BY_FILM,
        })


def draw_films(films: Sequence[LatentFilm], sections: int, batch: int, draws: Draws) -> list[LatentFilm]:
    """Random films for a step, `batch` of them, each with at least so many sections.

    Raises:
        RecipeError: no film has.
    """
    fit = [each for each in films if each.sections >= sections]
    if not fit:
        raise RecipeError(f"No film has {sections} sections: make the curriculum shorter, or give longer films.")
    which = torch.randint(len(fit), (batch,), generator=draws.generator("films"))
    return [fit[int(k)] for k in which]


def open_run(recipe: ForcingRecipe, arm: str, seed: int) -> ForcingRun:
    """A new run of an arm (or of the stage before, `BASE`), or the one that its folder holds, at the step where it stopped.

    Raises:
        FileNotFoundError: the stage before has not been trained.
        RecipeError: the run was begun by an older version whose steps drew other noise, there are more processes than films in
            a step, or the model cannot be asked for frames and the recipe does.
    """
    torch.set_num_threads(recipe.threads)
    processes = join_processes(recipe)
    folder, base = Path(recipe.run) / f"{arm}-{seed}", arm == BASE
    trainee = new_trainee(recipe, seed, recipe.before_part if base else recipe.part)
    if recipe.before and not base:
        _load_base(recipe, seed, trainee)
    rate = recipe.before_rate if base else recipe.rate
    groups = [
        {"params": list(module.parameters()), "share": rate * (recipe.memory_rate if name == "memory" else 1.0)}
        for name, module in trainee.trained.items()
    ]
    optimizer = torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.98), weight_decay=0.01)
    run = ForcingRun(
        recipe, "teacher" if base else arm, seed, folder, trainee, recipe.before if base else recipe.curriculum, optimizer,
        WeightAverage(trainee.trained, recipe.average), processes=processes,
    )
    if base and recipe.before_task == QUERY:
        if not isinstance(trainee.learner, AnswersQueries):
            raise RecipeError(f"before_task is '{QUERY}', and only a model of the FramePack family can be asked for frames.")
        run.queries = trainee.learner
    if state := load_checkpoint(folder / "last.pt"):
        trainee.trained.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        run.average.load_state_dict(state["average"])
        run.step, run.spent, run.forwards = state["step"], state["spent"], state["forwards"]
        if run.step < run.steps and recipe.batch > 1 and state.get("drawn") != BY_FILM:
            raise RecipeError(
                f"{folder} was begun when the films of a step still drew their noise together, and cannot be gone on with. Delete "
                "it, and the other arms of its seed: they must all see the same noise."
            )
    processes.broadcast(trainee.trained.parameters())

    def count_forward(*_: object) -> None:
        run.forwards += 1

    require_framepack(trainee.model.backbone).transformer.register_forward_hook(count_forward)
    return run


def join_processes(recipe: ForcingRecipe) -> Processes:
    """The processes that were started for this run.

    Raises:
        RecipeError: there are more of them than films in a step.
    """
    processes = Processes(recipe.device == "cpu")
    if processes.count > recipe.batch:
        raise RecipeError(
            f"{processes.count} processes cannot share the films of a step: batch is {recipe.batch}. Start as many as that at most."
        )
    return processes


def _load_base(recipe: ForcingRecipe, seed: int, trainee: Trainee) -> None:
    """Load the average weights of the stage before into a trainee.

    After frame queries with a LoRA the memory alone goes on: the next section is learned with a new LoRA (2512.23851).
    """
    state = load_checkpoint(Path(recipe.run) / f"{BASE}-{seed}" / "last.pt")
    if state is None:
        raise FileNotFoundError(f"The stage before has not been trained in {recipe.run} with seed {seed}.")
    weights: dict[str, torch.Tensor] = state["average"]["weights"]
    if recipe.before_task == QUERY and recipe.before_part == "lora":
        load_memory(trainee, weights)
    elif recipe.before_part == recipe.part:
        trainee.trained.load_state_dict(weights)
    else:
        load_weights(trainee, weights)


def train(run: ForcingRun, films: Sequence[LatentFilm]) -> Trainee:
    """Train a run to its last step; returns its trainee with the average weights, which are also written to files."""
    curve, name = Curve(run.folder / "curve.csv", run.step) if run.processes.is_main else None, f"{run.folder.name}"
    log.info("%s: %d parameters, step %d of %d", name, parameter_count(run.trainee.trained), run.step, run.steps)
    while run.step < run.steps:
        clock = time.monotonic()
        numbers = run.advance(films)
        run.spent += time.monotonic() - clock
        if curve is None:
            continue
        curve.add(step=run.step, **numbers, seconds=round(run.spent, 2))
        if run.step % run.recipe.save_every == 0 or run.step == run.steps:
            run.save()
            curve.draw("loss")
            at = curve.columns.index("loss")
            recent = [row[at] for row in curve.rows[-run.recipe.save_every :]]
            log.info("%s: step %d, loss %.4f, %.0f s", name, run.step, sum(recent) / len(recent), run.spent)
    run.average.copy_to(run.trainee.trained)
    run.trainee.trained.requires_grad_(False)
    if run.processes.is_main:
        save_trained(run.trainee, run.folder)
    run.processes.wait()              # the others read what the main process wrote
    return run.trainee


def finetune(path: Path) -> None:
    """Train every arm of the recipe in `path` with every seed, and measure the drift of each.

    If a new memory is trained along, the model's dependence on psi is measured as well.

    Raises:
        RecipeError: the recipe cannot be used.
        ModelError: its model cannot be used.
        FootageError: its footage cannot be used.
    """
    recipe = check_recipe(read_recipe(path, ForcingRecipe))
    torch.set_num_threads(recipe.threads)
    processes = join_processes(recipe)
    folder, size = Path(recipe.run) / "films", (recipe.width, recipe.height)
    model = new_trainee(recipe, recipe.seeds[0], "output").model
    with processes.main_first():
        films = load_or_make_films(model, folder, range(recipe.films), size, recipe.sections, recipe.footage, recipe.away)
    held_out = recipe.held_out if processes.is_main else 0
    true_films = held_out_films(model, folder, recipe.films, held_out, size, recipe.sections, recipe.footage, recipe.away)
    numbers = range(recipe.films, recipe.films + held_out) if recipe.memory else ()
    unseen_films = load_or_make_films(model, folder, numbers, size, recipe.sections, recipe.footage, recipe.away)
    del model
    results = DriftResults(recipe, true_films, unseen_films)
    for seed in recipe.seeds:
        if recipe.before:
            base = open_run(recipe, BASE, seed)
            results.add("start", seed, train(base, films), base.cost)
        elif seed == recipe.seeds[0]:
            results.add("start", seed, new_trainee(recipe, seed, "output"), {})
        for arm in recipe.arms:
            run = open_run(recipe, arm, seed)
            results.add(arm, seed, train(run, films), run.cost)
