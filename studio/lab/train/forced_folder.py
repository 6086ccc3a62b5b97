"""What forcing gave, as a model folder that the studio opens: the base with the trained weights, and a card that says so.

A base that lies in its folder as a whole (the embedded kind) is copied, and what was trained is merged into its transformer: those
tensors in float32, exactly as they were trained, the others as they are. A base whose weights are fetched (FramePack-F1) is not
copied: the new card names the same sources, the parts are used where they lie, and SemanticPack and LoRA lie beside the card. It
trains nothing.
"""

from __future__ import annotations

import json
import shutil
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from studio.catalogue.cards import ADAPTER, CARD, LORA, RECALL, ModelCard, check, files_toml, read_card, weights_folder
from studio.catalogue.fingerprint import fingerprint
from studio.catalogue.hub.record import RECORD, read_record, write_record
from studio.lab.train.forcing_recipe import Recipe, checked
from studio.lab.train.keeping import RecipeError, read_recipe, restore
from studio.lab.train.lora import PREFIX
from studio.lab.train.trainee import WEIGHTS

DRAFT = ".draft"


@dataclass(frozen=True)
class Forced:
    """A finished arm of a run."""

    recipe: Recipe
    arm: str
    seed: int
    folder: Path
    steps: int

    @property
    def told(self) -> str:
        """In a few words."""
        words = {"output": "the output layer", "all": "the whole transformer", "lora": f"a LoRA of rank {self.recipe.rank}"}
        also = " and SemanticPack" if (self.folder / ADAPTER).is_file() else ""
        return f"{self.arm} forcing of {words[self.recipe.part]}{also}, {self.steps} optimizer steps, seed {self.seed}"


