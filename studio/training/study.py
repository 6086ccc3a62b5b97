"""The study of the long-term memory's arms: each trained alike, and asked alike on films it has not seen. It knows no pictures."""

from __future__ import annotations

import json
import logging
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from studio.diffusion.backbone import Conditioning
from studio.engine.cards import ADAPTER, RECALL
from studio.memory.adapter import save_adapter
from studio.training import film
from studio.training.export import average_of
from studio.training.keeping import Average, Curve, read_recipe, restore, save
from studio.training.parts import count
from studio.training.recollection import Films, Keeper, Shape, curve, loss_of, moved
from studio.training.walks import FIRST, HELD_OUT, walks

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recipe:
    """How arms are trained. Lengths in steps, sizes in pixels."""

    run: str
    film: str                                       # recipe of the film model whose encoders are used
    arms: list[str]
    seeds: list[int]
    shape: dict[str, Any]
    more: dict[str, list[int]] = field(default_factory=dict)      # seeds of single arms beside those of all
    keep: int = 128                                 # channels of a cell
    width: int = 160
    height: int = 96
    films: int = 400
    held_out: int = 64
    sections: int = 8
    steps: int = 1000
    batch: int = 4
    queries: int = 192
    rate: float = 3.0e-4
    warmup: int = 100
    average: float = 0.995
    save_every: int = 250
    bfloat16: bool = True
    threads: int = 1


def deviation(films: Films) -> Tensor:
    """Of the kept channels where they were seen well, [K]: what a guess without memory is off by."""
    kept, seen = films.kept[:, :, :-1].float().movedim(2, -1), films.kept[:, :, -1] == 1
    return kept[seen].square().mean(dim=0).sqrt().clamp(min=1e-3)


def rate(recipe: Recipe, step: int) -> float:
    """Warm-up, then half a cosine."""
    return recipe.rate * min(1.0, (step + 1) / recipe.warmup) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / recipe.steps)))


def fresh(recipe: Recipe, arm: str, seed: int, made: Films, scale: Tensor) -> Keeper:
    """An arm before its first step."""
    torch.manual_seed(seed)
    c = made.conditioning
    shape: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in recipe.shape.items()}
    return Keeper(arm, Shape(**shape), c.text.shape[2], c.image.shape[2], scale)


def train(recipe: Recipe, arm: str, seed: int, made: Films, scale: Tensor) -> Keeper:
    """Train an arm to its last step, from where its folder has it. The same seed gives the same films in the same order to each."""
    folder = Path(recipe.run) / f"{arm}-{seed}"
    keeper = fresh(recipe, arm, seed, made, scale)
    trained = [p for p in keeper.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=recipe.rate, betas=(0.9, 0.98), weight_decay=0.01)
    average, step = Average(keeper, recipe.average), 0
    if state := restore(folder / "last.pt"):
        keeper.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        average.restore(state["average"])
        step = state["step"]
    noted = Curve(folder / "curve.csv", step)
    while step < recipe.steps:
        rng = torch.Generator().manual_seed(seed * 1_000_003 + step)
        some = moved(made.some(torch.randint(len(made.kept), (recipe.batch,), generator=rng)), rng)
        for group in optimizer.param_groups:
            group["lr"] = rate(recipe, step)
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=recipe.bfloat16):
            loss = loss_of(keeper, some, recipe.queries, rng)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(keeper.parameters(), 1.0)
        optimizer.step()
        average.follow(keeper)
        step += 1
        noted.add(step=step, loss=float(loss.detach()))
        if step % recipe.save_every == 0 or step == recipe.steps:
            save(folder / "last.pt", {
                "model": keeper.state_dict(), "optimizer": optimizer.state_dict(), "average": average.state(), "step": step,
            })
            recent = [row[1] for row in noted.rows[-100:]]
            log.info("%s, seed %d: step %d, loss %.4f", arm, seed, step, sum(recent) / len(recent))
    average.lend(keeper)
    return keeper.eval()


def study(path: Path) -> None:
    """Train every arm of the recipe in `path` with every seed; curves on held-out films go to `results.json`."""
    recipe = read_recipe(path, Recipe)
    torch.set_num_threads(recipe.threads)
    objective = average_of(read_recipe(Path(recipe.film), film.Recipe))[0]
    side, sections = objective.image_encoder.config.image_size, recipe.sections

    def taken(number: int, first: int) -> Films:
        size = (recipe.width, recipe.height)
        made = walks(Path(recipe.run), objective.backbone.autoencoder, number, size, sections, side, first, recipe.keep)
        return Films(made.kept, made.low, features(objective, made.captions, made.picture.float()))

    made, held = taken(recipe.films, FIRST), taken(recipe.held_out, HELD_OUT)
    scale = deviation(made)
    results = []
    held = held.some(torch.arange(recipe.held_out))
    runs = [(arm, seed) for seed in recipe.seeds for arm in recipe.arms]
    for arm, seed in [*runs, *((arm, seed) for arm, seeds in recipe.more.items() for seed in seeds)]:
        begun = curve(fresh(recipe, arm, seed, made, scale), held)
        keeper = train(recipe, arm, seed, made, scale)
        found = curve(keeper, held)
        folder = Path(recipe.run) / f"{arm}-{seed}"
        save_adapter(keeper.pack, folder / ADAPTER)
        save_adapter(keeper.recall, folder / RECALL)
        results.append({"arm": arm, "seed": seed, "parameters": count(keeper), "begun": begun, "curve": found})
        (Path(recipe.run) / "results.json").write_text(json.dumps(results, indent=1) + "\n", "utf-8")
        for when, rows in (("begun", begun), ("trained", found)):
            told = "  ".join(f"{row['age']:.0f}: {row['error']:.3f}" for row in rows)
            log.info("%s, seed %d, %s: error by age %s", arm, seed, when, told)


@torch.no_grad()
def features(objective: film.Objective, captions: list[str], pictures: Tensor) -> Conditioning:
    """What the encoders of a film model say, padded alike."""
    words = objective.tokenizer(
        captions, max_length=objective.tokenizer.model_max_length, padding=True, truncation=True, return_tensors="pt"
    )
    text = objective.text_encoder(input_ids=words.input_ids, attention_mask=words.attention_mask)
    image = torch.cat([objective.image_encoder(pixel_values=some).last_hidden_state for some in pictures.split(64)])
    return Conditioning(text.last_hidden_state, words.attention_mask, text.pooler_output, image)
