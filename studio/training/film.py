"""Training the film model on the procedural world: the loss, the loop, checkpoints that resume to the step."""

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

from studio.diffusion.autoencoder import PatchVideoAutoencoder
from studio.diffusion.backbone import Backbone, Conditioning
from studio.diffusion.conditioning import SmallConditioner
from studio.diffusion.continuation import Continuation
from studio.memory.framepack import pack
from studio.training import parts
from studio.training.keeping import Average, Curve, restore, save
from studio.training.motion import deviation, teach_motion
from studio.training.reel import Batch, Pool, Reel, Schedule, Stage
from studio.training.words import teach

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recipe:
    """How a film model is trained. Lengths in steps, sizes in pixels."""

    run: str
    autoencoder: str
    stages: list[dict[str, Any]]           # of steps, sizes, batch
    shape: dict[str, int] = field(default_factory=dict)
    seed: int = 1
    films: int = 480                       # in the pool
    warm: int = 96                         # films before the first step
    pace: float = 1.0                      # new films per step
    rate: float = 1.5e-3
    words: int = 200                       # steps for the text encoder alone, first
    motion: int = 3000                     # steps for the continuation alone, then
    motion_films: int = 330                # of each size
    text_rate: float = 0.0                 # of the rate, for the text encoder afterwards
    warmup: int = 100
    fall: float = 0.6                      # of the steps, at which the rate begins to fall
    shift: float = 3.0                     # of the sigmas
    least: float = 0.1                     # sigma
    first: float = 0.4                     # share of sigma 1: there only the prompt tells the motion
    trust: float = 0.1                     # in x_t: share of the change's deviation that the Wiener guess is told
    noisy: float = 0.2                     # most noise on the history, in deviations of the change
    average: float = 0.995
    save_every: int = 50
    look_every: int = 200
    bfloat16: bool = True
    threads: int = 2
    workers: int = 1


class Objective(nn.Module):
    """The film model and what it is trained for."""

    def __init__(
        self, backbone: Backbone, tokenizer: PreTrainedTokenizerFast, text_encoder: CLIPTextModel, image_encoder: SiglipVisionModel,
        recipe: Recipe,
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
        ).to(batch.target.device)
        text = self.text_encoder(input_ids=words.input_ids, attention_mask=words.attention_mask)
        picture = self.image_encoder(pixel_values=batch.picture).last_hidden_state
        return Conditioning(text.last_hidden_state, words.attention_mask, text.pooler_output, picture)

    @torch.no_grad()
    def pooled(self, captions: list[str]) -> Tensor:
        """Pooled prompts [B, P]."""
        return self.conditioner().read(captions)[2]

    def forward(self, batch: Batch, draw: torch.Generator) -> Tensor:
        """The velocity's error: that of the clean estimate over sigma squared."""
        b = len(batch.target)
        even = torch.rand(b, generator=draw)
        even = torch.where(torch.rand(b, generator=draw) < self.recipe.first, torch.ones(b), even)
        shift = self.recipe.shift
        sigma = (shift * even / (1 + (shift - 1) * even)).clamp(min=self.recipe.least).view(b, 1, 1, 1, 1).to(batch.target)
        noise = torch.randn(batch.target.shape, generator=draw).to(batch.target)
        start, recent = self._worn(batch, draw)
        packed = pack(start, recent, batch.target.shape[2])
        x = (1 - sigma) * batch.target + sigma * noise
        clean = self.backbone.clean(x, sigma, packed, self.condition(batch))
        return ((clean - batch.target).square() / (sigma**2 + 0.05)).mean()

    def _worn(self, batch: Batch, draw: torch.Generator) -> tuple[Tensor, Tensor]:
        """Start and recent latents, half of the time with a little noise: what the model makes is not perfect either."""
        b = len(batch.target)
        amount = self.recipe.noisy * torch.rand(b, generator=draw) * (torch.rand(b, generator=draw) < 0.5)
        deviation = self.backbone.change_deviation.view(1, -1, 1, 1, 1) / self.recipe.trust
        scale = amount.view(b, 1, 1, 1, 1).to(batch.target) * deviation
        written = (batch.recent.abs().amax(dim=(1, 3, 4), keepdim=True) > 0).to(batch.recent)
        recent = batch.recent + scale * written * torch.randn(batch.recent.shape, generator=draw).to(batch.recent)
        return batch.start, recent


def schedule(recipe: Recipe) -> Schedule:
    stages = [
        Stage(s["steps"], tuple((int(w), int(h)) for w, h in s["sizes"]), s["batch"], s.get("calm", False)) for s in recipe.stages
    ]
    return Schedule(stages, recipe.films, recipe.warm, recipe.pace)


def assemble(recipe: Recipe, change_deviation: Tensor) -> Objective:
    """A new film model."""
    shape = parts.Shape(**recipe.shape)
    words, text, image, transformer = parts.seeded(shape, recipe.seed)
    continuation = Continuation(shape.side_width)
    backbone = Backbone(transformer, "change", coordinates=True, change_deviation=change_deviation, continuation=continuation)
    return Objective(backbone, words, text, image, recipe)


