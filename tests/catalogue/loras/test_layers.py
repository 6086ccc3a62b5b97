"""The names of layers, told from a config alone, are those of the network; other families' names lead to the same rows."""

from __future__ import annotations

import pytest
import torch
from diffusers.loaders.lora_conversion_utils import _convert_hunyuan_video_lora_to_diffusers
from diffusers.loaders.single_file_utils import convert_hunyuan_video_transformer_to_diffusers
from torch import Tensor, nn

from studio.backbones.framepack.lora_layers import FramePackLayers
from studio.backbones.framepack.sizes import published_configs
from studio.lab import tiny
from tests.catalogue.loras.files import config, randn

F1 = published_configs()["transformer"]


@pytest.mark.parametrize("changes", [
    {}, {"num_layers": 2, "num_single_layers": 3, "num_refiner_layers": 2}, {"guidance_embeds": False, "mlp_ratio": 3.0},
])
def test_every_linear_layer_is_known_with_its_size(changes: dict[str, float]) -> None:
    network = tiny.transformer(**changes)
    linear = {n: (m.in_features, m.out_features) for n, m in network.named_modules() if isinstance(m, nn.Linear)}
    assert FramePackLayers(config(network)).sizes == linear


def stems() -> dict[str, tuple[int, int]]:
    """FramePackLayers of HunyuanVideo by the names of its repository: inputs and outputs."""
    width, wide = 3072, 12288
    found = {
        "txt_in.input_embedder": (4096, width), "txt_in.t_embedder.mlp.0": (256, width), "txt_in.t_embedder.mlp.2": (width, width),
        "txt_in.c_embedder.linear_1": (4096, width), "txt_in.c_embedder.linear_2": (width, width), "time_in.mlp.0": (256, width),
        "time_in.mlp.2": (width, width), "guidance_in.mlp.0": (256, width), "guidance_in.mlp.2": (width, width),
        "vector_in.in_layer": (768, width), "vector_in.out_layer": (width, width), "final_layer.linear": (width, 64),
        "final_layer.adaLN_modulation.1": (width, 2 * width),
    }
    for stream in ("img", "txt"):
        found |= {
            f"double_blocks.19.{stream}_mod.linear": (width, 6 * width), f"double_blocks.19.{stream}_attn_qkv": (width, 3 * width),
            f"double_blocks.19.{stream}_attn_proj": (width, width), f"double_blocks.19.{stream}_mlp.fc1": (width, wide),
            f"double_blocks.19.{stream}_mlp.fc2": (wide, width),
        }
    refiner = "txt_in.individual_token_refiner.blocks.1"
    return found | {
        "single_blocks.39.modulation.linear": (width, 3 * width), "single_blocks.39.linear1": (width, 3 * width + wide),
        "single_blocks.39.linear2": (width + wide, width), f"{refiner}.self_attn_qkv": (width, 3 * width),
        f"{refiner}.self_attn_proj": (width, width), f"{refiner}.mlp.fc1": (width, wide), f"{refiner}.mlp.fc2": (wide, width),
        f"{refiner}.adaLN_modulation.1": (width, 2 * width),
    }


def split(layers: FramePackLayers, name: str, rows: Tensor) -> dict[str, Tensor]:
    named = layers.find(name)
    assert named and named.outputs == len(rows), name
    parts = {part.layer: rows[part.begin : part.end] for part in named.parts}
    return {layer: torch.cat(value.chunk(2)[::-1]) if named.parts[0].swap_halves else value for layer, value in parts.items()}


def test_rows_go_where_diffusers_puts_those_of_a_whole_checkpoint() -> None:
    """The slow twin: diffusers' conversion of HunyuanVideo's checkpoint, which moves rows whatever is in them."""
    layers, inputs = FramePackLayers(F1), 3
    for seed, (name, (ins, outs)) in enumerate(stems().items()):
        rows = randn(outs, inputs, seed=seed)
        theirs = convert_hunyuan_video_transformer_to_diffusers({f"{name}.weight": rows})
        ours = split(layers, name, rows)
        assert {f"{layer}.weight" for layer in ours} == set(theirs), name
        for layer, value in ours.items():
            assert torch.equal(value, theirs[f"{layer}.weight"]), layer
            assert layers.sizes[layer] == (ins, len(value)), layer


def test_pairs_go_where_diffusers_puts_those_of_a_lora() -> None:
    """Where it is right. It cuts the text refiner's A as if it were B, and turns the last layer's A, which has no halves."""
    layers = FramePackLayers(F1)
    for seed, (name, (ins, outs)) in enumerate(stems().items()):
        if "self_attn_qkv" in name or name == "final_layer.adaLN_modulation.1":
            continue
        down, up = randn(2, min(ins, 5), seed=seed), randn(outs, 2, seed=seed + 1)
        theirs = _convert_hunyuan_video_lora_to_diffusers({f"{name}.lora_A.weight": down, f"{name}.lora_B.weight": up})
        ours = split(layers, name, up)
        assert {f"transformer.{layer}.lora_{letter}.weight" for layer in ours for letter in "AB"} == set(theirs), name
        for layer, value in ours.items():
            product = theirs[f"transformer.{layer}.lora_B.weight"] @ theirs[f"transformer.{layer}.lora_A.weight"]
            assert torch.equal(value @ down, product), layer


@pytest.mark.parametrize("name", [
    "double_blocks.3.img_attn_qkv", "double_blocks.3.img_attn.qkv", "diffusion_model.double_blocks.3.img_attn.qkv",
    "lora_unet_double_blocks_3_img_attn_qkv", "transformer.double_blocks.3.img_attn_qkv",
])
def test_prefixes_dots_and_underscores_are_one(name: str) -> None:
    found = FramePackLayers(F1).find(name)
    assert found and [part.layer.rpartition(".")[2] for part in found.parts] == ["to_q", "to_k", "to_v"]
    assert (found.inputs, found.outputs) == (3072, 9216)


@pytest.mark.parametrize("name", [
    "transformer_blocks.3.attn.to_q", "transformer.transformer_blocks.3.attn.to_q", "lora_unet_transformer_blocks_3_attn_to_q",
    "base_model.model.transformer_blocks.3.attn.to_q", "diffusion_model.transformer_blocks.3.attn.to_q",
    "base_model.model.transformer.transformer_blocks.3.attn.to_q",
])
def test_a_prefix_is_not_taken_from_the_name_itself(name: str) -> None:
    found = FramePackLayers(F1).find(name)
    assert found and [part.layer for part in found.parts] == ["transformer_blocks.3.attn.to_q"]


def test_what_is_not_a_layer_is_not_found() -> None:
    layers = FramePackLayers(F1)
    for name in ("transformer_blocks.20.attn.to_q", "transformer_blocks.3.attn", "", "transformer", "x_embedder.proj"):
        assert layers.find(name) is None, name
    for name in ("lora_unet_double_blocks_20_img_mlp_fc1", "single_transformer_blocks.40.proj_mlp"):
        assert layers.missing_block(name), name
    for name in ("double_blocks.19.new", "txt_in.individual_token_refiner.blocks.40.mlp"):
        assert not layers.missing_block(name), name
