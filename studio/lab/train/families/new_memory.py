"""A new long-term memory for a model, as a recipe describes it: SemanticPack, or a history encoder."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from studio.backbones.film_model import FilmModel
from studio.backbones.framepack.backbone import require_framepack
from studio.backbones.framepack.parts import framepack_parts
from studio.lab.train.recipe import RecipeError
from studio.memory.context_sizes import RECENT
from studio.memory.frame_preservation import FramePreservation
from studio.memory.frame_preservation_config import FramePreservationConfig
from studio.memory.rope import rope_rule
from studio.memory.semantic_pack import SemanticPack
from studio.memory.semantic_pack_config import SemanticPackConfig

HISTORY_ENCODER = "frame-preservation"
"""`kind` in a recipe's [memory] that asks for a history encoder; without a kind it is a SemanticPack."""


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


def add_history_encoder(model: FilmModel, table: dict[str, Any], sections: int) -> tuple[FilmModel, FramePreservation]:
    """The model with a new history encoder, which is also returned alone. Its backbone reads psi as the encoder's config says.

    RoPE indices are true up to the section after a film of the training, unless the table says up to where.

    Args:
        model: of the FramePack family.
        table: fields of `FramePreservationConfig`, from a recipe, and `kind`.
        sections: of the longest film in training.

    Raises:
        RecipeError: the table has an unknown key or a value that does not fit.
    """
    backbone = framepack_parts(model).backbone
    network = backbone.transformer.config
    given = {name: tuple(value) if isinstance(value, list) else value for name, value in table.items() if name != "kind"}
    try:
        encoder = FramePreservation(FramePreservationConfig(**{
            "width": network.num_attention_heads * network.attention_head_dim, "channels": backbone.channels,
            "patch": backbone.patch_size, "blocks": backbone.blocks if given.get("cross") else 0,
            "trained_index": RECENT + model.card.window * (sections + 1), **given,
        }), backbone.patchify).to(model.device)
    except (TypeError, ValueError) as error:
        raise RecipeError(f"[memory] of the recipe: {error}") from None
    backbone.read_history(encoder, model.card.window)
    return replace(model, memory=encoder, rope=rope_rule(encoder.config.trained_index)), encoder
