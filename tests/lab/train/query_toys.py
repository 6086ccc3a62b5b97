"""Toys of a frame query: FramePack's transformer with a new history encoder, and a recipe that trains both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

from studio.backbones.film_model import FilmModel
from studio.backbones.framepack.backbone import require_framepack
from studio.lab.train.families.new_memory import add_history_encoder
from studio.lab.train.forcing_recipe import ForcingRecipe
from studio.lab.train.lora import LowRank, add_lora
from studio.lab.train.recipe import RecipeError
from studio.lab.train.trainee import Trainee
from studio.lab.train.velocity_learner import VelocityLearner
from studio.memory.frame_preservation import FramePreservation
from studio.tables import parse
from tests.lab.train import toys

MEMORY: dict[str, Any] = {"kind": "frame-preservation", "rate": [1, 1, 1], "stages": [6, 8, 16], "heads": 2}


def learner(**changes: Any) -> VelocityLearner:
    """FramePack's transformer at toy size with a new history encoder; `changes` replace entries of MEMORY."""
    model: FilmModel = toys.velocity(memory=False).model
    torch.manual_seed(2)
    model, encoder = add_history_encoder(model, {**MEMORY, **changes}, sections=3)
    return VelocityLearner(model, encoder, model.rope)


def toy(run: Path, **changes: Any) -> ForcingRecipe:
    table = {
        "run": str(run), "model": "", "arms": ["teacher"], "seeds": [1], "before": [[2, 2], [3, 1]], "before_task": "query",
        "before_part": "lora", "before_rate": 1e-2, "curriculum": [[2, 2]], "part": "lora", "rank": 2, "sections": 3, "films": 2,
        "batch": 2, "rate": 1e-2, "warmup": 1, "average": 0.0, "device": "cpu", "memory": MEMORY,
    }
    return parse({**table, **changes}, ForcingRecipe, "toy", RecipeError)


def toy_trainee(recipe: ForcingRecipe, seed: int, part: str) -> Trainee:
    """As `trainee.new_trainee` makes it, without a folder."""
    torch.manual_seed(seed)
    made = learner()
    transformer = require_framepack(made.model.backbone).transformer.requires_grad_(False)
    lora: dict[str, LowRank] = add_lora(transformer, recipe.rank)
    assert part == "lora" and isinstance(made.memory, FramePreservation)
    trained = nn.ModuleDict({"lora": nn.ModuleList(lora.values()), "memory": made.memory}).requires_grad_(True)
    return Trainee(made.model, made, trained, made.memory, lora)
