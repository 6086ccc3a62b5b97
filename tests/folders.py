"""Model folders at a size a test can afford, written by the libraries' own save_pretrained: the small kind and the large kind."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from diffusers import HeliosDMDScheduler, HeliosScheduler
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaModel, SiglipImageProcessor

from studio.backbones.animatic.autoencoder import VALUES, LappedAutoencoder
from studio.backbones.animatic.heads import DRAWN_CHANNELS, OUTPUT_CHANNELS
from studio.backbones.animatic.network_channels import INPUT_CHANNELS, MEMORY_CHANNELS, VISIBLE_CHANNELS
from studio.backbones.animatic.place_memory import EXTRA_CHANNELS
from studio.backbones.animatic.weather import WeatherSynthesis
from studio.catalogue.cards import ADAPTER, RECALL, ModelCard, files_toml, read_card
from studio.lab import tiny
from studio.memory.adapter import save_adapter
from studio.memory.recall import Recall, RecallConfig
from studio.memory.semantic_pack import SemanticPack
from studio.memory.semantic_pack_config import SemanticPackConfig

CHANNELS = VISIBLE_CHANNELS
CARD = """
title = "{title}"
summary = "A model for tests, with random weights."
licence = "Apache-2.0"
fps = 12
window = {window}
section_frames = {frames}
sizes = [[64, 32], [32, 64]]
steps = 2
guidance = 4.5
shift = {shift}
kind = "{kind}"
prompt_tokens = 32
[phrases]
camera = ["pan left"]
"""


def small(folder: Path) -> ModelCard:
    """A folder of the embedded model's kind."""
    torch.manual_seed(0)
    autoencoder = LappedAutoencoder(CHANNELS)
    # Orthonormal noise, so that pictures come back as something.
    autoencoder.set_basis(torch.linalg.qr(torch.randn(VALUES, CHANNELS)).Q.T, torch.ones(CHANNELS), torch.zeros(VALUES))
    autoencoder.save_pretrained(folder / "vae")
    WeatherSynthesis(depths=(1, 1, 1), widths=(4, 4, 4), size=256).save_pretrained(folder / "weather")
    tiny.transformer(
        in_channels=INPUT_CHANNELS, out_channels=OUTPUT_CHANNELS, pooled_projection_dim=8, text_embed_dim=8, guidance_embeds=False
    ).save_pretrained(folder / "transformer")
    tiny.tokenizer("<s>", "</s>", "<pad>", 32).save_pretrained(folder / "tokenizer")
    tiny.clip().save_pretrained(folder / "text_encoder")
    tiny.siglip().save_pretrained(folder / "image_encoder")
    save_file({"deviation": torch.ones(DRAWN_CHANNELS)}, folder / "deviation.safetensors")
    return _card(folder, title="Small", window=3, frames=12, shift=3.0, kind="animatic")


def remembering(folder: Path) -> ModelCard:
    """A folder of the embedded model's kind with a long-term memory."""
    small(folder)
    (folder / "model.toml").unlink()
    torch.manual_seed(1)
    save_adapter(SemanticPack(SemanticPackConfig(
        width=16, channels=DRAWN_CHANNELS + EXTRA_CHANNELS, text=8, image=32, heads=2,
        patch=(1, 1, 1), window=(1, 1, 2), keep=(1, 1, 1),
        text_tokens=2, image_side=2, trained_index=30,
    )), folder / ADAPTER)
    save_adapter(Recall(RecallConfig(width=16, channels=DRAWN_CHANNELS, heads=2)), folder / RECALL)
    return _card(folder, title="Remembering", window=3, frames=12, shift=3.0, kind="animatic")


def contextual(folder: Path) -> ModelCard:
    """A folder of the embedded model's kind with a long-term memory that joins the network's context."""
    small(folder)
    (folder / "model.toml").unlink()
    torch.manual_seed(1)
    save_adapter(SemanticPack(SemanticPackConfig(
        width=20, channels=MEMORY_CHANNELS, text=8, image=32, heads=2,
        window=(3, 1, 2), keep=(1, 1, 1), text_tokens=2, image_side=2,
    )), folder / ADAPTER)
    return _card(folder, title="Contextual", window=3, frames=12, shift=3.0, kind="animatic")


