"""Training the film model: the loss, the loop, checkpoints that resume to the step. It knows films only as a reel."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from transformers import CLIPTextModel, PreTrainedTokenizerFast, SiglipVisionModel

from studio.backbones.animatic.autoencoder import LappedAutoencoder
from studio.backbones.animatic.backbone import AnimaticBackbone, precondition
from studio.backbones.animatic.conditioner import SmallConditioner
from studio.backbones.animatic.heads import DRAWN_CHANNELS
from studio.backbones.animatic.state import split_latents
from studio.diffusion.backbone import Conditioning
from studio.lab.train import parts
from studio.lab.train.encoded import Shoot, from_footage, procedural
from studio.lab.train.keeping import Average, Curve, restore, save
from studio.lab.train.losses import Errors, errors
from studio.lab.train.reel import Batch, Pool, Reel, Schedule, Stage
from studio.lab.train.throughput import Throughput
from studio.lab.train.words import teach
from studio.memory.framepack import pack_context

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recipe:
    """How a film model is trained. Lengths in steps, sizes in pixels."""

    run: str
    autoencoder: str
    stages: list[dict[str, Any]]           # of steps, sizes, batch
    weather: str = ""                      # folder of the weather synthesis, for the export
    memory: str = ""                       # folder of a trained memory, for the export; none: the model has no psi
    footage: str = ""                      # folder of videos with captions, instead of the procedural world
    shape: dict[str, int] = field(default_factory=dict)
    unheard: tuple[str, ...] = ()          # phrases with these words are not offered: the model was seen not to follow them
    seed: int = 1
    sections: int = 3                      # of a film
    films: int = 480                       # in the pool
    warm: int = 96                         # films before the first step
    pace: float = 1.0                      # new films per step
    rate: float = 1.0e-3
    words: int = 400                       # steps for the text encoder alone, first
    text_rate: float = 0.1                 # of the rate, for the text encoder afterwards
    warmup: int = 100
    fall: float = 0.5                      # of the steps, at which the rate begins to fall
    shift: float = 3.0                     # of the sigmas
    least: float = 0.05                    # sigma
    first: float = 0.3                     # share of sigma 1: there nothing but the prompt tells the motion
    noisy: float = 0.1                     # most noise on the history, in deviations
    average: float = 0.995
    save_every: int = 50
    look_every: int = 200
    bfloat16: bool = True
    threads: int = 2
    workers: int = 1
    device_films: bool = False             # render the films on the training device (then without workers)


class Objective(nn.Module):
    """The film model and what it is trained for."""

    def __init__(
        self, backbone: AnimaticBackbone, tokenizer: PreTrainedTokenizerFast, text_encoder: CLIPTextModel,
        image_encoder: SiglipVisionModel, recipe: Recipe,
    ) -> None:
        super().__init__()
        self.backbone, self.text_encoder, self.image_encoder = backbone, text_encoder, image_encoder
        self.tokenizer, self.recipe = tokenizer, recipe

    def conditioner(self) -> SmallConditioner:
        """As the engine uses it."""
        return SmallConditioner(self.tokenizer, self.text_encoder, self.image_encoder, self.tokenizer.model_max_length)

    def condition(self, batch: Batch) -> Conditioning:
        """The same embeddings as the conditioner's, padded no longer than needed."""
        words = self.tokenizer(
            batch.captions, max_length=self.tokenizer.model_max_length, padding=True, truncation=True, return_tensors="pt"
        ).to(batch.start.device)
        text = self.text_encoder(input_ids=words.input_ids, attention_mask=words.attention_mask)
        picture = self.image_encoder(pixel_values=batch.picture).last_hidden_state
        return Conditioning(text.last_hidden_state, words.attention_mask, text.pooler_output, picture)

    def forward(self, batch: Batch, draw: torch.Generator, psi: Tensor | None = None) -> Errors:
        """The errors of what the network says about the batch's sections, at random sigmas. psi [B, M, D] joins its context."""
        truth, b = batch.truth, len(batch.start)
        even = torch.rand(b, generator=draw)
        even = torch.where(torch.rand(b, generator=draw) < self.recipe.first, torch.ones(b), even)
        shift = self.recipe.shift
        sigma = (shift * even / (1 + (shift - 1) * even)).clamp(min=self.recipe.least).to(truth.scene)
        wide = sigma.view(b, 1, 1, 1, 1)
        noise = torch.randn(truth.scene.shape, generator=draw).to(truth.scene)
        x = (1 - wide) * truth.scene + wide * noise
        packed = pack_context(batch.start, self._worn(batch.recent, draw), truth.scene.shape[2])
        heads = self.backbone.predict_heads(x, sigma, packed, self.condition(batch), psi)
        before = split_latents(batch.recent[:, :, -1:])[1]
        unknown = (1 - truth.known).unsqueeze(1)
        drawn = precondition(x, wide, truth.base, heads.drawn, self.backbone.deviation.view(1, -1, 1, 1, 1) * unknown)
        return errors(heads, heads.film_state(before), drawn, truth, wide, self.backbone.deviation)

    def _worn(self, recent: Tensor, draw: torch.Generator) -> Tensor:
        """Recent latents, half of the time with a little noise on the scene: what the model makes is not perfect either."""
        b, state = len(recent), recent.shape[1] - 10
        amount = self.recipe.noisy * torch.rand(b, generator=draw) * (torch.rand(b, generator=draw) < 0.5)
        written = (recent[:, :state].abs().amax(dim=(1, 3, 4), keepdim=True) > 0).to(recent)
        scale = recent[:, :state].std(dim=(0, 2, 3, 4), keepdim=True)
        noise = torch.randn(recent[:, :state].shape, generator=draw).to(recent)
        scene = recent[:, :state] + amount.view(b, 1, 1, 1, 1).to(recent) * scale * written * noise
        return torch.cat([scene, recent[:, state:]], dim=1)


