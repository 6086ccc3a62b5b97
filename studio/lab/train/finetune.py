"""The forcing stage of training: one loop for both kinds of model and all arms, resumed to the step.

A run has arms and seeds. Every arm begins with the same weights and sees the same films in the same order with the same noise, for
the same number of optimizer steps; what it costs beside that (forwards of a film, seconds) is in its curve. A step goes through its
films one by one, so a larger batch takes no more memory, and through several at a time where there are several processes:

    accelerate launch --multi_gpu --num_processes 4 -m studio.lab train force RECIPE      # a card each
    torchrun --nproc_per_node 2 -m studio.lab train force RECIPE                          # two processes on a CPU

Each process holds the whole model; the steps are the same as one process's. It knows a section only by `forcing`.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from studio.backbones.framepack.backbone import require_framepack
from studio.lab.train import dependence, endurance, serial
from studio.lab.train.forcing import Draws, Forced, Settings, force
from studio.lab.train.forcing_recipe import Recipe, checked, length
from studio.lab.train.keeping import Average, Curve, RecipeError, read_recipe, restore, save
from studio.lab.train.learners import Serial
from studio.lab.train.parts import count
from studio.lab.train.together import Together
from studio.lab.train.trainee import Trainee, begun, take, written

log = logging.getLogger(__name__)

BY_FILM = "by film"
"""How a checkpoint's steps drew their noise."""
BASE = "base"
"""The stage before: teacher forcing of the whole network, once a seed."""


@dataclass
class Run:
    """One arm in training: everything a checkpoint holds, and what feeds it."""

    recipe: Recipe
    arm: str
    seed: int
    folder: Path
    trainee: Trainee
    curriculum: Sequence[Sequence[int]]
    optimizer: torch.optim.Optimizer
    average: Average
    step: int = 0
    spent: float = 0.0
    forwards: int = 0
    together: Together = field(default_factory=Together)

    @property
    def steps(self) -> int:
        return sum(steps for _, steps in self.curriculum)

    def advance(self, films: Sequence[Serial]) -> dict[str, float]:
        """One optimizer step. All randomness comes from the seed, the step's number and a film's place in the batch."""
        draws, recipe, before = Draws(self.seed, self.step), self.recipe, self.forwards
        sections = length(self.curriculum, self.step)
        chosen = drawn(films, sections, recipe.batch, draws)
        for group in self.optimizer.param_groups:
            group["lr"] = group["share"] * min(1.0, (self.step + 1) / recipe.warmup)
        self.optimizer.zero_grad(set_to_none=True)
        settings = Settings(recipe.noisy, recipe.student_steps, recipe.level, recipe.reach)
        mine = [
            force(self.trainee.learner, [chosen[k]], sections, self.arm, draws.at(k), settings, self._backward)
            for k in self.together.share(len(chosen))
        ]
        self.together.add(self.trainee.trained.parameters())
        norm = nn.utils.clip_grad_norm_(self.trainee.trained.parameters(), 1.0, error_if_nonfinite=True)
        self.optimizer.step()
        self.average.follow(self.trainee.trained)
        self.step += 1
        return {"sections": sections, **self._told(mine), "norm": float(norm), "forwards": self._counted(before)}

    def _backward(self, loss: torch.Tensor) -> None:
        """The step's loss is the mean of its films'."""
        self.together.accelerator.backward(loss / self.recipe.batch)

    def _told(self, mine: Sequence[Forced]) -> dict[str, float]:
        """Means over the films of all processes."""
        names = ("loss", "first", "last", *mine[0].parts)
        rows = [(sum(one.losses) / len(one.losses), one.losses[0], one.losses[-1], *one.parts.values()) for one in mine]
        sums = self.together.sums([sum(column) for column in zip(*rows, strict=True)])
        return {name: total / self.recipe.batch for name, total in zip(names, sums, strict=True)}

    def _counted(self, before: int) -> int:
        """Forwards of all processes in this step."""
        (made,) = self.together.sums([self.forwards - before])
        self.forwards = before + int(made)
        return int(made)

    def save(self) -> None:
        save(self.folder / "last.pt", {
            "model": self.trainee.trained.state_dict(), "optimizer": self.optimizer.state_dict(), "average": self.average.state(),
            "step": self.step, "spent": self.spent, "forwards": self.forwards, "drawn": BY_FILM,
        })


