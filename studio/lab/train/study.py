"""The memory study: trains every arm of the long-term memory alike, and measures what each recalls of held-out films.

Letters: N films or captions, K memorized channels, S side of the image encoder's picture.
"""

from __future__ import annotations

import json
import logging
import math
from dataclasses import field
from pathlib import Path

import torch
from torch import Tensor, nn

from studio.backbones.animatic.autoencoder import LappedAutoencoder
from studio.backbones.animatic.conditioner import SmallConditioner
from studio.backbones.animatic.parts import animatic_parts
from studio.backbones.load import load
from studio.catalogue.cards import ADAPTER, RECALL, read_card
from studio.diffusion.backbone import Conditioning
from studio.lab.train.checkpoints import WeightAverage, load_checkpoint, save_checkpoint
from studio.lab.train.curve import Curve
from studio.lab.train.parts import parameter_count
from studio.lab.train.recipe import RecipeError, read_recipe
from studio.lab.train.recollection import MemoryArm, MemoryFilms, MemoryShape, error_by_age, recall_loss, shift_origins
from studio.lab.train.walks import FIRST, HELD_OUT, load_or_make_walks
from studio.memory.adapter import save_adapter
from studio.tables import table

log = logging.getLogger(__name__)


@table
class MemoryRecipe:
    """How the arms of the memory study are trained. Lengths in steps, sizes in pixels."""

    run: str
    model: str                                      # folder of the embedded kind whose autoencoder and encoders are used
    arms: tuple[str, ...]                           # of recollection.ARMS
    seeds: tuple[int, ...]
    shape: MemoryShape
    more: dict[str, tuple[int, ...]] = field(default_factory=dict)      # further seeds of single arms
    keep: int = 128                                                     # channels of a cell that are memorized
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


def deviation(films: MemoryFilms) -> Tensor:
    """The root mean square of the memorized channels where they were seen well, [K]: the error of a guess without memory."""
    values, visible = films.cells[:, :, :-1].float().movedim(2, -1), films.cells[:, :, -1] == 1
    return values[visible].square().mean(dim=0).sqrt().clamp(min=1e-3)


def learning_rate(recipe: MemoryRecipe, step: int) -> float:
    """The learning rate at a step: warm-up, and half a cosine down to a fiftieth."""
    # As `schedules` has it, but for the order of operations in the cosine: old checkpoints must resume with the same numbers.
    return recipe.rate * min(1.0, (step + 1) / recipe.warmup) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / recipe.steps)))


def new_arm(recipe: MemoryRecipe, arm: str, seed: int, films: MemoryFilms, scale: Tensor) -> MemoryArm:
    """An arm before its first step, for memorized channels of the standard deviation `scale` [K]."""
    torch.manual_seed(seed)
    c = films.conditioning
    return MemoryArm(arm, recipe.shape, c.text.shape[2], c.image.shape[2], scale)


def train(recipe: MemoryRecipe, arm: str, seed: int, films: MemoryFilms, scale: Tensor) -> MemoryArm:
    """Train an arm to its last step, or resume it; returns it with its average weights.

    With the same seed every arm is trained on the same films in the same order.
    """
    folder = Path(recipe.run) / f"{arm}-{seed}"
    model = new_arm(recipe, arm, seed, films, scale)
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=recipe.rate, betas=(0.9, 0.98), weight_decay=0.01)
    average, step = WeightAverage(model, recipe.average), 0
    if state := load_checkpoint(folder / "last.pt"):
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        average.load_state_dict(state["average"])
        step = state["step"]
    curve = Curve(folder / "curve.csv", step)
    while step < recipe.steps:
        rng = torch.Generator().manual_seed(seed * 1_000_003 + step)
        batch = shift_origins(films.select(torch.randint(len(films.cells), (recipe.batch,), generator=rng)), rng)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(recipe, step)
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=recipe.bfloat16):
            loss = recall_loss(model, batch, recipe.queries, rng)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        average.step(model)
        step += 1
        curve.add(step=step, loss=float(loss.detach()))
        if step % recipe.save_every == 0 or step == recipe.steps:
            save_checkpoint(folder / "last.pt", {
                "model": model.state_dict(), "optimizer": optimizer.state_dict(), "average": average.state_dict(), "step": step,
            })
            recent = [row[1] for row in curve.rows[-100:]]
            log.info("%s, seed %d: step %d, loss %.4f", arm, seed, step, sum(recent) / len(recent))
    average.copy_to(model)
    return model.eval()


def study(path: Path) -> None:
    """Train every arm of the recipe in `path` with every seed, and write its errors on held-out films to `results.json`.

    Raises:
        RecipeError: the recipe cannot be used.
        ModelError: its model cannot be used.
    """
    recipe = read_recipe(path, MemoryRecipe)
    torch.set_num_threads(recipe.threads)
    autoencoder, conditioner = _embedded_model(Path(recipe.model))

    def films_from(first: int, count: int) -> MemoryFilms:
        size, side = (recipe.width, recipe.height), conditioner.image_encoder.config.image_size
        walks = load_or_make_walks(Path(recipe.run), autoencoder, count, size, recipe.sections, side, first, recipe.keep)
        return MemoryFilms(walks.cells, walks.corner, embeddings(conditioner, walks.captions, walks.picture.float()))

    films, held_out = films_from(FIRST, recipe.films), films_from(HELD_OUT, recipe.held_out)
    scale = deviation(films)
    results = []
    held_out = held_out.select(torch.arange(recipe.held_out))
    runs = [(arm, seed) for seed in recipe.seeds for arm in recipe.arms]
    for arm, seed in [*runs, *((arm, seed) for arm, seeds in recipe.more.items() for seed in seeds)]:
        before = error_by_age(new_arm(recipe, arm, seed, films, scale), held_out)
        model = train(recipe, arm, seed, films, scale)
        after = error_by_age(model, held_out)
        folder = Path(recipe.run) / f"{arm}-{seed}"
        save_adapter(model.pack, folder / ADAPTER)
        save_adapter(model.recall, folder / RECALL)
        results.append({"arm": arm, "seed": seed, "parameters": parameter_count(model), "begun": before, "curve": after})
        (Path(recipe.run) / "results.json").write_text(json.dumps(results, indent=1) + "\n", "utf-8")
        for when, rows in (("begun", before), ("trained", after)):
            errors = "  ".join(f"{row['age']:.0f}: {row['error']:.3f}" for row in rows)
            log.info("%s, seed %d, %s: error by age %s", arm, seed, when, errors)


def _embedded_model(folder: Path) -> tuple[LappedAutoencoder, SmallConditioner]:
    """Autoencoder and encoders of the embedded model in a folder.

    Raises:
        ModelError: the folder cannot be used.
        RecipeError: its model is of another family.
    """
    model = load(read_card(folder), torch.device("cpu"))
    try:
        parts = animatic_parts(model)
    except TypeError:
        raise RecipeError(
            f"{folder} is no model of the embedded kind: the memory study needs its autoencoder and encoders."
        ) from None
    return parts.backbone.autoencoder, parts.conditioner


@torch.no_grad()
def embeddings(conditioner: SmallConditioner, captions: list[str], pictures: Tensor) -> Conditioning:
    """The embeddings of N captions and of pictures [N, 3, S, S] in [-1, 1]."""
    parts = [conditioner.encode_prompts(captions[at : at + 64]) for at in range(0, len(captions), 64)]
    text, mask, pooled = (torch.cat(column).float() for column in zip(*parts, strict=True))
    image = torch.cat([conditioner.encode_pictures(some).float() for some in pictures.split(64)])
    return Conditioning(text, mask.long(), pooled, image)
