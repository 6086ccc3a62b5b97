"""Exporting a film run's average weights as a model folder that the engine reads. It trains nothing."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import torch
from diffusers import HunyuanVideoFramepackTransformer3DModel
from safetensors.torch import save_file

from studio.diffusion.autoencoder import PatchVideoAutoencoder
from studio.engine.cards import check, listing, read_card
from studio.training.captions import HOLD, LIGHT_PHRASES, WEATHER_PHRASES
from studio.training.film import Objective, Recipe, assemble
from studio.training.keeping import Average, read_recipe, restore
from studio.training.parts import plain
from studio.training.world import FPS, FRAMES

log = logging.getLogger(__name__)

FOLDER = Path("models/memorypack-mini")
CAMERA_PHRASES = (
    HOLD[0], "the camera pans slowly to the left", "the camera pans to the left", "the camera pans slowly to the right",
    "the camera pans to the right", "the camera moves quickly to the right", "the camera tilts up", "the camera tilts down",
    "the camera zooms in slowly", "the camera zooms in", "the camera zooms out", "the camera pulls back slowly",
)


def average_of(recipe: Recipe) -> tuple[Objective, int, float]:
    """The film model with its average weights, the steps and the seconds behind it."""
    state = restore(Path(recipe.run) / "last.pt")
    if state is None:
        raise FileNotFoundError(f"There is no checkpoint in {recipe.run}: train first.")
    objective = assemble(recipe, state["deviation"])
    average = Average(objective, recipe.average)
    average.restore(state["average"])
    average.lend(objective)
    return objective.eval(), state["step"], state["spent"]


def export(path: Path, folder: Path = FOLDER) -> None:
    """Write the model of the recipe in `path` to `folder`: weights, tokenizer and card."""
    recipe = read_recipe(path, Recipe)
    objective, step, spent = average_of(recipe)
    folder.mkdir(parents=True, exist_ok=True)
    wrapped = objective.backbone.transformer
    transformer = HunyuanVideoFramepackTransformer3DModel.from_config(wrapped.config)
    transformer.load_state_dict(plain(wrapped.state_dict()))
    transformer.to(torch.bfloat16).save_pretrained(folder / "transformer")
    if objective.backbone.continuation is not None:
        objective.backbone.continuation.save_pretrained(folder / "continuation")  # float32: it says how far
    if objective.backbone.continuation is not None:
        objective.backbone.continuation.save_pretrained(folder / "continuation")
    objective.text_encoder.to(torch.bfloat16).save_pretrained(folder / "text_encoder")
    objective.image_encoder.to(torch.bfloat16).save_pretrained(folder / "image_encoder")
    objective.tokenizer.save_pretrained(folder / "tokenizer")
    # float16: the basis needs more than bfloat16's eight bits.
    PatchVideoAutoencoder.from_pretrained(recipe.autoencoder).to(torch.float16).save_pretrained(folder / "vae")
    deviation = objective.backbone.change_deviation.float().cpu().contiguous()
    save_file({"change_deviation": deviation}, folder / "change_deviation.safetensors")
    _tidy(folder)
    paths = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file() and p.suffix in (".safetensors", ".json"))
    (folder / "model.toml").write_text(card(recipe) + listing(folder, paths), "utf-8")
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


def card(recipe: Recipe) -> str:
    """model.toml without its list of files."""
    phrases = {
        "camera": CAMERA_PHRASES,
        "light": tuple(p for kind in LIGHT_PHRASES.values() for p in kind[:2]),
        "weather": tuple(p for kind in WEATHER_PHRASES.values() for p in kind[:2]),
    }
    keys: dict[str, object] = {
        "title": "MemoryPack mini",
        "summary": "A small film model for any machine: it moves the camera, changes the light and the weather of a picture.",
        "licence": "Apache-2.0",
        "fps": FPS, "window": FRAMES // 4, "section_frames": FRAMES,
        "sizes": [[320, 192], [192, 320], [256, 256]],
        "steps": 8, "guidance": 1.0, "shift": recipe.shift, "prediction": "change", "coordinates": True,
        "autoencoder": "patch", "prompt_tokens": 64,
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
    lines += ["", "[phrases]", *(f"{kind} = {json.dumps(list(words))}" for kind, words in phrases.items())]
    return "\n".join(lines) + "\n"