def schedule(recipe: Recipe) -> Schedule:
    stages = [
        Stage(s["steps"], tuple((int(w), int(h)) for w, h in s["sizes"]), s["batch"], s.get("calm", False)) for s in recipe.stages
    ]
    return Schedule(stages, recipe.films, recipe.warm, recipe.pace)


def source(recipe: Recipe) -> Shoot:
    """Where the recipe's films come from."""
    if recipe.footage:
        return from_footage(Path(recipe.footage), Path(recipe.run) / "footage.json", recipe.seed, recipe.sections)
    device = "cuda" if recipe.device_films and torch.cuda.is_available() else "cpu"
    return procedural(recipe.seed, recipe.sections, device)


def assemble(recipe: Recipe, autoencoder: LappedAutoencoder, deviation: Tensor) -> Objective:
    """A new film model, with the run's tokenizer: the world's captions may have changed since it was made."""
    words, text, image, transformer = parts.seeded(parts.Shape(**recipe.shape), recipe.seed, Path(recipe.run) / "tokenizer")
    return Objective(AnimaticBackbone(transformer, autoencoder, deviation), words, text, image, recipe)


def prepare(objective: Objective, pool: Pool) -> None:
    """What is taught before the transformer: the text encoder its code; and the deviation of what is drawn."""
    teach(objective.tokenizer, objective.text_encoder, objective.recipe.seed, objective.recipe.words)
    draw = torch.Generator().manual_seed(objective.recipe.seed)
    total, weight = torch.zeros(DRAWN_CHANNELS), torch.zeros(())
    for step in [0, 1, 2] * 12:
        truth = pool.batch(step, draw).truth
        unknown = (1 - truth.known).unsqueeze(1)
        total += (unknown * (truth.scene - truth.base).square()).sum(dim=(0, 2, 3, 4))
        weight += unknown.sum()
    objective.backbone.deviation.copy_((total / weight.clamp(min=1)).sqrt().clamp(min=1e-3))


def rate(recipe: Recipe, step: int, steps: int) -> float:
    """Warm-up, level, then half a cosine to a fiftieth."""
    begin = recipe.fall * steps
    progress = min(1.0, max(0.0, (step - begin) / max(1.0, steps - begin)))
    return recipe.rate * min(1.0, (step + 1) / recipe.warmup) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress)))


def optimizer_of(objective: Objective, recipe: Recipe) -> torch.optim.Optimizer:
    """AdamW. The text encoder, taught before, goes slower."""
    text = list(objective.text_encoder.parameters())
    chosen = {id(p) for p in text}
    return torch.optim.AdamW([
        {"params": [p for p in objective.parameters() if id(p) not in chosen], "share": 1.0},
        {"params": text, "share": recipe.text_rate},
    ], lr=recipe.rate, betas=(0.9, 0.98), weight_decay=0.01)