def prepare(objective: Objective, pool: Pool, autoencoder: PatchVideoAutoencoder) -> None:
    """What is taught before the transformer: the text encoder its code, the continuation its motion; then the scale of the rest."""
    recipe, backbone = objective.recipe, objective.backbone
    teach(objective.tokenizer, objective.text_encoder, recipe.seed, recipe.words)
    draw = torch.Generator().manual_seed(recipe.seed)
    batches = [pool.batch(step, draw) for step in [0, 1, 2] * 40]
    assert backbone.continuation is not None
    teach_motion(backbone.continuation, objective.pooled, autoencoder, recipe.seed + 1, recipe.motion, recipe.motion_films)
    backbone.continuation.eval()   # as it will be used: with its dead zone
    # A narrow network cannot carry the noise of a wide token, so it must not have to take it away again: told a smaller
    # deviation, the guess leaves x_t to the network, which predicts x from the continuation (see the card).
    backbone.change_deviation.copy_(recipe.trust * deviation(backbone.continuation, batches, objective.pooled))


def rate(recipe: Recipe, step: int, steps: int) -> float:
    """Warm-up, level, then half a cosine to a fiftieth."""
    begin = recipe.fall * steps
    progress = min(1.0, max(0.0, (step - begin) / max(1.0, steps - begin)))
    return recipe.rate * min(1.0, (step + 1) / recipe.warmup) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress)))


def optimizer_of(objective: Objective, recipe: Recipe) -> torch.optim.Optimizer:
    """AdamW. The text encoder, taught before, goes slower; the last layer faster, because its outputs are 1 / trust large."""
    last = list(objective.backbone.transformer.proj_out.parameters())
    text = list(objective.text_encoder.parameters())
    chosen = {id(p) for p in (*last, *text)}
    return torch.optim.AdamW([
        {"params": [p for p in objective.parameters() if id(p) not in chosen], "share": 1.0},
        {"params": text, "share": recipe.text_rate},
        {"params": last, "share": 1 / recipe.trust, "weight_decay": 0.0},
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

    def advance(self) -> tuple[float, float]:
        """One step; returns the loss and the gradient's norm. All randomness comes from the seed and the step's number."""
        draw = torch.Generator().manual_seed(self.recipe.seed * 1_000_003 + self.step)
        batch = self.pool.batch(self.step, draw)
        device = self.accelerator.device
        parts = [t.to(device) for t in (batch.target, batch.start, batch.recent, batch.picture)]
        batch = Batch(parts[0], parts[1], parts[2], parts[3], batch.captions)
        for group in self.optimizer.param_groups:
            group["lr"] = group["share"] * rate(self.recipe, self.step, self.steps)
        self.optimizer.zero_grad(set_to_none=True)
        with self.accelerator.autocast():
            loss = self.objective(batch, draw)
        self.accelerator.backward(loss)
        norm = self.accelerator.clip_grad_norm_(self.objective.parameters(), 1.0)
        self.optimizer.step()
        self.average.follow(self.accelerator.unwrap_model(self.objective))
        self.step += 1
        return float(loss.detach()), float(norm)

    def save(self) -> None:
        bare = self.accelerator.unwrap_model(self.objective)
        save(Path(self.recipe.run) / "last.pt", {
            "model": bare.state_dict(), "optimizer": self.optimizer.state_dict(), "average": self.average.state(),
            "deviation": bare.backbone.change_deviation, "step": self.step, "spent": self.spent,
        })


def begin(recipe: Recipe) -> Run:
    """A new run, or the one that the recipe's folder holds, at the step where it stopped."""
    torch.set_num_threads(recipe.threads)
    accelerator = Accelerator(mixed_precision="bf16" if recipe.bfloat16 else "no", cpu=not torch.cuda.is_available())
    state = restore(Path(recipe.run) / "last.pt")
    step = state["step"] if state else 0
    autoencoder = PatchVideoAutoencoder.from_pretrained(recipe.autoencoder).eval().requires_grad_(False)
    plan = schedule(recipe)
    shape = parts.Shape(**recipe.shape)
    pool = Pool(Reel(autoencoder, plan, recipe.seed, shape.image_size), plan, step, recipe.workers)
    objective = assemble(recipe, state["deviation"] if state else torch.ones(shape.channels))
    if not state:
        prepare(objective, pool, autoencoder)
    if objective.backbone.continuation is not None:
        objective.backbone.continuation.eval().requires_grad_(False)
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
    from studio.training.look import strips

    run = begin(recipe)
    folder = Path(recipe.run)
    curve = Curve(folder / "curve.csv", run.step)
    log.info("%d parameters, step %d of %d", parts.count(run.objective), run.step, run.steps)
    while run.step < run.steps:
        begun = time.monotonic()
        loss, norm = run.advance()
        run.spent += time.monotonic() - begun
        curve.add(step=run.step, loss=loss, norm=norm, seconds=round(run.spent, 2))
        if run.step % 20 == 0:
            recent = [row[1] for row in curve.rows[-20:]]
            log.info("step %d  loss %.4f  %.0f s", run.step, sum(recent) / len(recent), run.spent)
        if run.accelerator.is_main_process and (run.step % recipe.save_every == 0 or run.step == run.steps):
            run.save()
            curve.draw("loss")
        if run.accelerator.is_main_process and recipe.look_every and run.step % recipe.look_every == 0:
            bare = run.accelerator.unwrap_model(run.objective)
            own = run.average.lend(bare)
            (look or strips)(bare, folder)
            bare.load_state_dict(own)
    return run
