"""The study of the long-term memory's arms: each trained alike, and asked alike on films it has not seen. It knows no pictures."""

from __future__ import annotations

import json
import logging
import math
from dataclasses import dataclass
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
    width: int = 160
    height: int = 96
    films: int = 600
    held_out: int = 64
    sections: int = 6
    steps: int = 2500
    batch: int = 8
    queries: int = 192
    rate: float = 1.0e-3
    warmup: int = 100
    average: float = 0.995
    save_every: int = 250
    bfloat16: bool = True
    threads: int = 1


def rate(recipe: Recipe, step: int) -> float:
    """Warm-up, then half a cosine."""
    return recipe.rate * min(1.0, (step + 1) / recipe.warmup) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / recipe.steps)))


def train(recipe: Recipe, arm: str, seed: int, made: Films, scale: Tensor) -> Keeper:
    """Train an arm to its last step, from where its folder has it. The same seed gives the same films in the same order to each."""
    folder = Path(recipe.run) / f"{arm}-{seed}"
    torch.manual_seed(seed)
    c = made.conditioning
    keeper = Keeper(arm, Shape(**recipe.shape), c.text.shape[2], c.image.shape[2], scale)
    optimizer = torch.optim.AdamW(keeper.parameters(), lr=recipe.rate, betas=(0.9, 0.98), weight_decay=0.01)
    average, step = Average(keeper, recipe.average), 0
    if state := restore(folder / "last.pt"):
        keeper.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        average.restore(state["average"])
        step = state["step"]
    noted = Curve(folder / "curve.csv", step)
    while step < recipe.steps:
        rng = torch.Generator().manual_seed(seed * 1_000_003 + step)
        some = moved(made.some(torch.randint(len(made.scene), (recipe.batch,), generator=rng)), rng)
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
    scale = objective.backbone.deviation.clone()
    side, sections = objective.image_encoder.config.image_size, recipe.sections

    def taken(number: int, first: int) -> Films:
        size = (recipe.width, recipe.height)
        made = walks(Path(recipe.run), objective.backbone.autoencoder, number, size, sections, side, first)
        return Films(made.scene, made.pose, features(objective, made.captions, made.picture.float()))

    made, held = taken(recipe.films, FIRST), taken(recipe.held_out, HELD_OUT)
    results = []
    for seed in recipe.seeds:
        for arm in recipe.arms:
            keeper = train(recipe, arm, seed, made, scale)
            found = curve(keeper, held)
            folder = Path(recipe.run) / f"{arm}-{seed}"
            save_adapter(keeper.pack, folder / ADAPTER)
            save_adapter(keeper.recall, folder / RECALL)
            results.append({"arm": arm, "seed": seed, "parameters": count(keeper), "curve": found})
            (Path(recipe.run) / "results.json").write_text(json.dumps(results, indent=1) + "\n", "utf-8")
            log.info("%s, seed %d: error by age %s", arm, seed, "  ".join(f"{row['age']:.0f}: {row['error']:.3f}" for row in found))


@torch.no_grad()
def features(objective: film.Objective, captions: list[str], pictures: Tensor) -> Conditioning:
    """What the encoders of a film model say, padded alike."""
    words = objective.tokenizer(
        captions, max_length=objective.tokenizer.model_max_length, padding=True, truncation=True, return_tensors="pt"
    )
    text = objective.text_encoder(input_ids=words.input_ids, attention_mask=words.attention_mask)
    image = torch.cat([objective.image_encoder(pixel_values=some).last_hidden_state for some in pictures.split(64)])
    return Conditioning(text.last_hidden_state, words.attention_mask, text.pooler_output, image)
