"""LoRAs for Helios: the layers under all the names of Wan's trainers, as diffusers' own conversion has them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from diffusers.loaders.lora_conversion_utils import (
    _convert_musubi_wan_lora_to_diffusers,
    _convert_non_diffusers_wan_lora_to_diffusers,
)
from torch import Tensor, nn

from studio.backbones.framepack.lora_layers import FramePackLayers
from studio.backbones.helios.configs import published_configs
from studio.backbones.helios.lora_layers import HeliosLayers
from studio.catalogue.loras import LoraError
from studio.catalogue.loras.contents import inspect
from studio.diffusion.lora_files import read_lora
from studio.lab import tiny
from tests.catalogue.loras.files import config, kohya, pairs, peft, written

LAYERS = HeliosLayers(config(tiny.helios()))
WAN = {
    "attn1": "self_attn", "attn2": "cross_attn", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "o", "net.0.proj": "0",
    "net.2": "2",
}


def test_every_linear_layer_is_known_with_its_size() -> None:
    network = tiny.helios()
    linear = {n: (m.in_features, m.out_features) for n, m in network.named_modules() if isinstance(m, nn.Linear)}
    assert LAYERS.sizes == linear


def in_blocks(name: str) -> bool:
    return name.startswith("blocks.")


MADE = pairs(LAYERS, in_blocks)


def native(name: str) -> str:
    """The name in Wan's repository."""
    for ours, theirs in WAN.items():
        name = name.replace(ours, theirs)
    return name


def lightx2v(made: dict[str, tuple[Tensor, Tensor]]) -> dict[str, Tensor]:
    """As lightx2v writes them: with differences of biases and norms beside the pairs."""
    tensors = {}
    for name, (down, up) in made.items():
        stem = f"diffusion_model.{native(name)}"
        tensors |= {f"{stem}.lora_down.weight": down, f"{stem}.lora_up.weight": up, f"{stem}.diff_b": torch.zeros(len(up))}
    return {**tensors, "diffusion_model.blocks.0.self_attn.norm_k.diff": torch.zeros(24)}


FILES = {
    "diffusers": peft(MADE), "PEFT": peft(MADE, "base_model.model."),
    "kohya": kohya({native(n): both for n, both in MADE.items()}, 2.0),
    "kohya, diffusers' names": kohya(MADE), "ComfyUI": peft({native(n): both for n, both in MADE.items()}, "diffusion_model."),
    "lightx2v": lightx2v(MADE),
}


@pytest.mark.parametrize("trainer", FILES)
def test_every_trainers_file_is_the_same_change(tmp_path: Path, trainer: str) -> None:
    found = read_lora(written(tmp_path / "style.safetensors", FILES[trainer]), LAYERS, "Helios")
    assert found.keys() == MADE.keys()
    for name, (down, up) in MADE.items():
        factors = found[name]
        assert torch.equal(factors.down, down) and torch.equal(factors.up, up) and factors.scale == 1


def test_the_names_are_those_of_diffusers_conversions() -> None:
    files = {"lightx2v": FILES["ComfyUI"], "kohya": FILES["kohya"]}
    for convert, tensors in zip(
        (_convert_non_diffusers_wan_lora_to_diffusers, _convert_musubi_wan_lora_to_diffusers), files.values(), strict=True,
    ):
        theirs = {name.removeprefix("transformer."): value for name, value in convert(dict(tensors)).items()}
        assert {name.rpartition(".lora_")[0] for name in theirs} == MADE.keys()
        for name, (down, up) in MADE.items():
            product = theirs[f"{name}.lora_B.weight"] @ theirs[f"{name}.lora_A.weight"]
            assert torch.allclose(product, up @ down, atol=1e-6)


def test_what_lies_outside_the_blocks_is_known_too() -> None:
    for theirs, ours in (
        ("lora_unet_text_embedding_0", "condition_embedder.text_embedder.linear_1"),
        ("time_projection.1", "condition_embedder.time_proj"),
        ("diffusion_model.time_embedding.2", "condition_embedder.time_embedder.linear_2"), ("head.head", "proj_out"),
    ):
        layer = LAYERS.find(theirs)
        assert layer is not None and layer.parts[0].layer == ours
    assert LAYERS.find("img_emb.proj.1") is None and LAYERS.find("blocks.0.cross_attn.k_img") is None


def test_loras_of_others_are_refused_in_words(tmp_path: Path) -> None:
    deep = {name.replace("blocks.1.", "blocks.39."): both for name, both in MADE.items()}
    with pytest.raises(LoraError, match=r"does not fit Helios.*and Helios has 2 blocks. LoRAs made for Helios or for Wan 2.1"):
        inspect(written(tmp_path / "deep.safetensors", peft(deep)), LAYERS, "Helios")
    hunyuan = written(tmp_path / "hunyuan.safetensors", peft(pairs(FramePackLayers(config(tiny.transformer())))))
    with pytest.raises(LoraError, match="LoRAs made for Helios or for Wan"):
        inspect(hunyuan, LAYERS, "Helios")
    with pytest.raises(LoraError, match="is a LoRA of Wan, and does not fit FramePack"):
        wan = written(tmp_path / "wan.safetensors", FILES["ComfyUI"])
        inspect(wan, FramePackLayers(config(tiny.transformer())), "FramePack")


def test_differences_are_told_of(tmp_path: Path) -> None:
    found = inspect(written(tmp_path / "light.safetensors", FILES["lightx2v"]), LAYERS, "Helios")
    assert "of its tensors are not used" in found.summary and len(found.pairs) == len(MADE)


def test_the_published_layers_are_wans_14b() -> None:
    layers = HeliosLayers(published_configs()["transformer"])
    assert layers.sizes["blocks.39.ffn.net.0.proj"] == (5120, 13824) and layers.missing_block("blocks.40.ffn.0") == "40 blocks"
