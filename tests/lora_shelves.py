"""A model card without weights that takes LoRAs, and LoRA files for it: for the tests of the session and of the page."""

from __future__ import annotations

import json
from pathlib import Path

from studio.catalogue.cards import ModelCard
from tests.catalogue.loras.files import kohya, randn, written
from tests.fake_engine import card

CONFIG = {
    "num_layers": 1, "num_single_layers": 1, "num_attention_heads": 2, "attention_head_dim": 10, "num_refiner_layers": 1,
    "text_embed_dim": 16, "pooled_projection_dim": 8, "image_proj_dim": 32, "guidance_embeds": True, "has_image_proj": True,
    "patch_size": 2, "patch_size_t": 1, "out_channels": 4,
}


def model(folder: Path, name: str = "tiny", width: int = 10, **changes: object) -> ModelCard:
    """A card of a model whose transformer has a config, and no weights."""
    (folder / name / "transformer").mkdir(parents=True, exist_ok=True)
    (folder / name / "transformer/config.json").write_text(json.dumps(CONFIG | {"attention_head_dim": width}))
    return card(name, folder=folder / name, title=name.capitalize(), **changes)


def lora(folder: Path, name: str = "ink.safetensors", seed: int = 0, width: int = 20) -> Path:
    """A LoRA file for one layer of a model whose hidden size is `width`; other seeds give other contents."""
    pair = randn(2, width, seed=seed), randn(width, 2, seed=seed + 1)
    return written(folder / name, kohya({"transformer_blocks.0.attn.to_q": pair}))
