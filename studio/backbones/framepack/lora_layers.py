"""The layers of a FramePack transformer under all the names that LoRA files use. Imports no torch.

Four naming schemes for one network: diffusers' (FramePack's own too), that of HunyuanVideo's repository, ComfyUI's and
OneTrainer's. HunyuanVideo has query, key and value (and a single block's MLP) in one layer, of which each of diffusers' layers is a
range of rows; OneTrainer numbers these ranges.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from studio.backbones.framepack.sizes import published_configs
from studio.catalogue.cards import ModelCard
from studio.catalogue.loras.layers import FileLayer, LayerRows
from studio.catalogue.loras.named_layers import NamedLayers, flat, layers_of
from studio.language import sentence

HINT = sentence("LoRAs made for HunyuanVideo or FramePack fit FramePack-F1.")
"""Tells people which LoRAs fit."""


class FramePackLayers(NamedLayers):
    """Every linear layer of the transformer with this config."""

    hint = HINT
    networks = ()

    def __init__(self, config: Mapping[str, Any]) -> None:
        """List the layers. Raises KeyError: the config lacks a key."""
        self.doubles, self.singles = int(config["num_layers"]), int(config["num_single_layers"])
        self.width = int(config["num_attention_heads"]) * int(config["attention_head_dim"])
        super().__init__(_sizes(config))
        for names, targets in _other_names(config):
            if all(target in self.sizes for target in targets):
                for name in names:
                    self.add(self._joined(name, targets))
                    for number, target in enumerate(targets) if len(targets) > 1 else ():        # OneTrainer cuts these layers
                        self.add_name(f"{name}.{number}", target)

    def missing_block(self, name: str) -> str | None:
        """How many blocks the transformer has, in words, if the layer `name` is in a block that it lacks; else None."""
        found = re.search(r"(single_)?(?:double_|transformer_)?blocks_(\d{1,9})_", flat(name))
        if found is None or "refiner" in name or int(found[2]) < (self.singles if found[1] else self.doubles):
            return None
        return sentence("{doubles} double and {singles} single blocks", doubles=self.doubles, singles=self.singles)

    def _joined(self, name: str, targets: tuple[str, ...]) -> FileLayer:
        """A layer of a file that holds the rows of several of diffusers' layers, `targets`, one after another."""
        parts, begin = [], 0
        for target in targets:
            ins, outs = self.sizes[target]
            turned = "final_layer" in name and target == "norm_out.linear"     # HunyuanVideo: shift, scale; diffusers: scale, shift
            parts.append(LayerRows(target, ins, begin, begin + outs, turned))
            begin += outs
        return FileLayer(name, tuple(parts))


def _sizes(config: Mapping[str, Any]) -> Iterator[tuple[str, tuple[int, int]]]:
    """Names of the layers in diffusers, with their inputs and outputs."""
    width = int(config["num_attention_heads"]) * int(config["attention_head_dim"])
    wide = int(width * config.get("mlp_ratio", 4.0))
    text, pooled, picture = config["text_embed_dim"], config["pooled_projection_dim"], config["image_proj_dim"]
    square = (width, width)

    def feed(where: str, inner: int) -> Iterator[tuple[str, tuple[int, int]]]:
        yield f"{where}.net.0.proj", (width, inner)
        yield f"{where}.net.2", (inner, width)

    def embedder(where: str, ins: int) -> Iterator[tuple[str, tuple[int, int]]]:
        yield f"{where}.linear_1", (ins, width)
        yield f"{where}.linear_2", square

    for block in (f"transformer_blocks.{i}" for i in range(config["num_layers"])):
        for norm in ("norm1", "norm1_context"):
            yield f"{block}.{norm}.linear", (width, 6 * width)
        for part in ("to_q", "to_k", "to_v", "add_q_proj", "add_k_proj", "add_v_proj", "to_out.0", "to_add_out"):
            yield f"{block}.attn.{part}", square
        yield from feed(f"{block}.ff", wide)
        yield from feed(f"{block}.ff_context", wide)
    for block in (f"single_transformer_blocks.{i}" for i in range(config["num_single_layers"])):
        yield f"{block}.norm.linear", (width, 3 * width)
        for part in ("to_q", "to_k", "to_v"):
            yield f"{block}.attn.{part}", square
        yield f"{block}.proj_mlp", (width, wide)
        yield f"{block}.proj_out", (width + wide, width)
    for part, ins in (("timestep_embedder", 256), ("text_embedder", text)):
        yield from embedder(f"context_embedder.time_text_embed.{part}", ins)
    yield "context_embedder.proj_in", (text, width)
    for block in (f"context_embedder.token_refiner.refiner_blocks.{i}" for i in range(config["num_refiner_layers"])):
        for part in ("to_q", "to_k", "to_v", "to_out.0"):
            yield f"{block}.attn.{part}", square
        yield from feed(f"{block}.ff", 4 * width)
        yield f"{block}.norm_out.linear", (width, 2 * width)
    embedders = [("timestep_embedder", 256), ("text_embedder", pooled)]
    for part, ins in embedders + ([("guidance_embedder", 256)] if config["guidance_embeds"] else []):
        yield from embedder(f"time_text_embed.{part}", ins)
    if config["has_image_proj"]:
        yield "image_projection.up", (picture, 3 * width)
        yield "image_projection.down", (3 * width, width)
    yield "norm_out.linear", (width, 2 * width)
    yield "proj_out", (width, config["patch_size_t"] * config["patch_size"] ** 2 * config["out_channels"])