def drawn(films: Sequence[Serial], sections: int, batch: int, draws: Draws) -> list[Serial]:
    """Films of this step, among those that are long enough.

    Raises:
        RecipeError: none is.
    """
    fit = [each for each in films if shortest([each]) >= sections]
    if not fit:
        raise RecipeError(f"No film has {sections} sections: make the curriculum shorter, or give longer films.")
    which = torch.randint(len(fit), (batch,), generator=draws.of("films"))
    return [fit[int(k)] for k in which]


def shortest(films: Sequence[Serial]) -> int:
    """Sections of the film that has fewest."""
    return min(len(each.encoded.sections) if each.encoded is not None else len(each.said) for each in films)


def open_run(recipe: Recipe, arm: str, seed: int) -> Run:
    """A new run of an arm (or of the stage before it, `BASE`), or the one that its folder holds, at the step where it stopped.

    Raises:
        FileNotFoundError: the stage before has not been trained.
        RecipeError: the run was begun by a studio whose steps drew other noise, or there are more processes than films in a step.
    """
    torch.set_num_threads(recipe.threads)
    together = joined(recipe)
    folder, base = Path(recipe.run) / f"{arm}-{seed}", arm == BASE
    trainee = begun(recipe, seed, recipe.before_part if base else recipe.part)
    if recipe.before and not base:
        _go_on(recipe, seed, trainee)
    rate = recipe.before_rate if base else recipe.rate
    groups = [
        {"params": list(module.parameters()), "share": rate * (recipe.memory_rate if name == "memory" else 1.0)}
        for name, module in trainee.trained.items()
    ]
    optimizer = torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.98), weight_decay=0.01)
    run = Run(
        recipe, "teacher" if base else arm, seed, folder, trainee, recipe.before if base else recipe.curriculum, optimizer,
        Average(trainee.trained, recipe.average), together=together,
    )
    if state := restore(folder / "last.pt"):
        trainee.trained.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        run.average.restore(state["average"])
        run.step, run.spent, run.forwards = state["step"], state["spent"], state["forwards"]
        if run.step < run.steps and recipe.batch > 1 and state.get("drawn") != BY_FILM:
            raise RecipeError(
                f"{folder} was begun when the films of a step still drew their noise together, and cannot be gone on with. Delete "
                "it, and the other arms of its seed: they must all see the same noise."
            )
    together.alike(trainee.trained.parameters())

    def counted(*_: object) -> None:
        run.forwards += 1

    require_framepack(trainee.model.backbone).transformer.register_forward_hook(counted)
    return run


def joined(recipe: Recipe) -> Together:
    """The processes that there are.

    Raises:
        RecipeError: there are more of them than films in a step.
    """
    together = Together(recipe.device == "cpu")
    if together.count > recipe.batch:
        raise RecipeError(
            f"{together.count} processes cannot share the films of a step: batch is {recipe.batch}. Start as many as that at most."
        )
    return together


def _go_on(recipe: Recipe, seed: int, trainee: Trainee) -> None:
    """Put what the stage before gave, its average weights, into a trainee."""
    state = restore(Path(recipe.run) / f"{BASE}-{seed}" / "last.pt")
    if state is None:
        raise FileNotFoundError(f"The stage before has not been trained in {recipe.run} with seed {seed}.")
    kept: dict[str, torch.Tensor] = state["average"]["weights"]
    if recipe.before_part == recipe.part:
        trainee.trained.load_state_dict(kept)
    else:
        take(trainee, kept)


