"""Export of a forcing run's arm as a model folder that the studio opens.

The model that the run began with is the base. If all of the base is in its folder (the embedded model), it is copied, and the
trained weights are merged into the copy: these tensors in float32 as they were trained, the others unchanged. If the base's weights
are fetched (FramePack-F1), they are not copied: the new card names the same sources, their parts are used where they are, and the
new folder holds the LoRA and the long-term memory.
"""

from __future__ import annotations

import json
import shutil
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from studio.catalogue.cards import ADAPTER, CARD, LORA, RECALL, ModelCard, check, files_toml, read_card, weights_folder
from studio.catalogue.fingerprint import fingerprint
from studio.catalogue.hub.record import RECORD, read_record, write_record
from studio.lab.train.checkpoints import load_checkpoint
from studio.lab.train.forcing_recipe import QUERY, ForcingRecipe, Stages, check_recipe
from studio.lab.train.lora import PREFIX
from studio.lab.train.recipe import RecipeError, read_recipe
from studio.lab.train.trainee import WEIGHTS
from studio.mapped_tensors import read_mapped
from studio.memory.adapter import is_frame_preservation

DRAFT = ".draft"


@dataclass(frozen=True)
class FinishedArm:
    """An arm of a run that was trained to its last step."""

    recipe: ForcingRecipe
    arm: str
    seed: int
    folder: Path
    steps: int

    @property
    def summary(self) -> str:
        """A few words on what was trained, for the card."""
        words = {"output": "the output layer", "all": "the whole transformer", "lora": f"a LoRA of rank {self.recipe.rank}"}
        also = ""
        if (self.folder / ADAPTER).is_file():
            also = " and a history encoder" if is_frame_preservation(self.folder / ADAPTER) else " and SemanticPack"
        return f"{self.arm} forcing of {words[self.recipe.part]}{also}, {self.steps} optimizer steps, seed {self.seed}"