def export(path: Path, folder: Path, arm: str | None = None, seed: int | None = None) -> ModelCard:
    """Write one arm of the run of the recipe in `path` as a model folder.

    Args:
        path: the recipe's.
        folder: new; the model is called as it is.
        arm: of the recipe; None: the only one.
        seed: of the recipe; None: the only one.

    Raises:
        RecipeError: there is no such arm, it is not finished, the folder is there already, or the arm cannot be a model.
        ModelError: the base cannot be used.
    """
    recipe = checked(read_recipe(path, Recipe))
    forced = finished(recipe, _one("arm", arm, recipe.arms), _one("seed", seed, recipe.seeds))
    base = read_card(Path(recipe.model))
    check(base)
    if recipe.small:
        raise RecipeError("This run trained a new small FramePack, which is for comparing arms: the studio has no codec for it.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RecipeError(f"{folder} is there already. Name a new folder: a model is not written over another.")
    draft = folder.with_name(folder.name + DRAFT)
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        if base.sources:
            _beside(base, forced, draft)
            _point(base, folder, draft)
        else:
            _merged(base, forced, draft)
        (draft / "README.md").write_text(_readme(base, forced, folder.name), "utf-8")
        (draft / CARD).write_text(_card(base, forced, draft), "utf-8")
        if folder.is_dir():
            folder.rmdir()
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    card = read_card(folder)
    check(card, thorough=not card.sources)
    return card


def finished(recipe: Recipe, arm: str, seed: int) -> Forced:
    """The arm, when its last step is done.

    Raises:
        RecipeError: it is not.
    """
    folder = Path(recipe.run) / f"{arm}-{seed}"
    state = restore(folder / "last.pt")
    whole = sum(steps for _, steps in recipe.curriculum)
    steps = state["step"] if state else 0
    if steps < whole or not any((folder / name).is_file() for name in (WEIGHTS, LORA)):
        raise RecipeError(f"{folder} is at step {steps} of {whole}: run `python -m studio.lab train force` to the end first.")
    return Forced(recipe, arm, seed, folder, steps)


def _one(what: str, asked: Any, known: list[Any]) -> Any:
    if asked is None and len(known) == 1:
        return known[0]
    if asked not in known:
        named = ", ".join(str(each) for each in known)
        raise RecipeError(f"Say which {what} with --{what}: the recipe has {named}{'' if asked is None else f', not {asked}'}.")
    return asked


def _merged(base: ModelCard, forced: Forced, folder: Path) -> None:
    """Copy the base's files, its transformer with what was trained."""
    own = _trained(forced)
    for file in base.files:
        target = folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.path.startswith("transformer/") and file.path.endswith(".safetensors"):
            kept = load_file(base.path(file.path))
            save_file({name: own.pop(name, _same)(tensor) for name, tensor in kept.items()}, target, {"format": "pt"})
        else:
            shutil.copyfile(base.path(file.path), target)
    if own:
        raise RecipeError(f"{forced.folder} was not trained on '{base.title}': its transformer has no {min(own)}.")
    if (forced.folder / ADAPTER).is_file():          # it joins the context: there is nothing to ask it with
        shutil.copyfile(forced.folder / ADAPTER, folder / ADAPTER)
        (folder / RECALL).unlink(missing_ok=True)


def _trained(forced: Forced) -> dict[str, Callable[[Tensor], Tensor]]:
    """What becomes of the base's tensors, by their names."""
    lora = (forced.folder / LORA).is_file()
    path = forced.folder / (LORA if lora else WEIGHTS)
    try:
        tensors = load_file(path)
    except (OSError, SafetensorError) as error:
        raise RecipeError(f"{path} cannot be read ({error}): train the arm again.") from error
    if not lora:
        return {name: _instead(path, name, tensor) for name, tensor in tensors.items()}
    stems = sorted(name.removesuffix(".lora_A.weight") for name in tensors if name.endswith(".lora_A.weight"))
    return {
        f"{stem.removeprefix(PREFIX)}.weight": _added(tensors[f"{stem}.lora_B.weight"] @ tensors[f"{stem}.lora_A.weight"])
        for stem in stems
    }


def _same(tensor: Tensor) -> Tensor:
    return tensor


def _instead(path: Path, name: str, trained: Tensor) -> Callable[[Tensor], Tensor]:
    def changed(tensor: Tensor) -> Tensor:
        if tensor.shape != trained.shape:
            raise RecipeError(f"{path} was trained on another model: {name} is {tuple(trained.shape)}, not {tuple(tensor.shape)}.")
        return trained.float().contiguous()

    return changed


def _added(change: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda tensor: (tensor.float() + change).contiguous()


def _beside(base: ModelCard, forced: Forced, folder: Path) -> None:
    """SemanticPack and LoRA, to lie beside the card."""
    if not (forced.folder / LORA).is_file():
        raise RecipeError(
            f"The weights of '{base.title}' are fetched, not copied, so only a LoRA can go with them: train with part = \"lora\"."
        )
    if any(file.path == LORA for file in base.files):
        raise RecipeError(f"'{base.title}' has a LoRA of its own already, and a model has one: force what that was made from.")
    for name in (LORA, ADAPTER):
        if (forced.folder / name).is_file():
            shutil.copyfile(forced.folder / name, folder / name)


def _point(base: ModelCard, folder: Path, draft: Path) -> None:
    """Record that the base's weights are used where they lie. The record is this machine's own, as one of fetched weights is."""
    assert base.weights is not None, "a card with sources has a folder for them"
    places = {part: str(base.path(part).absolute()) for source in base.sources for part in source.folders}
    home = draft if weights_folder(folder) == folder else weights_folder(folder)      # the latter where STUDIO_MODELS says
    home.mkdir(parents=True, exist_ok=True)
    write_record(replace(read_record(base.weights), places=places), home)


def _card(base: ModelCard, forced: Forced, folder: Path) -> str:
    table = tomllib.loads((base.folder / CARD).read_text("utf-8"))
    table["title"] = f"{base.title}, forced ({forced.arm})"
    table["summary"] = f"{base.summary} Made from {base.title} by {forced.told}."
    own = (LORA, ADAPTER) if base.sources else tuple(
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.suffix in (".json", ".safetensors"))
    files = sorted(path for path in own if (folder / path).is_file() and path != RECORD)
    return _toml({key: value for key, value in table.items() if key != "files"}) + files_toml(folder, files)


def _toml(table: dict[str, Any]) -> str:
    """A card's table: plain keys, [phrases], [[sources]]."""
    plain = [f"{key} = {_value(value)}" for key, value in table.items() if key not in ("phrases", "sources")]
    phrases = [f"{key} = {_value(value)}" for key, value in table.get("phrases", {}).items()]
    lines = [*plain, *(["", "[phrases]", *phrases] if phrases else [])]
    for source in table.get("sources", []):
        lines += ["", "[[sources]]", *(f"{key} = {_value(value)}" for key, value in source.items())]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_value(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list):
        return f"[{', '.join(_value(each) for each in value)}]"
    return json.dumps(value, ensure_ascii=False)


def _readme(base: ModelCard, forced: Forced, name: str) -> str:
    recipe = forced.recipe

    def lengths(stages: list[list[int]]) -> str:
        return ", ".join(f"{steps} with {sections} section{'' if sections == 1 else 's'}" for sections, steps in stages) or "none"

    rows = {
        "made from": f"{base.title}, `{fingerprint(base)}`",
        "by": f"`python -m studio.lab train force`: {forced.told}",
        "optimizer steps": lengths(recipe.curriculum),
        "before them, on true histories": lengths(recipe.before),
        "films": f"{recipe.films} {'videos of the trainer' if recipe.footage else 'of the procedural world'}, "
                 f"{recipe.width}x{recipe.height}, {recipe.batch} a step",
        "learning rate": str(recipe.rate),
        "weights": f"moving average, {recipe.average}",
        "licence": f"{base.licence}, as {base.title}",
    }
    kept = "This folder holds all of the model: what was trained in float32, the rest as it was."
    if base.sources:
        kept = (
            f"The weights of {base.title} are not in this folder; `{RECORD}` says where they lie on this machine. `{LORA}` is "
            f"merged into them whenever they are read. Elsewhere, leave `{RECORD}` out and run `python app.py models fetch {name}`."
        )
    table = "\n".join(f"| {what} | {said} |" for what, said in rows.items())
    return f"# {base.title}, forced\n\n| | |\n|---|---|\n{table}\n\n{kept}\n"