def readable(folder: Path) -> ModelCard:
    """A folder of FramePack-F1's kind with a long-term memory that keeps the psi of every section and reads two of them."""
    card = large(folder)
    (folder / "model.toml").unlink()
    torch.manual_seed(1)
    network = read_transformer(card)
    save_adapter(SemanticPack(SemanticPackConfig(
        width=network["num_attention_heads"] * network["attention_head_dim"], channels=network["in_channels"],
        text=network["text_embed_dim"], image=network["image_proj_dim"], heads=2,
        window=(3, 1, 2), keep=(1, 1, 1), text_tokens=2, image_side=2, readable=4, most=2,
    )), folder / ADAPTER)
    return _card(folder, title="Readable", window=3, frames=12, shift=0.0, kind="framepack")


def read_transformer(card: ModelCard) -> dict[str, int]:
    """The config of a card's transformer."""
    return dict(json.loads(card.path("transformer/config.json").read_text("utf-8")))


def large(folder: Path, shard: str = "5GB", text_layers: int = 2, **network: int) -> ModelCard:
    """A folder of FramePack-F1's kind: Llama, CLIP, SigLIP, HunyuanVideo's autoencoder; `shard` is the largest file's size.

    What FramePack reads of Llama are the hidden states before its last two layers: of two layers, the embeddings alone.
    """
    tiny.autoencoder().save_pretrained(folder / "vae")
    tiny.transformer(**network).save_pretrained(folder / "transformer", max_shard_size=shard)
    tiny.tokenizer("<s>", "</s>", "<pad>", 512).save_pretrained(folder / "tokenizer")
    llama = tiny.llama()
    if text_layers != 2:
        llama = LlamaModel(LlamaConfig(**{**llama.config.to_dict(), "num_hidden_layers": text_layers})).eval()
    llama.save_pretrained(folder / "text_encoder")
    tiny.tokenizer("<|startoftext|>", "<|endoftext|>", "<|pad|>", 77).save_pretrained(folder / "tokenizer_2")
    tiny.clip().save_pretrained(folder / "text_encoder_2")
    tiny.siglip().save_pretrained(folder / "image_encoder")
    SiglipImageProcessor(size={"height": 30, "width": 30}).save_pretrained(folder / "feature_extractor")
    return _card(folder, title="Large", window=3, frames=12, shift=0.0, kind="framepack")


def helios(folder: Path, distilled: bool = False, stages: int = 2, window: int = 3, **network: object) -> ModelCard:
    """A folder of Helios' kind: UMT5, Wan's autoencoder, and a pyramid of two stages, so that small films can be halved."""
    tiny.wan_autoencoder().save_pretrained(folder / "vae")
    tiny.helios(**network).save_pretrained(folder / "transformer")
    tiny.tokenizer("<s>", "</s>", "<pad>", 32).save_pretrained(folder / "tokenizer")
    tiny.umt5().save_pretrained(folder / "text_encoder")
    kind = HeliosDMDScheduler if distilled else HeliosScheduler
    ends = [stage / stages for stage in range(stages + 1)]
    kind(stages=stages, stage_range=ends, use_dynamic_shifting=True).save_pretrained(folder / "scheduler")
    (folder / "pipeline").mkdir()
    index = {"is_distilled": distilled, "is_cfg_zero_star": not distilled and stages > 1}
    (folder / "pipeline" / "model_index.json").write_text(json.dumps(index))
    return _card(folder, title="Helios", window=window, frames=4 * window - 3, shift=0.0, kind="helios")


def _card(folder: Path, **values: object) -> ModelCard:
    files = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.*") if p.is_file())
    (folder / "model.toml").write_text(CARD.format(**values) + files_toml(folder, files))
    return read_card(folder)