def train(run: Run, films: Sequence[Serial]) -> Trainee:
    """To the last step; the average weights are in the trainee then, and in files beside the checkpoint."""
    curve, name = Curve(run.folder / "curve.csv", run.step) if run.together.first else None, f"{run.folder.name}"
    log.info("%s: %d parameters, step %d of %d", name, count(run.trainee.trained), run.step, run.steps)
    while run.step < run.steps:
        clock = time.monotonic()
        found = run.advance(films)
        run.spent += time.monotonic() - clock
        if curve is None:
            continue
        curve.add(step=run.step, **found, seconds=round(run.spent, 2))
        if run.step % run.recipe.save_every == 0 or run.step == run.steps:
            run.save()
            curve.draw("loss")
            at = curve.head.index("loss")
            recent = [row[at] for row in curve.rows[-run.recipe.save_every :]]
            log.info("%s: step %d, loss %.4f, %.0f s", name, run.step, sum(recent) / len(recent), run.spent)
    run.average.lend(run.trainee.trained)
    run.trainee.trained.requires_grad_(False)
    if run.together.first:
        written(run.trainee, run.folder)
    run.together.wait()              # the others read what the first one wrote
    return run.trainee


def finetune(path: Path) -> None:
    """Train every arm of the recipe in `path` with every seed, and measure the drift of each: `drift.json` and `drift.png`.

    Where a new memory is trained along, how much the model goes by its psi as well (`dependence`).

    Raises:
        RecipeError: the recipe cannot be used.
    """
    recipe = checked(read_recipe(path, Recipe))
    torch.set_num_threads(recipe.threads)
    together = joined(recipe)
    folder, size = Path(recipe.run), (recipe.width, recipe.height)
    first = begun(recipe, recipe.seeds[0], "output").model
    with together.first_alone():
        films = serial.made(first, folder / "films", range(recipe.films), size, recipe.sections, recipe.footage, recipe.away)
    held_out = recipe.held_out if together.first else 0
    held = serial.held_out(first, folder / "films", recipe.films, held_out, size, recipe.sections, recipe.footage, recipe.away)
    unseen = range(recipe.films, recipe.films + held_out) if recipe.memory else ()
    others = serial.made(first, folder / "films", unseen, size, recipe.sections, recipe.footage, recipe.away)
    del first
    results: list[dict[str, Any]] = []

    def measured(arm: str, seed: int, trainee: Trainee, run: Run | None) -> None:
        if not held:
            return
        kept = folder / f"{arm}-{seed}" / "drift.json"
        cost = {"steps": run.step, "forwards": run.forwards, "seconds": round(run.spent, 1)} if run else {}
        row: dict[str, Any] = json.loads(kept.read_text("utf-8")) if kept.is_file() else {}
        if row.get("steps") != cost.get("steps") or not row:
            drift = endurance.measure(trainee.model, held, seed, recipe.drift_steps)
            row = {"arm": arm, "seed": seed, **cost, **drift}
        if trainee.pack is not None and len(others) > 1 and "dependence" not in row:
            row["dependence"] = dependence.measure(trainee.learner, others, shortest(others), seed)
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(row) + "\n", "utf-8")
        results.append(row)
        (folder / "drift.json").write_text(json.dumps(results, indent=1) + "\n", "utf-8")
        endurance.draw(results, folder / "drift.png")
        log.info("%s, seed %d: %s", arm, seed, endurance.told(row))

    for seed in recipe.seeds:
        if recipe.before:
            base = open_run(recipe, BASE, seed)
            measured("start", seed, train(base, films), base)
        elif seed == recipe.seeds[0]:
            measured("start", seed, begun(recipe, seed, "output"), None)
        for arm in recipe.arms:
            run = open_run(recipe, arm, seed)
            measured(arm, seed, train(run, films), run)