def export(path: Path, folder: Path, arm: str | None = None, seed: int | None = None) -> ModelCard:
    """Write one arm of a run as a model folder, and return its card.

    Args:
        path: of the run's recipe.
        folder: a new one; the model gets its name.
        arm: one of the recipe's; None: the only one.
        seed: one of the recipe's; None: the only one.

    Raises:
        RecipeError: there is no such arm, it is not finished, the folder exists already, or the arm cannot be made a model.
        ModelError: the base cannot be used.
    """
    recipe = check_recipe(read_recipe(path, ForcingRecipe))
    trained = find_finished_arm(recipe, _choose("arm", arm, recipe.arms), _choose("seed", seed, recipe.seeds))
    base = read_card(Path(recipe.model))
    check(base)
    if recipe.small is not None:
        raise RecipeError("This run trained a new small FramePack, which is for comparing arms: the studio has no codec for it.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RecipeError(f"{folder} is there already. Name a new folder: a model is not written over another.")
    draft = folder.with_name(folder.name + DRAFT)
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        if base.sources:
            _copy_trained(base, trained, draft)
            _write_record(base, folder, draft)
        else:
            _write_merged(base, trained, draft)
        (draft / "README.md").write_text(_readme(base, trained, folder.name), "utf-8")
        (draft / CARD).write_text(_card_text(base, trained, draft), "utf-8")
        if folder.is_dir():
            folder.rmdir()
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    card = read_card(folder)
    check(card, thorough=not card.sources)
    return card


def find_finished_arm(recipe: ForcingRecipe, arm: str, seed: int) -> FinishedArm:
    """An arm of the recipe's run.

    Raises:
        RecipeError: its last step is not done.
    """
    folder = Path(recipe.run) / f"{arm}-{seed}"
    state = load_checkpoint(folder / "last.pt")
    total = sum(steps for _, steps in recipe.curriculum)
    steps = state["step"] if state else 0
    if steps < total or not any((folder / name).is_file() for name in (WEIGHTS, LORA)):
        raise RecipeError(f"{folder} is at step {steps} of {total}: run `python -m studio.lab train force` to the end first.")
    return FinishedArm(recipe, arm, seed, folder, steps)


def _choose(option: str, value: Any, known: Sequence[Any]) -> Any:
    """The value of a command-line option, which must be one of those known; None stands for the only one."""
    if value is None and len(known) == 1:
        return known[0]
    if value not in known:
        named = ", ".join(str(each) for each in known)
        raise RecipeError(f"Say which {option} with --{option}: the recipe has {named}{'' if value is None else f', not {value}'}.")
    return value


def _write_merged(base: ModelCard, arm: FinishedArm, folder: Path) -> None:
    """Copy the base's files into the folder, its transformer with the trained weights merged."""
    changes = _changes(arm)
    for file in base.files:
        target = folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.path.startswith("transformer/") and file.path.endswith(".safetensors"):
            kept = read_mapped(base.path(file.path))
            save_file({name: changes.pop(name, _same)(tensor) for name, tensor in kept.items()}, target, {"format": "pt"})
        else:
            shutil.copyfile(base.path(file.path), target)
    if changes:
        raise RecipeError(f"{arm.folder} was not trained on '{base.title}': its transformer has no {min(changes)}.")
    if (arm.folder / ADAPTER).is_file():          # its psi joins the context, so the base's Recall does not fit it
        shutil.copyfile(arm.folder / ADAPTER, folder / ADAPTER)
        (folder / RECALL).unlink(missing_ok=True)


def _changes(arm: FinishedArm) -> dict[str, Callable[[Tensor], Tensor]]:
    """For each tensor of the base that was trained, by its name, the function from the old tensor to the new one."""
    lora = (arm.folder / LORA).is_file()
    path = arm.folder / (LORA if lora else WEIGHTS)
    try:
        tensors = load_file(path)
    except (OSError, SafetensorError) as error:
        raise RecipeError(f"{path} cannot be read ({error}): train the arm again.") from error
    if not lora:
        return {name: _replace(path, name, tensor) for name, tensor in tensors.items()}
    stems = sorted(name.removesuffix(".lora_A.weight") for name in tensors if name.endswith(".lora_A.weight"))
    return {
        f"{stem.removeprefix(PREFIX)}.weight": _add(tensors[f"{stem}.lora_B.weight"] @ tensors[f"{stem}.lora_A.weight"])
        for stem in stems
    }


def _same(tensor: Tensor) -> Tensor:
    return tensor


def _replace(path: Path, name: str, trained: Tensor) -> Callable[[Tensor], Tensor]:
    """The function from a tensor to the trained one of the same shape."""

    def change(tensor: Tensor) -> Tensor:
        if tensor.shape != trained.shape:
            raise RecipeError(f"{path} was trained on another model: {name} is {tuple(trained.shape)}, not {tuple(tensor.shape)}.")
        return trained.float().contiguous()

    return change


def _add(difference: Tensor) -> Callable[[Tensor], Tensor]:
    """The function that adds a difference to a tensor, in float32."""
    return lambda tensor: (tensor.float() + difference).contiguous()


def _copy_trained(base: ModelCard, arm: FinishedArm, folder: Path) -> None:
    """Copy LoRA and long-term memory into the folder, for a base whose weights are fetched."""
    if not (arm.folder / LORA).is_file():
        raise RecipeError(
            f"The weights of '{base.title}' are fetched, not copied, so only a LoRA can go with them: train with part = \"lora\"."
        )
    if any(file.path == LORA for file in base.files):
        raise RecipeError(f"'{base.title}' has a LoRA of its own already, and a model has one: force what that was made from.")
    for name in (LORA, ADAPTER):
        if (arm.folder / name).is_file():
            shutil.copyfile(arm.folder / name, folder / name)


def _write_record(base: ModelCard, folder: Path, draft: Path) -> None:
    """Record that the base's weights are used where they are. Like the record of fetched weights it is for this machine only."""
    assert base.weights is not None, "a card with sources has a folder for them"
    places = {part: str(base.path(part).absolute()) for source in base.sources for part in source.folders}
    home = draft if weights_folder(folder) == folder else weights_folder(folder)      # the latter if STUDIO_MODELS is set
    home.mkdir(parents=True, exist_ok=True)
    write_record(replace(read_record(base.weights), places=places), home)


def _card_text(base: ModelCard, arm: FinishedArm, folder: Path) -> str:
    """The text of the new model card: the base's, with another title, summary and list of files."""
    table = tomllib.loads((base.folder / CARD).read_text("utf-8"))
    table["title"] = f"{base.title}, forced ({arm.arm})"
    table["summary"] = f"{base.summary} Made from {base.title} by {arm.summary}."
    own = (LORA, ADAPTER) if base.sources else tuple(
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.suffix in (".json", ".safetensors"))
    files = sorted(path for path in own if (folder / path).is_file() and path != RECORD)
    return _toml({key: value for key, value in table.items() if key != "files"}) + files_toml(folder, files)


def _toml(table: dict[str, Any]) -> str:
    """A card's table as TOML: plain keys, [phrases], [[sources]]."""
    # By hand: Python reads TOML and does not write it, and this is the one table that the lab writes.
    plain = [f"{key} = {_value(value)}" for key, value in table.items() if key not in ("phrases", "sources")]
    phrases = [f"{key} = {_value(value)}" for key, value in table.get("phrases", {}).items()]
    lines = [*plain, *(["", "[phrases]", *phrases] if phrases else [])]
    for source in table.get("sources", []):
        lines += ["", "[[sources]]", *(f"{key} = {_value(value)}" for key, value in source.items())]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    """A value as TOML."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_value(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list):
        return f"[{', '.join(_value(each) for each in value)}]"
    return json.dumps(value, ensure_ascii=False)


def _readme(base: ModelCard, arm: FinishedArm, name: str) -> str:
    """The text of the new folder's README.md."""
    recipe = arm.recipe

    def lengths(stages: Stages) -> str:
        return ", ".join(f"{steps} with {sections} section{'' if sections == 1 else 's'}" for sections, steps in stages) or "none"

    rows = {
        "made from": f"{base.title}, `{fingerprint(base)}`",
        "by": f"`python -m studio.lab train force`: {arm.summary}",
        "optimizer steps": lengths(recipe.curriculum),
        f"before them, on {'frame queries' if recipe.before_task == QUERY else 'true histories'}": lengths(recipe.before),
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
    table = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    return f"# {base.title}, forced\n\n| | |\n|---|---|\n{table}\n\n{kept}\n"