@dataclass
class Run:
    """A training run in being: everything a checkpoint holds, and what feeds it."""

    recipe: Recipe
    objective: Objective
    optimizer: torch.optim.Optimizer
    average: Average
    pool: Pool
    accelerator: Accelerator
    step: int
    spent: float

    @property
    def steps(self) -> int:
        return self.pool.schedule.step_ends[-1]

    def advance(self) -> dict[str, float]:
        """One step; returns its errors and the gradient's norm. All randomness comes from the seed and the step's number."""
        draw = torch.Generator().manual_seed(self.recipe.seed * 1_000_003 + self.step)
        batch = self.pool.batch(self.step, draw).to(self.accelerator.device)
        for group in self.optimizer.param_groups:
            group["lr"] = group["share"] * rate(self.recipe, self.step, self.steps)
        self.optimizer.zero_grad(set_to_none=True)
        with self.accelerator.autocast():
            found = self.objective(batch, draw)
        self.accelerator.backward(found.loss)
        norm = self.accelerator.clip_grad_norm_(self.objective.parameters(), 1.0)
        self.optimizer.step()
        self.average.follow(self.accelerator.unwrap_model(self.objective))
        self.step += 1
        return {"loss": float(found.loss.detach()), "norm": float(norm), **found.parts}

    def save(self) -> None:
        bare = self.accelerator.unwrap_model(self.objective)
        save(Path(self.recipe.run) / "last.pt", {
            "model": bare.state_dict(), "optimizer": self.optimizer.state_dict(), "average": self.average.state(),
            "deviation": bare.backbone.deviation, "step": self.step, "spent": self.spent,
        })


def begin(recipe: Recipe) -> Run:
    """A new run, or the one that the recipe's folder holds, at the step where it stopped."""
    torch.set_num_threads(recipe.threads)
    accelerator = Accelerator(mixed_precision="bf16" if recipe.bfloat16 else "no", cpu=not torch.cuda.is_available())
    state = restore(Path(recipe.run) / "last.pt")
    step = state["step"] if state else 0
    autoencoder = LappedAutoencoder.from_pretrained(recipe.autoencoder).float().eval()
    plan = schedule(recipe)
    shape = parts.Shape(**recipe.shape)
    workers = 0 if recipe.device_films else recipe.workers
    beside = autoencoder.to(accelerator.device) if recipe.device_films else autoencoder
    pool = Pool(Reel(beside, plan, source(recipe), shape.image_size), plan, step, workers)
    objective = assemble(recipe, autoencoder, state["deviation"] if state else torch.ones(DRAWN_CHANNELS))
    if not state:
        prepare(objective, pool)
    objective.to(accelerator.device)
    optimizer = optimizer_of(objective, recipe)
    average = Average(objective, recipe.average)
    if state:
        objective.load_state_dict(state["model"])
        average.restore(state["average"])
        optimizer.load_state_dict(state["optimizer"])
    objective, optimizer = accelerator.prepare(objective, optimizer)
    return Run(recipe, objective, optimizer, average, pool, accelerator, step, state["spent"] if state else 0.0)


def train(recipe: Recipe, look: Callable[[Objective, Path], None] | None = None) -> Run:
    """Run or resume to the last step."""
    from studio.lab.train.look import strips

    run = begin(recipe)
    folder = Path(recipe.run)
    curve = Curve(folder / "curve.csv", run.step)
    log.info("%d parameters, step %d of %d", parts.count(run.objective), run.step, run.steps)
    use = Throughput(run.accelerator.device, torch.bfloat16 if recipe.bfloat16 else torch.float32)
    while run.step < run.steps:
        begun = time.monotonic()
        if run.step in run.pool.schedule.step_ends:
            use.begin()                      # another size from here on
        found = use.step(run.advance)
        run.spent += time.monotonic() - begun
        curve.add(step=run.step, **found, seconds=round(run.spent, 2))
        if run.step % 20 == 0:
            recent = curve.rows[-20:]
            means = [f"{name} {sum(row[k] for row in recent) / len(recent):.4f}" for k, name in enumerate(curve.head) if k]
            log.info("step %d  %s", run.step, "  ".join([*means[:-1], f"{run.spent:.0f} s"]))
        if run.accelerator.is_main_process and (run.step % recipe.save_every == 0 or run.step == run.steps):
            run.save()
            curve.draw("loss")
            log.info("%.0f GFLOP a step, %.2f of a matrix product's rate", use.operations / 1e9, use.share())
        if run.accelerator.is_main_process and recipe.look_every and run.step % recipe.look_every == 0:
            bare = run.accelerator.unwrap_model(run.objective)
            own = run.average.lend(bare)
            (look or strips)(bare, folder)
            bare.load_state_dict(own)
    return run
