"""Training of the embedded film model: its loss, and the loop, whose checkpoints resume at the step they stopped at.

Letters: B batch, D drawn channels, M memory tokens, W window, h and w latent height and width.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from accelerate import Accelerator
from torch import Tensor

from studio.backbones.animatic.autoencoder import LappedAutoencoder
from studio.backbones.animatic.backbone import AnimaticBackbone
from studio.backbones.animatic.heads import DRAWN_CHANNELS
from studio.lab.train import parts, schedules
from studio.lab.train.checkpoints import WeightAverage, load_checkpoint, save_checkpoint
from studio.lab.train.curve import Curve
from studio.lab.train.encoding import FilmSource, footage_films, procedural_films
from studio.lab.train.film_objective import FilmObjective
from studio.lab.train.film_pool import FilmDataset, FilmPool, FilmSchedule
from studio.lab.train.film_recipe import FilmRecipe
from studio.lab.train.preview import save_preview
from studio.lab.train.text_codes import train_codes
from studio.lab.train.throughput import Throughput

log = logging.getLogger(__name__)


def film_schedule(recipe: FilmRecipe) -> FilmSchedule:
    """The recipe's schedule of stages and films."""
    return FilmSchedule(recipe.stages, recipe.films, recipe.warm, recipe.pace)


def film_source(recipe: FilmRecipe) -> FilmSource:
    """Where the recipe's films come from: footage or the procedural world. Raises FootageError."""
    if recipe.footage:
        return footage_films(Path(recipe.footage), Path(recipe.run) / "footage.json", recipe.seed, recipe.sections)
    device = "cuda" if recipe.device_films and torch.cuda.is_available() else "cpu"
    return procedural_films(recipe.seed, recipe.sections, device)


def new_objective(recipe: FilmRecipe, autoencoder: LappedAutoencoder, deviation: Tensor) -> FilmObjective:
    """A film model with new weights; `deviation` [D] is that of the drawn channels.

    The tokenizer is the run's own if it has one: a new one could differ, since the world's captions may have changed.
    """
    words, text, image, transformer = parts.new_parts(recipe.shape, recipe.seed, Path(recipe.run) / "tokenizer")
    return FilmObjective(AnimaticBackbone(transformer, autoencoder, deviation), words, text, image, recipe)


def prepare(objective: FilmObjective, pool: FilmPool) -> None:
    """Train the text encoder's code, and measure the drawn channels' deviation on films of the pool's first steps."""
    train_codes(objective.tokenizer, objective.text_encoder, objective.recipe.seed, objective.recipe.words)
    draw = torch.Generator().manual_seed(objective.recipe.seed)
    total, weight = torch.zeros(DRAWN_CHANNELS), torch.zeros(())
    for step in [0, 1, 2] * 12:
        truth = pool.batch(step, draw).truth
        unknown = (1 - truth.known).unsqueeze(1)
        total += (unknown * (truth.scene - truth.base).square()).sum(dim=(0, 2, 3, 4))
        weight += unknown.sum()
    objective.backbone.deviation.copy_((total / weight.clamp(min=1)).sqrt().clamp(min=1e-3))


def learning_rate(recipe: FilmRecipe, step: int, steps: int) -> float:
    """The learning rate at a step: warm-up, a level part, then half a cosine down to a fiftieth."""
    return recipe.rate * schedules.warm_up(step, recipe.warmup) * schedules.cosine(step, steps, recipe.fall * steps)


def new_optimizer(objective: FilmObjective, recipe: FilmRecipe) -> torch.optim.Optimizer:
    """AdamW. The text encoder, which is trained already, has a lower learning rate: its group's `share` of the recipe's."""
    text = list(objective.text_encoder.parameters())
    chosen = {id(p) for p in text}
    return torch.optim.AdamW([
        {"params": [p for p in objective.parameters() if id(p) not in chosen], "share": 1.0},
        {"params": text, "share": recipe.text_rate},
    ], lr=recipe.rate, betas=(0.9, 0.98), weight_decay=0.01)


