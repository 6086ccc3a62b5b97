"""A new SemanticPack for a model, as a recipe describes it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from studio.backbones.film_model import FilmModel
from studio.backbones.framepack.backbone import require_framepack
from studio.lab.train.recipe import RecipeError
from studio.memory.rope import rope_rule
from studio.memory.semantic_pack import SemanticPack, SemanticPackConfig


def add_memory(model: FilmModel, table: dict[str, Any], channels: int = 0) -> tuple[FilmModel, SemanticPack]:
    """The model with a new SemanticPack, which is also returned alone.

    Args:
        model: with a FramePack transformer.
        table: fields of `SemanticPackConfig`, from a recipe.
        channels: of the latents that are memorized; 0: the model's.

    Raises:
        RecipeError: the table has an unknown key or a value that does not fit.
    """
    network = require_framepack(model.backbone).transformer.config
    try:
        pack = SemanticPack(SemanticPackConfig(
            width=network.num_attention_heads * network.attention_head_dim, channels=channels or model.channels,
            text=network.text_embed_dim, image=network.image_proj_dim, **table,
        )).to(model.device)
    except (TypeError, ValueError) as error:
        raise RecipeError(f"[memory] of the recipe: {error}") from None
    return replace(model, memory=pack, rope=rope_rule(pack.config.trained_index)), pack
