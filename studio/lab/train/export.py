"""Export of a film training's average weights as a model folder that the studio opens."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path

import torch
from diffusers import HunyuanVideoFramepackTransformer3DModel
from safetensors.torch import save_file

from studio.backbones.animatic.autoencoder import LappedAutoencoder
from studio.backbones.animatic.film_size import TRAINED_SIDE
from studio.backbones.animatic.weather import WeatherSynthesis
from studio.catalogue.cards import ADAPTER, RECALL, check, files_toml, read_card
from studio.lab.train.checkpoints import WeightAverage, load_checkpoint
from studio.lab.train.film import new_objective
from studio.lab.train.film_objective import FilmObjective
from studio.lab.train.film_recipe import FilmRecipe
from studio.lab.train.parts import stock_names
from studio.lab.train.recipe import read_recipe
from studio.lab.train.text_codes import fit_wind
from studio.lab.world import FPS, FRAMES, PHRASES

log = logging.getLogger(__name__)

FOLDER = Path("models/memorypack-mini")
TRAINED_SIZES = ((320, 192), (192, 320), (256, 256))
"""Sizes of films in the last stage of training."""
VIEW_FACTORS = (1, 2, 3, 4)
"""How many times larger each way the films are that the exported model makes."""


def load_average(recipe: FilmRecipe) -> tuple[FilmObjective, int, float]:
    """The film model with its average weights, the steps it was trained, and the seconds that took.

    Raises:
        FileNotFoundError: the recipe's run has no checkpoint.
    """
    state = load_checkpoint(Path(recipe.run) / "last.pt")
    if state is None:
        raise FileNotFoundError(f"There is no checkpoint in {recipe.run}: train first.")
    autoencoder = LappedAutoencoder.from_pretrained(recipe.autoencoder)
    objective = new_objective(recipe, autoencoder, state["deviation"])
    average = WeightAverage(objective, recipe.average)
    average.load_state_dict(state["average"])
    average.copy_to(objective)
    return objective.eval(), state["step"], state["spent"]


def export(path: Path, folder: Path = FOLDER) -> None:
    """Write the model of the recipe in `path` to `folder`: weights, tokenizer and card.

    Raises:
        RecipeError: the recipe cannot be read.
        FileNotFoundError: its run has no checkpoint.
    """
    recipe = read_recipe(path, FilmRecipe)
    objective, step, spent = load_average(recipe)
    wind = fit_wind(objective.tokenizer, objective.text_encoder, recipe.seed)
    objective.tokenizer.backend_tokenizer.no_padding()          # calling it has set both, and its file should not have them
    objective.tokenizer.backend_tokenizer.no_truncation()
    folder.mkdir(parents=True, exist_ok=True)
    wrapped = objective.backbone.transformer
    transformer = HunyuanVideoFramepackTransformer3DModel.from_config(wrapped.config)
    transformer.load_state_dict(stock_names(wrapped.state_dict()))
    # float16: half the size, and it keeps more digits than bfloat16 of weights that are about 1.
    transformer.to(torch.float16).save_pretrained(folder / "transformer")
    objective.text_encoder.to(torch.float16).save_pretrained(folder / "text_encoder")
    objective.image_encoder.to(torch.float16).save_pretrained(folder / "image_encoder")
    objective.tokenizer.save_pretrained(folder / "tokenizer")
    objective.backbone.autoencoder.to(torch.float16).save_pretrained(folder / "vae")
    WeatherSynthesis.from_pretrained(recipe.weather).save_pretrained(folder / "weather")
    for name in (ADAPTER, RECALL):
        (folder / name).unlink(missing_ok=True)
        if recipe.memory:
            shutil.copyfile(Path(recipe.memory) / name, folder / name)
    deviation = objective.backbone.deviation.float().cpu().contiguous()
    save_file({"deviation": deviation, "wind": wind}, folder / "deviation.safetensors")
    _tidy(folder)
    paths = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file() and p.suffix in (".safetensors", ".json"))
    (folder / "model.toml").write_text(card_text(recipe) + files_toml(folder, paths), "utf-8")
    check(read_card(folder), thorough=True)
    size = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
    log.info("exported %s: step %d, %.0f s of training, %.1f MB", folder, step, spent, size / 1e6)


def _tidy(folder: Path) -> None:
    """Configurations must not name the machine they were made on."""
    for path in folder.rglob("*.json"):
        table = json.loads(path.read_text("utf-8"))
        if isinstance(table, dict) and "_name_or_path" in table:
            del table["_name_or_path"]
            path.write_text(json.dumps(table, indent=2) + "\n", "utf-8")


def card_text(recipe: FilmRecipe) -> str:
    """The text of the model card, model.toml, without its list of files."""
    keys: dict[str, object] = {
        "title": "MemoryPack mini",
        "summary": "A small film model for any machine: it moves the camera, the light and the weather of a picture.",
        "licence": "Apache-2.0",
        "fps": FPS, "window": FRAMES // 4, "section_frames": FRAMES,
        "sizes": [[factor * width, factor * height] for factor in VIEW_FACTORS for width, height in TRAINED_SIZES],
        "steps": 8, "guidance": 1.0, "shift": recipe.shift, "kind": "animatic", "prompt_tokens": recipe.shape.tokens,
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
    offered = {kind: [p for p in phrases if not any(word in p for word in recipe.unheard)] for kind, phrases in PHRASES.items()}
    lines += ["", "[large]", f"above = {TRAINED_SIDE}", f"fps = {2 * FPS}"]
    lines += ["", "[phrases]", *(f"{kind} = {json.dumps(phrases)}" for kind, phrases in offered.items() if phrases)]
    return "\n".join(lines) + "\n"