@dataclass
class FilmTraining:
    """A run of the film training at some step: everything that a checkpoint holds, and the pool that feeds it."""

    recipe: FilmRecipe
    objective: FilmObjective
    optimizer: torch.optim.Optimizer
    average: WeightAverage
    pool: FilmPool
    accelerator: Accelerator
    step: int
    spent: float           # seconds in all steps so far

    @property
    def steps(self) -> int:
        """Steps of the whole run."""
        return self.pool.schedule.step_ends[-1]

    def advance(self) -> dict[str, float]:
        """Make one optimizer step; returns its loss, the loss's parts and the gradient's norm.

        All randomness comes from the recipe's seed and the step's number.
        """
        draw = torch.Generator().manual_seed(self.recipe.seed * 1_000_003 + self.step)
        batch = self.pool.batch(self.step, draw).to(self.accelerator.device)
        for group in self.optimizer.param_groups:
            group["lr"] = group["share"] * learning_rate(self.recipe, self.step, self.steps)
        self.optimizer.zero_grad(set_to_none=True)
        with self.accelerator.autocast():
            result = self.objective(batch, draw)
        self.accelerator.backward(result.loss)
        norm = self.accelerator.clip_grad_norm_(self.objective.parameters(), 1.0)
        self.optimizer.step()
        self.average.step(self.accelerator.unwrap_model(self.objective))
        self.step += 1
        return {"loss": float(result.loss.detach()), "norm": float(norm), **result.parts}

    def save(self) -> None:
        """Write the checkpoint, `last.pt` in the run's folder."""
        bare = self.accelerator.unwrap_model(self.objective)
        save_checkpoint(Path(self.recipe.run) / "last.pt", {
            "model": bare.state_dict(), "optimizer": self.optimizer.state_dict(), "average": self.average.state_dict(),
            "deviation": bare.backbone.deviation, "step": self.step, "spent": self.spent,
        })


def open_training(recipe: FilmRecipe) -> FilmTraining:
    """A new run, or the one that the recipe's folder holds, at the step where it stopped."""
    torch.set_num_threads(recipe.threads)
    accelerator = Accelerator(mixed_precision="bf16" if recipe.bfloat16 else "no", cpu=not torch.cuda.is_available())
    state = load_checkpoint(Path(recipe.run) / "last.pt")
    step = state["step"] if state else 0
    autoencoder = LappedAutoencoder.from_pretrained(recipe.autoencoder).float().eval()
    schedule = film_schedule(recipe)
    workers = 0 if recipe.device_films else recipe.workers
    encoder = autoencoder.to(accelerator.device) if recipe.device_films else autoencoder
    films = FilmDataset(encoder, schedule, film_source(recipe), recipe.shape.image_size)
    pool = FilmPool(films, schedule, step, workers)
    objective = new_objective(recipe, autoencoder, state["deviation"] if state else torch.ones(DRAWN_CHANNELS))
    if not state:
        prepare(objective, pool)
    objective.to(accelerator.device)
    optimizer = new_optimizer(objective, recipe)
    average = WeightAverage(objective, recipe.average)
    if state:
        objective.load_state_dict(state["model"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
    objective, optimizer = accelerator.prepare(objective, optimizer)
    return FilmTraining(recipe, objective, optimizer, average, pool, accelerator, step, state["spent"] if state else 0.0)


def train(recipe: FilmRecipe, preview: Callable[[FilmObjective, Path], None] | None = None) -> FilmTraining:
    """Begin or resume the recipe's run, and train to the last step.

    Args:
        recipe: the recipe.
        preview: is called every `look_every` steps with the average weights and the run's folder; None: `preview.save_preview`.
    """
    run = open_training(recipe)
    folder = Path(recipe.run)
    curve = Curve(folder / "curve.csv", run.step)
    log.info("%d parameters, step %d of %d", parts.parameter_count(run.objective), run.step, run.steps)
    use = Throughput(run.accelerator.device, torch.bfloat16 if recipe.bfloat16 else torch.float32)
    while run.step < run.steps:
        begun = time.monotonic()
        if run.step in run.pool.schedule.step_ends:
            use.reset()                      # the steps from here on are of another size
        numbers = use.step(run.advance)
        run.spent += time.monotonic() - begun
        curve.add(step=run.step, **numbers, seconds=round(run.spent, 2))
        if run.step % 20 == 0:
            recent = curve.rows[-20:]
            means = [f"{name} {sum(row[k] for row in recent) / len(recent):.4f}" for k, name in enumerate(curve.columns) if k]
            log.info("step %d  %s", run.step, "  ".join([*means[:-1], f"{run.spent:.0f} s"]))
        if run.accelerator.is_main_process and (run.step % recipe.save_every == 0 or run.step == run.steps):
            run.save()
            curve.draw("loss")
            log.info("%.0f GFLOP a step, %.2f of a matrix product's rate", use.operations / 1e9, use.share())
        if run.accelerator.is_main_process and recipe.look_every and run.step % recipe.look_every == 0:
            bare = run.accelerator.unwrap_model(run.objective)
            run.average.store(bare)
            run.average.copy_to(bare)
            (preview or save_preview)(bare, folder)
            run.average.restore(bare)
    return run
