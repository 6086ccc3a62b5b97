"""Toys of the forcing loop: a recipe for a small network, and what of it is trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import nn

from studio.lab.train.animatic_learner import AnimaticLearner
from studio.lab.train.forcing_recipe import ForcingRecipe
from studio.lab.train.lora import LowRank, add_lora
from studio.lab.train.recipe import RecipeError
from studio.lab.train.trainee import Trainee
from studio.lab.train.velocity_learner import VelocityLearner
from studio.memory.semantic_pack import SemanticPack
from studio.tables import parse


def toy(run: Path, **changes: Any) -> ForcingRecipe:
    table = {
        "run": str(run), "model": "", "arms": ["direct"], "seeds": [1], "curriculum": [[1, 2], [3, 2]], "part": "output",
        "sections": 3, "films": 3, "batch": 2, "rate": 1e-3, "warmup": 1, "save_every": 2, "device": "cpu",
    }
    return parse({**table, **changes}, ForcingRecipe, "toy", RecipeError)


def parts(learner: AnimaticLearner | VelocityLearner, recipe: ForcingRecipe, part: str) -> Trainee:
    """As `trainee.new_trainee` does it, without a folder."""
    transformer = learner.model.backbone.transformer.requires_grad_(False)
    lora: dict[str, LowRank] = add_lora(transformer, recipe.rank) if part == "lora" else {}
    chosen: dict[str, nn.Module] = {"transformer": transformer} if part == "all" else {"lora": nn.ModuleList(lora.values())}
    if part == "output":
        chosen = {"norm_out": transformer.norm_out, "proj_out": transformer.proj_out}
    pack = learner.memory if isinstance(learner, VelocityLearner) and isinstance(learner.memory, SemanticPack) else None
    if pack is not None:
        chosen["memory"] = pack
    return Trainee(learner.model, learner, nn.ModuleDict(chosen).requires_grad_(True), pack, lora)