def _other_names(config: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """For each layer: its names in HunyuanVideo and ComfyUI, and the names of diffusers' layers that it holds."""
    for i in range(config["num_layers"]):
        theirs, ours = f"double_blocks.{i}", f"transformer_blocks.{i}"
        for stream, norm, ff, q, out in (
            ("img", "norm1", "ff", "to_{}", "to_out.0"), ("txt", "norm1_context", "ff_context", "add_{}_proj", "to_add_out"),
        ):
            yield (f"{theirs}.{stream}_mod.linear", f"{theirs}.{stream}_mod.lin"), (f"{ours}.{norm}.linear",)
            yield (f"{theirs}.{stream}_attn.qkv",), tuple(f"{ours}.attn.{q.format(letter)}" for letter in "qkv")
            yield (f"{theirs}.{stream}_attn.proj",), (f"{ours}.attn.{out}",)
            yield tuple(f"{theirs}.{stream}_mlp.{name}" for name in ("fc1", "fc0", "0")), (f"{ours}.{ff}.net.0.proj",)
            yield (f"{theirs}.{stream}_mlp.fc2", f"{theirs}.{stream}_mlp.2"), (f"{ours}.{ff}.net.2",)
    for i in range(config["num_single_layers"]):
        theirs, ours = f"single_blocks.{i}", f"single_transformer_blocks.{i}"
        yield (f"{theirs}.modulation.linear", f"{theirs}.modulation.lin"), (f"{ours}.norm.linear",)
        yield (f"{theirs}.linear1",), (*(f"{ours}.attn.to_{letter}" for letter in "qkv"), f"{ours}.proj_mlp")
        yield (f"{theirs}.linear2",), (f"{ours}.proj_out",)
    for i in range(config["num_refiner_layers"]):
        theirs = f"txt_in.individual_token_refiner.blocks.{i}"
        ours = f"context_embedder.token_refiner.refiner_blocks.{i}"
        yield (f"{theirs}.self_attn.qkv",), tuple(f"{ours}.attn.to_{letter}" for letter in "qkv")
        yield (f"{theirs}.self_attn.proj",), (f"{ours}.attn.to_out.0",)
        yield (f"{theirs}.mlp.fc1", f"{theirs}.mlp.fc0", f"{theirs}.mlp.0"), (f"{ours}.ff.net.0.proj",)
        yield (f"{theirs}.mlp.fc2", f"{theirs}.mlp.2"), (f"{ours}.ff.net.2",)
        yield (f"{theirs}.adaLN_modulation.1",), (f"{ours}.norm_out.linear",)
    yield ("txt_in.input_embedder",), ("context_embedder.proj_in",)
    for theirs, ours in (
        ("txt_in.t_embedder", "context_embedder.time_text_embed.timestep_embedder"),
        ("txt_in.c_embedder", "context_embedder.time_text_embed.text_embedder"),
        ("time_in", "time_text_embed.timestep_embedder"), ("guidance_in", "time_text_embed.guidance_embedder"),
        ("vector_in", "time_text_embed.text_embedder"),
    ):
        yield (f"{theirs}.mlp.0", f"{theirs}.in_layer", f"{theirs}.linear_1"), (f"{ours}.linear_1",)
        yield (f"{theirs}.mlp.2", f"{theirs}.out_layer", f"{theirs}.linear_2"), (f"{ours}.linear_2",)
    yield ("final_layer.linear",), ("proj_out",)
    yield ("final_layer.adaLN_modulation.1",), ("norm_out.linear",)


def lora_layers(card: ModelCard) -> FramePackLayers:
    """The layers of the card's transformer; those of the published FramePack-F1 before it is fetched. Raises LoraError."""
    return layers_of(card, FramePackLayers, published_configs()["transformer"])
