"""Bytes and operations of FramePack-F1, counted from its configs before any weight is read. Imports no torch."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

from studio.backbones.large_memory_words import psi_counter
from studio.backbones.network_config import Configs, read_config
from studio.catalogue.cards import ADAPTER, ModelCard
from studio.placement import counts
from studio.placement.sizes import ModelSizes, Size

UNUSED_LAYERS = 2
"""Llama's last layers, which FramePack does not use: its prompt features are the hidden states before them. They are not loaded."""


@cache
def published_configs() -> Configs:
    """The configs of FramePack-F1's published networks, to plan with before anything is fetched."""
    configs: Configs = json.loads(Path(__file__).with_name("configs.json").read_text("utf-8"))
    return configs


def published_sizes() -> ModelSizes:
    """Bytes and operations of the published FramePack-F1, to plan with before it is fetched."""
    return _counted("framepack-f1", "FramePack-F1", ((640, 640), (832, 480), (480, 832)), 25, 9, 36, 256, 0, published_configs())


def sizes_of(card: ModelCard) -> ModelSizes:
    """Bytes and operations of a model, from the configs in its folder; the published configs stand in for those not fetched yet.

    Raises:
        ModelError: a config cannot be read. KeyError: it lacks a key.
    """
    configs = {part: read_config(card, f"{part}/config.json") or config for part, config in published_configs().items()}
    memory = sum(file.size for file in card.files if file.path == ADAPTER)
    counted = _counted(
        card.name, card.title, card.sizes, card.steps, card.window, card.section_frames, card.prompt_tokens, memory, configs
    )
    return replace(counted, psi=psi_counter(card))


def _counted(
    name: str, title: str, sizes: tuple[Size, ...], steps: int, window: int, frames: int, prompt: int, memory: int, configs: Configs
) -> ModelSizes:
    """The sizes of networks with these configs."""
    picture, text = configs["image_encoder"], configs["text_encoder"]
    return ModelSizes(
        name, title, True, sizes, steps, window, frames, compression=8,
        context=prompt + (picture["image_size"] // picture["patch_size"]) ** 2,
        transformer=counts.transformer(configs["transformer"]),
        text_encoder=counts.llama({**text, "num_hidden_layers": max(0, text["num_hidden_layers"] - UNUSED_LAYERS)}),
        small_encoders=counts.clip_text(configs["text_encoder_2"]) + counts.siglip(picture),
        unread=counts.llama({**text, "num_hidden_layers": UNUSED_LAYERS, "vocab_size": 0}),
        vae=counts.vae(configs["vae"]), vae_width=configs["vae"]["block_out_channels"][0], memory_bytes=memory,
    )
