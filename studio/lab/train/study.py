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

from studio.backbones.animatic.autoencoder import LappedAutoencoder
from studio.backbones.animatic.backbone import AnimaticBackbone
from studio.backbones.animatic.conditioner import SmallConditioner
from studio.backbones.load import load
from studio.catalogue.cards import ADAPTER, RECALL, read_card
from studio.diffusion.backbone import Conditioning
from studio.lab.train.keeping import Average, Curve, RecipeError, read_recipe, restore, save
from studio.lab.train.parts import count
from studio.lab.train.recollection import Films, Keeper, Shape, curve, loss_of, moved
from studio.lab.train.walks import FIRST, HELD_OUT, walks
from studio.memory.adapter import save_adapter

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recipe:
    """How arms are trained. Lengths in steps, sizes in pixels."""

    run: str
    model: str                                      # folder of the embedded kind whose autoencoder and encoders are used
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
    autoencoder, words = _embedded(Path(recipe.model))

    def taken(number: int, first: int) -> Films:
        size, side = (recipe.width, recipe.height), words.image_encoder.config.image_size
        made = walks(Path(recipe.run), autoencoder, number, size, recipe.sections, side, first, recipe.keep)
        return Films(made.kept, made.low, features(words, made.captions, made.picture.float()))

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


def _embedded(folder: Path) -> tuple[LappedAutoencoder, SmallConditioner]:
    """What of the embedded model in a folder the study needs.

    Raises:
        ModelError: the folder cannot be used.
        RecipeError: its model is of another kind.
    """
    model = load(read_card(folder), torch.device("cpu"))
    if not isinstance(model.backbone, AnimaticBackbone) or not isinstance(model.conditioner, SmallConditioner):
        raise RecipeError(f"{folder} is no model of the embedded kind: the memory study needs its autoencoder and encoders.")
    return model.backbone.autoencoder, model.conditioner


@torch.no_grad()
def features(words: SmallConditioner, captions: list[str], pictures: Tensor) -> Conditioning:
    """What a model's encoders say of captions and pictures [N, 3, S, S]."""
    parts = [words.encode_prompts(captions[at : at + 64]) for at in range(0, len(captions), 64)]
    text, mask, pooled = (torch.cat(column).float() for column in zip(*parts, strict=True))
    image = torch.cat([words.encode_pictures(some).float() for some in pictures.split(64)])
    return Conditioning(text, mask.long(), pooled, image)
