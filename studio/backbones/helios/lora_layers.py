"""The layers of a Helios transformer under the names that LoRA files use. Imports no torch.

Helios' blocks are Wan 2.1's, so LoRAs of Wan's names fit: those of Wan's repository (lightx2v, diffusion-pipe, ComfyUI), of
diffusers and of kohya's musubi-tuner.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from studio.backbones.helios.configs import published_configs
from studio.catalogue.cards import ModelCard
from studio.catalogue.loras.named_layers import NamedLayers, flat, layers_of
from studio.language import sentence

HINT = sentence("LoRAs made for Helios or for Wan 2.1 (14B) fit Helios.")
"""Tells people which LoRAs fit."""
ATTENTION = {"q": "to_q", "k": "to_k", "v": "to_v", "o": "to_out.0"}
"""Wan's names of the layers of an attention, and diffusers'."""


class HeliosLayers(NamedLayers):
    """Every linear layer of the transformer with this config."""

    hint = HINT
    networks = ("Wan",)

    def __init__(self, config: Mapping[str, Any]) -> None:
        """List the layers. Raises KeyError: the config lacks a key."""
        self.blocks = int(config["num_layers"])
        super().__init__(_sizes(config))
        for theirs, ours in _wan_names(self.blocks):
            self.add_name(theirs, ours)

    def missing_block(self, name: str) -> str | None:
        """How many blocks the transformer has, in words, if the layer `name` is in a block that it lacks; else None."""
        found = re.search(r"(?:^|_)blocks_(\d{1,9})_", flat(name))
        return sentence("{blocks} blocks", blocks=self.blocks) if found and int(found[1]) >= self.blocks else None


def _sizes(config: Mapping[str, Any]) -> Iterator[tuple[str, tuple[int, int]]]:
    """Names of the layers in diffusers, with their inputs and outputs."""
    width, wide = int(config["num_attention_heads"]) * int(config["attention_head_dim"]), int(config["ffn_dim"])
    embedder = "condition_embedder"
    yield f"{embedder}.time_embedder.linear_1", (int(config["freq_dim"]), width)
    yield f"{embedder}.time_embedder.linear_2", (width, width)
    yield f"{embedder}.time_proj", (width, 6 * width)
    yield f"{embedder}.text_embedder.linear_1", (int(config["text_dim"]), width)
    yield f"{embedder}.text_embedder.linear_2", (width, width)
    for block in (f"blocks.{i}" for i in range(config["num_layers"])):
        for attention in ("attn1", "attn2"):
            for layer in ATTENTION.values():
                yield f"{block}.{attention}.{layer}", (width, width)
        yield f"{block}.ffn.net.0.proj", (width, wide)
        yield f"{block}.ffn.net.2", (wide, width)
    yield "proj_out", (width, int(config["out_channels"]) * math.prod(config["patch_size"]))


def _wan_names(blocks: int) -> Iterator[tuple[str, str]]:
    """For each layer: its name in Wan's repository, and in diffusers."""
    for i in range(blocks):
        for theirs, ours in (("self_attn", "attn1"), ("cross_attn", "attn2")):
            for letter, layer in ATTENTION.items():
                yield f"blocks.{i}.{theirs}.{letter}", f"blocks.{i}.{ours}.{layer}"
        yield f"blocks.{i}.ffn.0", f"blocks.{i}.ffn.net.0.proj"
        yield f"blocks.{i}.ffn.2", f"blocks.{i}.ffn.net.2"
    for theirs, ours in (("text_embedding", "text_embedder"), ("time_embedding", "time_embedder")):
        yield f"{theirs}.0", f"condition_embedder.{ours}.linear_1"
        yield f"{theirs}.2", f"condition_embedder.{ours}.linear_2"
    yield "time_projection.1", "condition_embedder.time_proj"
    yield "head.head", "proj_out"


def lora_layers(card: ModelCard) -> HeliosLayers:
    """The layers of the card's transformer; those of the published Helios before it is fetched. Raises LoraError."""
    return layers_of(card, HeliosLayers, published_configs()["transformer"])
